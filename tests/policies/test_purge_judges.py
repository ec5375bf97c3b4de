"""What was judged beside the process that destroys is believed only while nothing has changed."""

import errno
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from archive.events.hold_events import HoldScope
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive
from archive.processes import Child
from policies.purging import governed, judges, opening, purger
from policies.purging.judges import JudgedAhead, Judges
from policies.purging.judging import Judge
from policies.purging.pages import Basis, Judged, Judging
from policies.records import governed_records
from tests.archive.house import capture, line
from tests.policies.purging_house import dated, desk, in_force, place_hold, sandbox, states

NOT_DUE = "2059-01-01T00:00:00Z"
"""Counts from its capture."""


@pytest.fixture(autouse=True)
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two records be a batch, and be worth to be judged ahead."""
    monkeypatch.setattr(purger, "BATCH", 2)
    monkeypatch.setattr(purger, "_AHEAD", 1)
    monkeypatch.setattr(governed, "_MANY", 1)


class AtOnce(Judges):
    """Judges ahead in this process, at once; when the first batch is taken it lets `act` happen."""

    def __init__(self, archive: Archive, act: Callable[[], object]) -> None:
        super().__init__(archive.opening)
        self._records = governed_records(archive)
        self._acts = [act]

    def begin(self, ids: Sequence[UUID], basis: Basis, judge: Judge) -> JudgedAhead:
        answer: Future[list[Judged]] = Future()
        answer.set_result(list(Judging(self._records, basis, judge).each(ids)))
        return Acting(basis, judge, [(ids, answer)], self._acts)


class Acting(JudgedAhead):
    """A batch that lets what is left of `acts` happen when it is taken."""

    def __init__(self, basis: Basis, judge: Judge, pages: Any, acts: list[Callable[[], object]]):
        super().__init__(basis, judge, pages)
        self._acts = acts

    def take(self, judging: Judging) -> list[Judged]:
        judged = super().take(judging)
        while self._acts:
            self._acts.pop()()
        return judged


def purged_while(
    monkeypatch: pytest.MonkeyPatch, archive: Archive, act: Callable[[], object]
) -> Any:
    """Purge, and let something happen once all is judged, while it is the first batch's turn."""
    monkeypatch.setattr(opening, "Judges", lambda _: AtOnce(archive, act))
    return desk(archive).run(LOCAL_ACTOR)


def test_a_hold_placed_after_it_was_judged_ahead_keeps_a_record(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002, 2003, 2004])
        in_force(archive, maximum="5y")
        scope = HoldScope(records=(ids[3],))
        done = purged_while(monkeypatch, archive, lambda: place_hold(archive, "smith", scope))
        assert (done.destroyed, done.held, done.failed) == (3, 1, 0)
        assert states(archive, ids) == ["GoneError"] * 3 + ["Loaded"]


def test_a_policy_changed_after_it_was_judged_ahead_keeps_a_record(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002, 2003, 2004])
        in_force(archive, maximum="5y")

        def longer() -> None:
            in_force(archive, "late", "sent>=2004", minimum="90y")

        done = purged_while(monkeypatch, archive, longer)
        assert (done.destroyed, done.kept) == (3, {"not-due": 1})
        assert states(archive, ids) == ["GoneError"] * 3 + ["Loaded"]


def test_a_revision_after_it_was_judged_ahead_is_judged_too(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002, 2003, 2004])
        in_force(archive, maximum="5y")
        place_hold(archive, "smith", HoldScope(query="guarantee"))
        revised = line("2004-3", "the guarantee", occurred_at="2004-03-01T00:00:00Z")
        done = purged_while(monkeypatch, archive, lambda: capture(archive, revised))
        assert (done.destroyed, done.held) == (3, 1)
        assert states(archive, ids) == ["GoneError"] * 3 + ["Loaded"]


def test_what_was_erased_after_it_was_judged_ahead_is_not_certified_twice(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002, 2003, 2004])
        in_force(archive, maximum="5y")

        def erase() -> None:
            archive.eraser.erase_records([ids[3]], actor="local", ground="a case")

        done = purged_while(monkeypatch, archive, erase)
        assert (done.destroyed, done.kept) == (3, {})
        assert states(archive, ids) == ["GoneError"] * 4
        assert done.certificate is not None
        told = desk(archive).certificate(LOCAL_ACTOR, done.certificate).certificate
        assert (told.records, told.events) == (3, 3)


def test_a_conversation_joined_after_it_was_judged_ahead_keeps_a_record(tmp_path, monkeypatch):
    with sandbox(tmp_path) as archive:
        first = line("2001-0", occurred_at="2001-03-01T00:00:00Z", conversation="plan")
        ids = [*capture(archive, first), *dated(archive, [2002, 2003, 2004])]
        archive.follow()
        conversation = archive.catalog.rows(ids)[ids[0]].conversation
        in_force(archive, maximum="5y")
        place_hold(archive, "smith", HoldScope(query=f"conversation:{conversation}"))
        both = line("both", conversation="plan", in_reply_to="2004-2", occurred_at=NOT_DUE)
        done = purged_while(monkeypatch, archive, lambda: capture(archive, both))
        assert archive.catalog.rows(ids)[ids[3]].conversation == conversation
        assert (done.destroyed, done.held) == (2, 2)
        assert states(archive, ids) == ["Loaded", "GoneError", "GoneError", "Loaded"]


def test_what_takes_effect_by_the_clock_alone_is_noticed(tmp_path):
    with sandbox(tmp_path) as archive:
        in_force(archive, maximum="5y")
        batches = opening.batches_of(archive)
        now = batches._basis(archive.clock.now())
        before = Basis(now.rules, now.holds, now.as_of, datetime.fromisoformat("2001-01-01T00:00Z"))
        assert now.decides_as(now) and not now.decides_as(before)


@pytest.mark.parametrize("lacking", ["Child", "warm_up"])
def test_without_room_for_a_process_this_one_judges(tmp_path, monkeypatch, lacking):
    def refused(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(judges, lacking, refused)
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002, 2003, 2004, 2005])
        in_force(archive, maximum="5y")
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.destroyed, done.failed, done.problems) == (5, 0, ())
        assert states(archive, ids) == ["GoneError"] * 5


def test_processes_judge_as_this_one_does_and_one_that_dies_harms_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    taken: list[int] = []
    take = JudgedAhead.take

    def awaited(ahead: JudgedAhead, judging: Judging) -> list[Judged]:
        wait([answer for _, answer in ahead._pages])
        there = [each for _, answer in ahead._pages for each in answer.result()]
        taken.append(len(there))
        here = {
            each.id: each for each in judging.each([id for ids, _ in ahead._pages for id in ids])
        }
        assert all(each == here[each.id] for each in there)
        if len(taken) == 2:
            (child,) = started
            child.process.kill()
            child.process.join()
        return take(ahead, judging)

    started: list[Child] = []

    class Noted(Child):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            started.append(self)

    monkeypatch.setattr(JudgedAhead, "take", awaited)
    monkeypatch.setattr(judges, "Child", Noted)
    with sandbox(tmp_path) as archive:
        ids = dated(archive, [2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010])
        in_force(archive, maximum="5y")
        place_hold(archive, "smith", HoldScope(query="2004"))
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.destroyed, done.held, done.failed) == (9, 1, 0)
        assert taken[:2] == [2, 2] and taken[-1] == 0
        assert states(archive, ids).count("GoneError") == 9
    (child,) = started
    assert child.process.exitcode is not None
