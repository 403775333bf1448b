"""Jump hosts: verified themselves, shared, and reported by name."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from fleetscan.errors import VisitError
from fleetscan.model.host import Host
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.options import SshOptions
from tests.ssh_servers import ServerLog, free_port, known_key, make_host, make_key, make_transport, serve, write_key


@pytest.fixture
def identity(tmp_path: Path) -> str:
    return write_key(tmp_path, make_key("client"))


def behind(port: int, jump: Host, identity: str, name: str = "web-1") -> Host:
    return replace(make_host(port, identity=identity, name=name), jump=jump)


def bastion(log: ServerLog, identity: str, name: str = "bastion") -> Host:
    return make_host(log.port, identity=identity, name=name)


async def test_a_host_is_reached_through_two_jump_hosts(identity: str) -> None:
    async with (
        serve(host_keys=[make_key("outer")]) as outer,
        serve(host_keys=[make_key("inner")]) as inner,
        serve() as server,
    ):
        transport = make_transport(
            known_key(make_key("outer"), outer.port),
            known_key(make_key("inner"), inner.port),
            known_key(make_key("host"), server.port),
        )
        first = bastion(outer, identity, "outer")
        second = behind(inner.port, first, identity, "inner")
        async with (
            transport.connect(behind(server.port, second, identity)) as session,
            session.run("printf there") as channel,
        ):
            assert await channel.read(100) == b"there"
        assert outer.forwards == [("127.0.0.1", inner.port)]
        assert inner.forwards == [("127.0.0.1", server.port)]
        await outer.connections[0].wait_closed()
        await inner.connections[0].wait_closed()


async def test_hosts_share_one_connection_to_their_jump_host(identity: str) -> None:
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        transport = make_transport(known_key(make_key("outer"), outer.port), known_key(make_key("host"), server.port))
        jump = bastion(outer, identity)
        async with AsyncExitStack() as sessions:
            await asyncio.gather(
                *(
                    sessions.enter_async_context(transport.connect(behind(server.port, jump, identity, f"web-{n}")))
                    for n in range(5)
                )
            )
            assert len(outer.connections) == 1
            assert len(outer.forwards) == 5


async def test_a_held_transport_keeps_the_jump_connection_between_hosts(identity: str) -> None:
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        transport = make_transport(known_key(make_key("outer"), outer.port), known_key(make_key("host"), server.port))
        host = behind(server.port, bastion(outer, identity), identity)
        async with transport:
            for _ in range(3):
                async with transport.connect(host):
                    pass
            assert len(outer.connections) == 1
        await outer.connections[0].wait_closed()


async def test_a_lost_jump_connection_is_opened_again(identity: str) -> None:
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        transport = make_transport(known_key(make_key("outer"), outer.port), known_key(make_key("host"), server.port))
        host = behind(server.port, bastion(outer, identity), identity)
        async with transport:
            async with transport.connect(host) as session, session.run("cat") as channel:
                outer.connections[0].abort()
                assert await channel.wait_closed() is None
            async with transport.connect(host) as session:
                assert session.host_key
            assert len(outer.connections) == 2


async def test_a_jump_host_with_a_changed_key_stops_the_visit(identity: str) -> None:
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        transport = make_transport(known_key(make_key("other"), outer.port), known_key(make_key("host"), server.port))
        with pytest.raises(VisitError, match=r"^jump host bastion: ") as caught:
            async with transport.connect(behind(server.port, bastion(outer, identity), identity)):
                pass
        assert caught.value.kind is FailureKind.HOST_KEY_CHANGED
        assert outer.logins == []
        assert server.connections == []


async def test_the_key_of_a_host_behind_a_jump_host_is_verified(identity: str) -> None:
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        transport = make_transport(known_key(make_key("outer"), outer.port))
        with pytest.raises(VisitError) as caught:
            async with transport.connect(behind(server.port, bastion(outer, identity), identity)):
                pass
        assert caught.value.kind is FailureKind.HOST_KEY_UNKNOWN
        assert server.logins == []


async def test_a_host_that_the_jump_host_cannot_reach_is_unreachable(identity: str) -> None:
    async with serve(host_keys=[make_key("outer")]) as outer:
        transport = make_transport(known_key(make_key("outer"), outer.port))
        port = free_port()
        with pytest.raises(VisitError, match=f"could not connect to 127.0.0.1 port {port}") as caught:
            async with transport.connect(behind(port, bastion(outer, identity), identity)):
                pass
        assert caught.value.kind is FailureKind.UNREACHABLE


async def test_a_dead_jump_host_is_asked_once_for_all_hosts_behind_it(identity: str) -> None:
    jump = make_host(free_port(), identity=identity, name="bastion")
    attempts = 0
    transport = make_transport()
    dial = transport.dialer._dial

    async def count(host: Host, tunnel: None) -> object:
        nonlocal attempts
        attempts += 1
        return await dial(host, tunnel)

    transport.dialer._dial = count  # type: ignore[method-assign, assignment] # counts real dials

    async def visit(number: int) -> VisitError:
        with pytest.raises(VisitError) as caught:
            async with transport.connect(behind(22, jump, identity, f"web-{number}")):
                pass
        return caught.value

    async with transport:
        errors = await asyncio.gather(*(visit(n) for n in range(20)))
        errors.append(await visit(20))
    assert {error.message for error in errors} == {
        f"jump host bastion: connection refused by 127.0.0.1 port {jump.connection.port}"
    }
    assert attempts == 1


async def test_one_handshake_place_is_enough_for_a_chain(identity: str) -> None:
    options = SshOptions(max_handshakes=1, max_handshakes_per_jump=1)
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        keys = known_key(make_key("outer"), outer.port), known_key(make_key("host"), server.port)
        transport = make_transport(*keys, options=options)
        jump = bastion(outer, identity)

        async def visit(number: int) -> None:
            async with transport.connect(behind(server.port, jump, identity, f"web-{number}")):
                pass

        async with asyncio.timeout(30), transport, asyncio.TaskGroup() as visits:
            for number in range(6):
                visits.create_task(visit(number))


async def test_a_host_that_gives_up_does_not_close_the_jump_host_of_others(identity: str) -> None:
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        transport = make_transport(known_key(make_key("outer"), outer.port), known_key(make_key("host"), server.port))
        jump = bastion(outer, identity)

        async def visit(name: str) -> str:
            async with transport.connect(behind(server.port, jump, identity, name)) as session:
                return session.host_key

        leaving, staying = asyncio.create_task(visit("leaving")), asyncio.create_task(visit("staying"))
        await asyncio.sleep(0)  # both wait for the same opening
        leaving.cancel()
        assert await staying
        with pytest.raises(asyncio.CancelledError):
            await leaving
