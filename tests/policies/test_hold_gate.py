"""Which records are held, and by which holds, as of the newest event."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from archive.errors import ConflictError
from archive.events.types import Erased
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive
from policies.holds.book import hold_reader
from policies.holds.hold import HoldBook, evolve, lose
from policies.holds.reach import Held
from tests.archive.house import OPERATIONS, capture, line
from tests.policies.holding import HoldGate, Script, list_scope, query_scope
from tests.users.conftest import MovableClock

WHO: dict[str, Any] = {"actor": "local", "ground": "policy a, version 1"}


@pytest.fixture
def script(archive: Archive) -> Script:
    return Script(archive)


@pytest.fixture
def gate(archive: Archive) -> HoldGate:
    return HoldGate(archive)


def unreadable(native_id: str, text: str) -> bytes:
    attached = {"filename": "a.pdf", "media_type": "application/pdf", "data": "JVBERi0="}
    return line(native_id, text, attachments=[attached])


def test_each_scope_reaches_what_it_says(archive: Archive, script: Script, gate: HoldGate) -> None:
    ids = capture(
        archive,
        line("1", "the fee"),
        line("2", "the fee", custodian="Ann*"),
        line("3", "a letter", custodian="Anna"),
        line("4", "a letter"),
    )
    archive.follow()
    script.place("fees", query_scope("fee"))
    script.place(
        "ann", query_scope("*").model_copy(update={"query": None, "custodians": ("ANN*",)})
    )
    script.place("listed", list_scope(ids[1], ids[2]))
    held = gate.check(ids).held
    assert [held[each].holds for each in ids] == [
        ("fees",),
        ("ann", "fees", "listed"),
        ("listed",),
        (),
    ]
    assert gate.check(ids).free == (ids[3],)
    script.release("listed")
    assert gate.check(ids).free == (ids[2], ids[3])


def test_what_arrives_later_is_held_before_any_index_knows_it(
    archive: Archive, script: Script, gate: HoldGate
) -> None:
    script.place("fees", query_scope("fee"))
    ids = capture(archive, line("1", "the fee"), line("2", "a letter"))
    assert gate.check(ids).free == (ids[1],)


def test_a_record_is_held_for_what_it_said_before(
    archive: Archive, script: Script, gate: HoldGate
) -> None:
    (first,) = capture(archive, line("1", "the fee"))
    capture(archive, line("1", "a letter"))
    archive.follow()
    script.place("fees", query_scope("fee"))
    assert gate.check([first]).free == ()


def test_people_are_reached_by_every_alias_of_then_and_of_now(
    archive: Archive, script: Script, gate: HoldGate
) -> None:
    def said(address: str) -> UUID:
        someone = [{"role": "author", "address": address}]
        return capture(archive, line(address, participants=someone))[0]

    ids = [said(f"{name}@example.com") for name in ("jeff", "js", "jeffrey", "other")]
    desk = archive.people_desk
    jeff = desk.record(LOCAL_ACTOR, OPERATIONS, "Jeff", ["jeff@example.com", "js@example.com"])
    script.place("jeff", query_scope("from:jeff@example.com"))
    script.place("exact", query_scope("exact:(from:js@example.com)"))
    script.place("others", query_scope("NOT from:jeff@example.com"))
    held = gate.check(ids).held
    assert [held[each].holds for each in ids] == [
        ("jeff",),
        ("exact", "jeff", "others"),
        ("others",),
        ("others",),
    ]
    desk.split(LOCAL_ACTOR, OPERATIONS, jeff.id, "Sue", ["js@example.com"])
    desk.alias(LOCAL_ACTOR, OPERATIONS, jeff.id, ["jeffrey@example.com"])
    held = gate.check(ids).held
    assert [("jeff" in held[each].holds) for each in ids] == [True, True, True, False]
    assert gate.check(ids).free == ()


def test_what_cannot_be_searched_counts_as_held(
    archive: Archive, script: Script, gate: HoldGate
) -> None:
    ids = capture(archive, unreadable("1", "a letter"), line("2", "a letter"))
    nowhere = uuid4()
    archive.follow()
    script.place("fees", query_scope("fee"))
    held = gate.check([*ids, nowhere]).held
    assert held[ids[0]] == Held(uncertain=("fees",))
    assert held[ids[1]].free
    assert held[nowhere] == Held(uncertain=("fees",))
    script.change("fees", list_scope(ids[1]))
    held = gate.check([*ids, nowhere]).held
    assert (held[ids[0]].free, held[ids[1]].free, held[nowhere].free) == (True, False, True)


def test_the_last_hold_to_end_is_told(
    archive: Archive, script: Script, gate: HoldGate, clock: MovableClock
) -> None:
    (first,) = capture(archive, line("1", "the fee"))
    archive.follow()
    for name in ("a", "b"):
        script.place(name, query_scope("fee"))
    assert gate.check([first]).held[first].released_at is None
    script.change("a", query_scope("letter"))
    changed = hold_reader(archive).read().holds["a"].reached[0].ended
    assert changed and gate.check([first]).held[first].released_at == changed.at
    clock.move(hours=1)
    script.release("b")
    assert gate.check([first]).held[first].released_at == clock.now()
    clock.move(hours=1)
    (later,) = capture(archive, line("2", "the fee"))
    assert gate.check([later]).held[later].released_at is None


@pytest.mark.usefixtures("all_erasable")
def test_a_hold_of_which_nothing_is_known_holds_everything(
    archive: Archive, script: Script, gate: HoldGate
) -> None:
    (first,) = capture(archive, line("1"))
    archive.follow()
    script.place("a", list_scope(uuid4()))
    assert gate.check([first]).free == (first,)
    row = archive.pointers.select_pointers(
        hold_reader(archive).stream, gt=None, lte=None, desc=False, limit=None
    )
    archive.eraser.erase(row, **WHO)
    archive.follow()
    assert gate.check([first]).free == ()


def test_what_was_not_looked_at_is_not_condemned(archive: Archive, gate: HoldGate) -> None:
    (first,) = capture(archive, line("1", "the fee"))
    archive.follow()
    check = gate.check([first])
    capture(archive, line("1", "another fee"))
    with pytest.raises(ConflictError, match="free"):
        archive.eraser.erase_records([first], seal=check.seal, **WHO)
    (other,) = capture(archive, line("2"))
    with pytest.raises(ConflictError, match="free"):
        archive.eraser.erase_records([other], seal=check.seal, **WHO)
    assert archive.records.load(first).interaction.version == 2


def test_what_cannot_be_read_is_lost_and_said_to_be() -> None:
    assert lose(HoldBook(), 3) == HoldBook(newest=3, unreadable=True)
    erased = Erased(originator_id=uuid4(), originator_version=1, erased_type="hold.placed")
    assert evolve(HoldBook(), erased).unreadable
