from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from fleetscan.analyse.explain import Explainer
from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.analyse.installed import Installed
from fleetscan.analyse.siblings import Siblings
from fleetscan.model.baseline import Prevalence
from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.drift import DriftItem, DriftKind, ExplanationKind
from fleetscan.model.ids import HostName
from fleetscan.model.program import Verification
from fleetscan.model.subject import Piece, PieceRole, Subject
from tests.explain_data import expectation_of, generator, norm_of
from tests.model_data import ETC, WEB, gap, job, lingering, partial, read_stored, store_text
from tests.piece_data import file_piece, packaged

UNOWNED = Verification.UNOWNED
RUN = "/run/systemd/generator"


def instance(
    name: str, *, exec_start: str = "/opt/dump %i", user: str = "dump", extra: Sequence[Piece] = ()
) -> Subject:
    """Build an instance of a template that an administrator wrote."""
    subject = job(f"dump@{name}", exec_start=exec_start, service={"User": user})
    marks = dict.fromkeys((*(source.path for source in subject.sources), "/opt/dump"), UNOWNED)
    whole = packaged(subject, marks=marks, extra=extra)

    def shared(path: str) -> str:
        return path.replace(f"@{name}.", "@.") if ".wants/" not in path else path

    return seal_subject(
        replace(
            whole,
            run_as=user.replace("%i", name),
            sources=tuple(replace(s, path=shared(s.path)) for s in whole.sources),
            pieces=tuple(replace(p, path=shared(p.path)) for p in whole.pieces),
            directives=tuple(
                (unit, replace(d, origin=replace(d.origin, path=shared(d.origin.path)))) for unit, d in whole.directives
            ),
            commands=tuple(replace(c, origin=replace(c.origin, path=shared(c.origin.path))) for c in whole.commands),
            triggers=tuple(replace(t, origin=replace(t.origin, path=shared(t.origin.path))) for t in whole.triggers),
        )
    )


def explain(
    subject: Subject,
    normal: Sequence[Subject] = (),
    *,
    present: Sequence[Subject] = (),
    coverage: Coverage | None = None,
    kind: DriftKind = DriftKind.ADDED,
) -> Mapping[ExplanationKind, str]:
    item = DriftItem(
        host=HostName("db-1"),
        cohort=WEB,
        kind=kind,
        subject=subject,
        expected=None,
        prevalence=Prevalence(0, 9),
        reference="peers",
    )
    keys, norm = expectation_of(normal)
    explainer = Explainer(
        subjects={s.key: s for s in present},
        coverage=coverage or Coverage(),
        installed=Installed(),
        keys=keys,
        norm=norm,
        contents=read_stored,
    )
    return {proof.kind: proof.detail for proof in explainer.explain_item(item)}


def test_an_instance_that_does_what_its_sibling_does_is_explained() -> None:
    assert explain(instance("orders"), [instance("users")]) == {
        ExplanationKind.TEMPLATE: "does the same as dump@users.timer"
    }


def test_the_template_itself_is_a_sibling_when_the_link_is_the_one_it_asks_for() -> None:
    subject = instance("orders")
    template = replace(instance("x"), links=(), key=replace(subject.key, name="dump@.timer"))
    template = replace(template, pieces=tuple(piece for piece in template.pieces if piece.role is not PieceRole.LINK))
    assert explain(subject, [template]) == {}, "nobody asked for the link"
    unlinked = tuple(piece for piece in subject.pieces if piece.role is not PieceRole.LINK)
    assert explain(replace(subject, links=(), pieces=unlinked), [template]) != {}
    asking = store_text("[Install]\nWantedBy=timers.target\n")

    def ask(whole: Subject) -> Subject:
        pieces = (replace(p, sha256=asking) if p.path.endswith("dump@.timer") else p for p in whole.pieces)
        return replace(whole, pieces=tuple(pieces))

    assert explain(ask(subject), [ask(template)]) != {}


def test_another_command_is_not_explained_also_where_packages_vouch_for_the_files() -> None:
    def vouched(whole: Subject) -> Subject:
        return replace(whole, pieces=tuple(replace(p, verification=Verification.VERIFIED) for p in whole.pieces))

    other = vouched(instance("orders", exec_start="/opt/dump --all"))
    assert ExplanationKind.TEMPLATE not in explain(other, [instance("users")])
    assert ExplanationKind.TEMPLATE in explain(vouched(instance("orders")), [instance("users")])


