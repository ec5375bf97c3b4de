"""Entries of the audit trail go when they are due, by a purge of their own; their places stay."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from archive.errors import ConflictError, CorruptError, InvalidError
from archive.events.audit import FOR_OPERATIONS
from archive.events.hold_events import HoldScope
from archive.events.pointers import PointerRow
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import Archive
from archive.rebuilding import rebuild
from archive.trail.asked import TrailRequest
from policies.purging.answers import PurgeAnswer
from policies.purging.certificate import check
from policies.purging.page import pdf_of
from policies.trail.book import trail_reader
from policies.trail.desk import trail_governance
from tests.archive.house import capture, line, search, settings
from tests.policies.purging_house import desk, in_force, job, place_hold, release_hold
from tests.policies.trail_house import SIX_YEARS, day, entries, kept_for, old_sandbox, reopened
from tests.verifying.verified import verified

DUE = day(2021, 2, 1)
"""Six years and the grace after 1 January 2015 have ended."""


def purged(archive: Archive) -> PurgeAnswer:
    return desk(archive).run(LOCAL_ACTOR).trail


def erased(archive: Archive) -> list[int]:
    return [told.seq for told in entries(archive) if told.state == "erased"]


def seqs(archive: Archive, *actions: str) -> list[int]:
    return [told.seq for told in entries(archive) if told.action in actions]


def test_old_reads_go_and_what_was_decided_stays(tmp_path: Path) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        (record,) = capture(archive, line("1", "herring"))
        user = archive.administration.register(LOCAL_ACTOR, "eve", [Role.AUDITOR])
        token, _ = archive.administration.issue_token(LOCAL_ACTOR, "eve")
        archive.entrance.sign_out(archive.entrance.sign_in_by_token(token))
        search(archive, "herring")
        archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, record)
        place_hold(archive, "smith", HoldScope(query="pike"))
        release_hold(archive, "smith")
        kept_for(archive)
        clock.move_to(day(2020))
        search(archive, "herring")
        before = entries(archive)
        acts = ("search", "show", "session.began", "session.ended")
        due = [told.seq for told in before if told.at == day(2015) and told.action in acts]

        # Neither within the period nor within the grace.
        for when in (day(2020, 12, 31), day(2021, 1, 30)):
            clock.move_to(when)
            assert (purged(archive).id, purged(archive).planned) == (None, 0)
        clock.move_to(DUE)
        dry = desk(archive).dry_run(LOCAL_ACTOR, FOR_OPERATIONS).trail
        assert (dry.planned, dry.destroyed, dry.dry_run) == (4, 0, True)
        done = purged(archive)
        assert (done.of, done.planned, done.destroyed, done.failed) == ("audit-trail", 4, 4, 0)
        assert erased(archive) == due
        kept = [told for told in before if told.seq not in due]
        assert [told for told in entries(archive) if told.seq not in due][: len(kept)] == kept
        # What was decided, and by whom it was, is there, however old it is.
        assert {"user.registered", "token.issued", "hold.placed", "hold.released"} <= {
            told.action for told in kept
        }
        assert archive.users.find(user.id) is not None
        assert purged(archive).planned == 0
        archive.publish()
        archive.follow()
    assert verified(tmp_path / "home").faults == []
    rebuild(settings(tmp_path))
    with reopened(tmp_path, clock) as archive:
        assert erased(archive) == due
    assert verified(tmp_path / "home").faults == []


def test_a_certificate_of_its_own_counts_and_says_nothing_of_the_entries(tmp_path: Path) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        capture(archive, line("1", "herring"))
        for query in ("herring", "pike", "kipper"):
            search(archive, query)
        kept_for(archive)
        in_force(archive, maximum="1d", clock="captured")
        clock.move_to(DUE)
        answer = desk(archive).run(LOCAL_ACTOR)
        records, trail = answer, answer.trail
        assert (records.of, records.destroyed, trail.destroyed) == ("records", 1, 3)
        assert records.certificate != trail.certificate is not None
        archive.follow()
        found = desk(archive).certificate(LOCAL_ACTOR, trail.certificate)
        told = check(found.document, found.note, archive.log.verifier)
        assert (told.of, told.records, told.events, told.bytes) == ("audit-trail", 3, 3, 0)
        assert (told.first_at, told.last_at) == (day(2015), day(2015))
        (policy,) = told.policies
        assert (policy.terms.minimum, policy.proposed_by) == (SIX_YEARS, "local")
        assert policy.approved_by is not None
        assert len(told.leaves) == told.keys.destroyed == 3
        assert not any(word in found.document for word in ("herring", "pike", "kipper"))
        assert pdf_of(found).startswith(b"%PDF")
        listed = desk(archive).certificates(LOCAL_ACTOR, 10).certificates
        assert {each.of: each.records for each in listed} == {"records": 1, "audit-trail": 3}
        assert {each.of for each in desk(archive).purges(LOCAL_ACTOR, 10).purges} == {
            "records",
            "audit-trail",
        }


def test_readers_are_told_from_when_on_the_trail_is_whole(
    tmp_path: Path, each_database: str | None
) -> None:
    with old_sandbox(tmp_path, day(2015), each_database) as (archive, clock):
        (record,) = capture(archive, line("1", "herring"))
        archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, record)
        kept_for(archive)
        clock.move_to(day(2018))
        archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, record)
        archive.follow()
        request = TrailRequest(since=day(2014), until=day(2019))
        trail = archive.trail
        assert trail.page(LOCAL_ACTOR, FOR_OPERATIONS, request).whole_since is None
        assert [
            each.times for each in trail.who_saw(LOCAL_ACTOR, FOR_OPERATIONS, str(record)).seen
        ] == [2]
        clock.move_to(DUE)
        purged(archive)
        archive.follow()
        page = trail.page(LOCAL_ACTOR, FOR_OPERATIONS, request)
        # The next entry that is there is of the same day: it was decided how long to keep it.
        assert page.whole_since == day(2015)
        assert [told.action for told in page.entries if told.action == "show"] == ["show"]
        report = trail.who_saw(LOCAL_ACTOR, FOR_OPERATIONS, str(record))
        assert [(each.times, each.first) for each in report.seen] == [(1, day(2018))]
        assert report.whole_since == day(2015)
        review = trail.access_review(LOCAL_ACTOR, FOR_OPERATIONS)
        assert review.whole_since == day(2015)
        clock.move_to(day(2025))
        purged(archive)
        archive.follow()
        assert trail.page(LOCAL_ACTOR, FOR_OPERATIONS, request).whole_since == DUE


def test_what_a_hold_keeps_stays_and_goes_a_grace_after_its_release(tmp_path: Path) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        held, free, gone = capture(
            archive, line("1", "herring"), line("2", "pike"), line("3", "eel")
        )
        ann = archive.administration.register(LOCAL_ACTOR, "Ann", [Role.LEGAL])
        everybody = Actor(str(ann.id), "Ann", Role.LEGAL)
        audit = archive.audit
        for record in (held, free, gone):
            archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, record)
        audit.record(LOCAL_ACTOR, Purpose("matter", "Smith  v. JONES"), "search", query="cod")
        audit.record(LOCAL_ACTOR, Purpose("matter", "Other"), "search", query="cod")
        audit.record(everybody, FOR_OPERATIONS, "search", query="cod")
        *shown, of_matter, of_another, of_ann = seqs(archive, "show", "search")
        kept_for(archive)
        archive.eraser.erase_records([gone], actor="local", ground="case 1")
        place_hold(archive, "by-query", HoldScope(query="herring"))
        place_hold(archive, "by-custodian", HoldScope(custodians=("ANN",)))
        _place_of_matter(archive, "Smith v. Jones", free)
        clock.move_to(DUE)
        done = purged(archive)
        # The exports of this test are entries too: what it asked for went, what is held did not.
        assert done.held == 4
        assert {shown[2], of_another} <= set(erased(archive))
        assert set(erased(archive)).isdisjoint({*shown[:2], of_matter, of_ann})
        # The grace begins with the release of the last hold: what another keeps counts as held.
        place_hold(archive, "again", HoldScope(query="herring"))
        release_hold(archive, "again")
        again = purged(archive)
        assert (again.held, again.kept) == (4, {})
        for name in ("by-query", "by-custodian", "of-matter"):
            release_hold(archive, name)
        clock.move(days=29)
        assert (purged(archive).destroyed, purged(archive).kept) == (0, {"not-due": 4})
        clock.move(days=1)
        assert purged(archive).destroyed == 4
        assert {*shown, of_matter, of_another, of_ann} <= set(erased(archive))


def test_a_hold_on_a_custodian_keeps_what_they_did_as_a_user_of_another_name(
    tmp_path: Path,
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        users = {name: _searched_as(archive, name) for name in ("asmith", "ann2", "bob")}
        people = archive.people_desk
        ann = people.record(LOCAL_ACTOR, FOR_OPERATIONS, "Ann Smith", ["ann@example.com", "asmith"])
        kept_for(archive)
        place_hold(archive, "smith", HoldScope(custodians=("ANN@example.com",)))
        # By the directory of when it was placed she is asmith, by that of now ann2.
        people.split(LOCAL_ACTOR, FOR_OPERATIONS, ann.id, "Sue", ["asmith"])
        people.alias(LOCAL_ACTOR, FOR_OPERATIONS, ann.id, ["ann2"])
        clock.move_to(DUE)
        assert purged(archive).held == 2
        assert {users["asmith"], users["ann2"]}.isdisjoint(erased(archive))
        assert users["bob"] in erased(archive)
        release_hold(archive, "smith")
        clock.move(days=30)
        assert purged(archive).destroyed == 2
        assert set(users.values()) <= set(erased(archive))


@pytest.mark.usefixtures("all_erasable")
def test_while_it_is_not_known_who_is_who_a_hold_on_custodians_keeps_what_any_user_did(
    tmp_path: Path,
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        searched = _searched_as(archive, "bob")
        archive.people_desk.record(LOCAL_ACTOR, FOR_OPERATIONS, "Ann", ["ann@example.com", "bob"])
        (recorded,) = archive.pointers.select_pointers(
            archive.people.stream, gt=None, lte=None, desc=False, limit=None
        )
        archive.eraser.erase([recorded], actor="local", ground="x")
    # Whoever had the directory open goes on to know what the event said.
    with reopened(tmp_path, clock) as archive:
        kept_for(archive)
        place_hold(archive, "smith", HoldScope(custodians=("ann@example.com",)))
        clock.move_to(DUE)
        done = purged(archive)
        # What the command line's user did, who is no custodian, is not kept.
        assert done.held == 1 and done.destroyed > 0
        assert searched not in erased(archive)
        release_hold(archive, "smith")
        assert purged(archive).destroyed == 0
        clock.move(days=30)
        assert purged(archive).destroyed == 1
        assert searched in erased(archive)


def test_an_alias_that_comes_in_between_keeps_what_its_user_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        searched = _searched_as(archive, "asmith")
        kept_for(archive)
        place_hold(archive, "smith", HoldScope(custodians=("ann@example.com",)))
        clock.move_to(DUE)
        erase, recorded = archive.eraser.erase, list[str]()

        def late(*arguments: Any, **named: Any) -> object:
            if not recorded:
                recorded.append("Ann")
                aliases = ["ann@example.com", "asmith"]
                archive.people_desk.record(LOCAL_ACTOR, FOR_OPERATIONS, "Ann", aliases)
            return erase(*arguments, **named)

        monkeypatch.setattr(archive.eraser, "erase", late)
        done = purged(archive)
        assert recorded and done.held == 1 and done.destroyed > 0
        assert searched not in erased(archive)


def _searched_as(archive: Archive, name: str) -> int:
    """Register a user and let them search; return the entry of that."""
    before = seqs(archive, "search")
    user = archive.administration.register(LOCAL_ACTOR, name, [Role.LEGAL])
    actor = Actor(str(user.id), name, Role.LEGAL)
    archive.audit.record(actor, FOR_OPERATIONS, "search", query="cod")
    (searched,) = set(seqs(archive, "search")) - set(before)
    return searched


def _place_of_matter(archive: Archive, matter: str, record: object) -> None:
    from policies.holds.answers import HoldRequest
    from policies.holds.desk import hold_desk

    archive.follow()
    wanted = {"name": "of-matter", "matter": matter, "reason": "a case", "records": [str(record)]}
    hold_desk(archive).place(LOCAL_ACTOR, HoldRequest.model_validate(wanted))


def test_a_hold_that_comes_in_between_keeps_what_it_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        (record,) = capture(archive, line("1", "herring"))
        archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, record)
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="cod")
        (shown,) = seqs(archive, "show")
        kept_for(archive)
        clock.move_to(DUE)
        erase, placed = archive.eraser.erase, list[str]()

        def late(*arguments: Any, **named: Any) -> object:
            if not placed:
                placed.append("smith")
                place_hold(archive, "smith", HoldScope(query="herring"))
            return erase(*arguments, **named)

        monkeypatch.setattr(archive.eraser, "erase", late)
        done = purged(archive)
        assert placed and done.held == 1 and done.destroyed > 0
        assert shown not in erased(archive)


def test_a_record_that_changes_in_between_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        (record,) = capture(archive, line("1", "pike"))
        archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, record)
        (shown,) = seqs(archive, "show")
        kept_for(archive)
        place_hold(archive, "smith", HoldScope(query="herring"))
        clock.move_to(DUE)
        erase, changed = archive.eraser.erase, list[UUID]()

        def late(*arguments: Any, **named: Any) -> object:
            if not changed:
                changed.extend(capture(archive, line("1", "herring")))
            return erase(*arguments, **named)

        monkeypatch.setattr(archive.eraser, "erase", late)
        done = purged(archive)
        assert changed == [record] and done.held == 1 and done.destroyed > 0
        assert shown not in erased(archive)


def test_the_search_index_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        capture(archive, line("1", "herring"))
        search(archive, "herring")
        kept_for(archive)
        monkeypatch.setattr(archive.snapshots, "generations", lambda: pytest.fail("looked at"))
        source: Any = archive.search_source
        before = source._open
        clock.move_to(DUE)
        assert purged(archive).destroyed == 1
        assert search(archive, "herring").total == 1
        assert source._open is before is not None
        monkeypatch.undo()
        in_force(archive, maximum="1d", clock="captured")
        clock.move(days=1)
        assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
        assert search(archive, "herring").total == 0
        assert source._open is not before


def test_a_longer_period_that_comes_in_between_keeps_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="cod")
        kept_for(archive)
        clock.move_to(DUE)
        erase, changed = archive.eraser.erase, list[str]()

        def late(*arguments: Any, **named: Any) -> object:
            if not changed:
                changed.append("for ever")
                kept_for(archive, None)
            return erase(*arguments, **named)

        monkeypatch.setattr(archive.eraser, "erase", late)
        done = purged(archive)
        assert changed and (done.destroyed, done.certificate) == (0, None)
        assert erased(archive) == []


def test_nothing_goes_while_it_cannot_be_read_what_was_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="cod")
        kept_for(archive)
        clock.move_to(DUE)
        stream = trail_reader(archive).stream
        (proposed, _) = archive.pointers.select_pointers(
            stream, gt=None, lte=None, desc=False, limit=None
        )
        with pytest.raises(InvalidError, match="never erased"):
            archive.eraser.erase([proposed], actor="local", ground="x")
        monkeypatch.setattr("archive.erasing.eraser.is_erasable", lambda _: True)
        archive.eraser.erase([proposed], actor="local", ground="x")
        with pytest.raises(CorruptError):
            purged(archive)
        with pytest.raises(CorruptError):
            trail_governance(archive).propose(LOCAL_ACTOR, None)
        assert trail_governance(archive).book(LOCAL_ACTOR).unreadable


def test_an_entry_whose_key_is_locked_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="cod")
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="eel")
        locked, free = seqs(archive, "search")
        kept_for(archive)
        clock.move_to(DUE)
        look = archive.eraser.locked_records

        def some(rows: list[PointerRow]) -> dict[UUID, datetime | None]:
            found = look(rows)
            return found | {row.originator_id: day(2022) for row in rows if row.seq == locked}

        monkeypatch.setattr(archive.eraser, "locked_records", some)
        done = purged(archive)
        assert (done.kept, done.locked_until) == ({"locked": 1}, day(2022))
        assert free in erased(archive) and locked not in erased(archive)
        (certified,) = desk(archive).certificates(LOCAL_ACTOR, 1).certificates
        document = json.loads(desk(archive).certificate(LOCAL_ACTOR, certified.id).document)
        assert document["kept"] == {"locked": 1}


def test_the_leader_finishes_what_was_asked_for(tmp_path: Path) -> None:
    with old_sandbox(tmp_path, day(2015)) as (archive, clock):
        archive.audit.record(LOCAL_ACTOR, FOR_OPERATIONS, "search", query="cod")
        (searched,) = seqs(archive, "search")
        kept_for(archive)
        clock.move_to(DUE)
        planned = desk(archive).request(LOCAL_ACTOR)
        assert planned.id is None and planned.trail.id is not None
        with pytest.raises(ConflictError):
            desk(archive).request(LOCAL_ACTOR)
        # The search, and the export by which it was looked for.
        assert "has destroyed 2 entries of the audit trail" in job(archive, "finish-purge")
        assert searched in erased(archive)
        done = desk(archive).purge(LOCAL_ACTOR, planned.trail.id)
        assert (done.of, done.destroyed) == ("audit-trail", 2)
        assert done.certificate is not None
        assert job(archive, "purge") == ""
