"""Receivers for tests of sinks."""

from collections.abc import Iterator

import pytest

from tests.integration.sinks.receivers import Certificate, HttpReceiver, make_certificate, serve_http


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with serve_http() as opened:
        yield opened