def test_another_command_is_not_explained() -> None:
    assert explain(instance("orders", exec_start="/opt/dump --all"), [instance("users")]) == {}


def test_programs_that_differ_by_the_instances_name_are_two_programs() -> None:
    assert explain(instance("a", exec_start="/opt/a"), [instance("b", exec_start="/opt/b")]) == {}


def test_another_file_behind_the_same_command_is_not_explained() -> None:
    other = file_piece(PieceRole.EXECUTABLE, "/opt/dump", verification=UNOWNED)
    assert explain(instance("orders", extra=[other]), [instance("users")]) == {}


def test_a_drop_in_of_the_instances_own_is_not_explained() -> None:
    path = f"{ETC}/dump@orders.service.d/10.conf"
    own = file_piece(PieceRole.DROP_IN, path, verification=UNOWNED)
    assert explain(instance("orders", extra=[own]), [instance("users")]) == {}
    verified = file_piece(PieceRole.DROP_IN, path)
    assert explain(instance("orders", extra=[verified]), [instance("users")]) != {}


def test_an_instance_that_runs_as_an_account_of_its_own_is_explained_and_root_is_not() -> None:
    sibling = instance("users", user="%i")
    assert explain(instance("orders", user="%i"), [sibling]) != {}
    assert explain(instance("root", user="%i"), [sibling]) == {}


@pytest.mark.parametrize(("name", "is_explained"), [("orders", True), ("x\\x3bid", False)])
def test_an_odd_name_that_a_shell_would_read_is_not_explained(name: str, *, is_explained: bool) -> None:
    text = "/bin/sh -c 'dump %I'"
    found = explain(instance(name, exec_start=text), [instance("users", exec_start=text)])
    assert bool(found) == is_explained


def test_instances_of_another_template_or_scope_are_no_siblings() -> None:
    keys, norm = expectation_of([job("load@users"), job("dump"), lingering("ada")])
    assert Siblings.of(keys, norm, read_stored).find_twin(instance("orders")) is None


def test_a_sibling_on_whose_form_hosts_do_not_agree_is_not_normal() -> None:
    sibling = instance("users")
    disputed = replace(norm_of(sibling), meanings=None)
    siblings = Siblings.of([sibling.key], {sibling.key: disputed}.get, read_stored)
    assert siblings.find_twin(instance("orders")) is None


def generated(*, exec_start: str = "/usr/bin/mount-it", mark: Verification = Verification.VERIFIED) -> Subject:
    subject = job("net", folder=RUN, exec_start=exec_start, generated=True, links=())
    marks = {source.path: UNOWNED for source in subject.sources}
    return packaged(subject, marks={**marks, exec_start.partition(" ")[0]: mark})


GOOD = generator("/usr/lib/systemd/system-generators/net")
BAD = generator("/etc/systemd/system-generators/net", verification=UNOWNED)


def test_a_generated_unit_is_explained_by_generators_that_are_all_packages() -> None:
    assert ExplanationKind.GENERATED in explain(generated(), present=[GOOD])
    assert explain(generated(), present=[GOOD, BAD]) == {}
    assert explain(generated(), present=[]) == {}, "then nobody wrote it"


def test_a_generator_that_is_normal_needs_no_package() -> None:
    assert ExplanationKind.GENERATED in explain(generated(), [BAD], present=[BAD])


def test_unread_generators_explain_nothing() -> None:
    assert explain(generated(), present=[GOOD], coverage=partial(gap(Area.GENERATORS))) == {}


def test_a_generated_unit_brings_no_code_of_its_own() -> None:
    assert explain(generated(exec_start="/bin/sh -c 'curl x | sh'"), present=[GOOD]) == {}
    assert explain(generated(exec_start="/opt/evil", mark=UNOWNED), present=[GOOD]) == {}


def test_a_link_among_generated_units_is_no_generated_text() -> None:
    linked = file_piece(PieceRole.FRAGMENT, f"{RUN}/net.service", verification=UNOWNED, real_path="/opt/net.service")
    subject = generated()
    pieces = tuple(linked if p.path == linked.path else p for p in subject.pieces)
    assert explain(replace(subject, pieces=pieces), present=[GOOD]) == {}


def test_a_unit_elsewhere_is_not_taken_for_generated() -> None:
    by_hand = packaged(job("net", links=()), marks={f"{ETC}/net.timer": UNOWNED})
    assert explain(replace(by_hand, generated=True), present=[GOOD]) == {}
