"""What comes in between the look at records and their condemning wins, and keeps them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from archive.creating import create_archive
from archive.errors import ConflictError, CorruptError
from archive.events.groups import Group
from archive.events.hold_events import HoldScope
from archive.events.opener import ErasedEvent
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive, open_archive
from policies.purging.desk import PurgeDesk
from tests.archive.house import OPERATIONS, capture, line
from tests.policies.holding import settings
from tests.policies.purging_house import dated, desk, in_force, place_hold, sandbox, states


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, archive: Archive, act: Callable[[], object]
) -> PurgeDesk:
    """Return a desk whose eraser finds that something was done since the records were judged."""
    erase, acts = archive.eraser.erase, [act]

    def later(*arguments: Any, **named: Any) -> Any:
        while acts:
            acts.pop()()
        return erase(*arguments, **named)

    monkeypatch.setattr(archive.eraser, "erase", later)
    return desk(archive)


def test_a_hold_that_comes_in_between_keeps_what_it_reaches(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        first, second = dated(archive, [2001, 2002])
        in_force(archive, maximum="5y")
        scope = HoldScope(records=(second,))
        held = meanwhile(monkeypatch, archive, lambda: place_hold(archive, "smith", scope))
        done = held.run(LOCAL_ACTOR)
        assert (done.destroyed, done.held, done.failed) == (1, 1, 0)
        assert states(archive, [first, second]) == ["GoneError", "Loaded"]


def test_a_policy_that_comes_in_between_keeps_what_it_demands(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002])
        in_force(archive, maximum="5y")
        longer = meanwhile(monkeypatch, archive, lambda: in_force(archive, "all", minimum="90y"))
        done = longer.run(LOCAL_ACTOR)
        assert (done.planned, done.destroyed, done.certificate) == (0, 0, None)
        assert done.kept == {"not-due": 2} and done.completed_at is not None
        assert states(archive, ids) == ["Loaded", "Loaded"]


def test_a_revision_that_comes_in_between_is_judged_too(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        (record,) = capture(archive, line("1", occurred_at="2001-01-01T00:00:00Z"))
        in_force(archive, maximum="5y")
        place_hold(archive, "smith", HoldScope(query="guarantee"))
        revised = line("1", "the guarantee", occurred_at="2001-01-01T00:00:00Z")
        done = meanwhile(monkeypatch, archive, lambda: capture(archive, revised)).run(LOCAL_ACTOR)
        assert (done.destroyed, done.held) == (0, 1)
        assert states(archive, [record]) == ["Loaded"]


def test_a_revision_that_comes_in_with_the_condemning_goes_with_its_record(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        (record,) = capture(archive, line("1", occurred_at="2001-01-01T00:00:00Z"))
        in_force(archive, maximum="5y")
        here = desk(archive)
        commit, acts = archive.committer.commit, [line("1", occurred_at="2002-01-01T00:00:00Z")]

        def later(group: Group) -> None:
            if acts and any(event.type == "keys.condemned" for event in group.events):
                capture(archive, acts.pop())
            commit(group)

        monkeypatch.setattr(archive.committer, "commit", later)
        done = here.run(LOCAL_ACTOR)
        assert not acts and (done.planned, done.destroyed) == (1, 1)
        rows = [
            row
            for row in archive.pointers.select_pointers_of([record])
            if row.type.startswith("interaction.")
        ]
        assert len(rows) == 2
        assert all(isinstance(each, ErasedEvent) for each in archive.opener.open(rows))
        assert done.certificate is not None
        told = here.certificate(LOCAL_ACTOR, done.certificate).certificate
        assert told.events == 1 and "not counted here: 1." in told.exceptions[0]


def test_of_two_who_carry_out_one_purge_one_stops(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002])
        in_force(archive, maximum="5y")
        other = desk(archive)
        with pytest.raises(ConflictError, match="Another process"):
            meanwhile(monkeypatch, archive, lambda: other.run(LOCAL_ACTOR)).run(LOCAL_ACTOR)
        (purge,) = desk(archive).purges(LOCAL_ACTOR, 10).purges
        assert (purge.destroyed, purge.planned) == (2, 2) and purge.certificate is not None
        assert states(archive, ids) == ["GoneError", "GoneError"]


def test_what_cannot_be_read_keeps_everything(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002])
        in_force(archive, maximum="5y")
        load_each = archive.records.versions_each

        def damaged(asked: Sequence[Any], *, as_of: int | None = None) -> list[Any]:
            found = list(load_each(asked, as_of=as_of))
            broken = CorruptError("It is broken.")
            return [broken if id == ids[0] else x for id, x in zip(asked, found, strict=True)]

        assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS).planned == 2
        monkeypatch.setattr(archive.records, "versions_each", damaged)
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.destroyed, done.kept) == (1, {"unreadable": 1})
        monkeypatch.undo()
        assert states(archive, ids) == ["Loaded", "GoneError"]


@pytest.mark.usefixtures("all_erasable")
def test_nothing_goes_while_a_policy_cannot_be_read(tmp_path):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001])
        in_force(archive, maximum="5y")
        stream = desk(archive)
        rows = archive.pointers.select_pointers_of([archive.identity.stream("policies")])
        archive.eraser.erase(rows[:1], actor="local", ground="a test")
        archive.follow()
        with pytest.raises(CorruptError, match="policies"):
            stream.run(LOCAL_ACTOR)
        assert states(archive, ids) == ["Loaded"]


def test_obligations_follow_policies_and_records(tmp_path, each_database):
    one = settings(tmp_path, each_database)
    create_archive(one, sandbox=True)
    with open_archive(one) as archive:
        ids = dated(archive, [2001, 2002])
        in_force(archive, maximum="90y")
        assert desk(archive).run(LOCAL_ACTOR).planned == 0
        in_force(archive, maximum="5y")
        in_force(archive, "letters", "letter", minimum="90y")
        assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS).planned == 2
        capture(archive, line("2001-0", "the letter of 2001", occurred_at="2001-03-01T00:00:00Z"))
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.planned, done.destroyed, done.kept) == (1, 1, {})
        assert done.certificate is not None
        assert states(archive, ids) == ["Loaded", "GoneError"]
