"""Purge: what is due goes for good, what anything keeps stays, and the certificate says it."""

from datetime import timedelta

import pytest

from archive.bucket.names import keys_prefix
from archive.bucket.port import LockMode, Retention
from archive.capture.station import join
from archive.capture.withdrawal import withdraw
from archive.catalog.obligations import ObligationTable
from archive.errors import GoneError, InvalidError
from archive.events.hold_events import HoldScope
from archive.log.publisher import log_signer
from archive.model.roles import LOCAL_ACTOR
from policies import obligations
from policies.desk import retention_desk
from policies.purging.certificate import check
from tests.archive.house import OPERATIONS, capture, found, line
from tests.policies.purging_house import (
    dated,
    desk,
    in_force,
    place_hold,
    release_hold,
    sandbox,
    states,
)
from tests.users.conftest import MovableClock


def test_what_is_due_goes_and_is_certified(tmp_path):
    with sandbox(tmp_path) as archive:
        old = dated(archive, [2001, 2002], "Xanthippe")
        young = dated(archive, [2999], "Xanthippe")
        in_force(archive, maximum="5y")
        dry = desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS)
        assert (dry.planned, dry.destroyed, dry.held, dry.certificate) == (2, 0, 0, None)
        assert states(archive, old) == ["Loaded", "Loaded"]
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.planned, done.destroyed, done.held, done.failed) == (2, 2, 0, 0)
        assert states(archive, [*old, *young]) == ["GoneError", "GoneError", "Loaded"]
        assert found(archive, "xanthippe") == set(young)
        assert done.certificate is not None
        told = desk(archive).certificate(LOCAL_ACTOR, done.certificate)
        signed = check(told.document, told.note, log_signer(archive.keyring).verifier)
        assert signed == told.certificate
        assert (told.certificate.records, told.certificate.sandbox) == (2, True)
        rows = archive.pointers.select_pointers_of(old)
        assert len(told.certificate.leaves) == len(rows) == told.certificate.events
        assert desk(archive).run(LOCAL_ACTOR).planned == 0
        with join(archive.opening()) as station:
            for writer in (archive, station):
                (again,) = writer.intake.capture(
                    LOCAL_ACTOR,
                    [line("2001-0", "Xanthippe 2001", occurred_at="2001-03-01T00:00:00Z")],
                )
                assert (again.status, again.certificate) == ("erased", done.certificate)
        with pytest.raises(GoneError):
            retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, old[0])
        assert archive.destroyed.certificates_of(old) == dict.fromkeys(old, done.certificate)


def test_a_certificate_tells_from_when_retention_was_counted(tmp_path):
    clock = MovableClock()
    with sandbox(tmp_path, clock) as archive:
        dated(archive, [2001])
        captured_at = clock.now()
        in_force(archive, clock="captured", maximum="1y")
        done = desk(archive).run(LOCAL_ACTOR, captured_at + timedelta(days=400))
        assert done.certificate is not None
        told = desk(archive).certificate(LOCAL_ACTOR, done.certificate).certificate
        assert (told.first_at, told.last_at) == (captured_at, captured_at)
        assert [(each.first_at, each.last_at) for each in told.groups] == [(captured_at,) * 2]


def test_a_certificate_counts_the_originals_of_all_versions(tmp_path):
    versions = [line("1", text, occurred_at="2001-01-01T00:00:00Z") for text in ("one", "two more")]
    with sandbox(tmp_path) as archive:
        for version in versions:
            capture(archive, version)
        withdraw(archive, LOCAL_ACTOR, "desk", None, "1")
        in_force(archive, maximum="1y")
        done = desk(archive).run(LOCAL_ACTOR)
        assert done.certificate is not None
        told = desk(archive).certificate(LOCAL_ACTOR, done.certificate).certificate
        assert (told.records, told.events, told.bytes) == (1, 3, sum(map(len, versions)))


def test_what_anything_keeps_stays(tmp_path):
    with sandbox(tmp_path) as archive:
        held, reviewed, longer, goes = capture(
            archive,
            *(
                line(text, text, occurred_at="2001-01-01T00:00:00Z")
                for text in ("guarantee", "review", "minimum", "lunch")
            ),
        )
        in_force(archive, maximum="5y")
        in_force(archive, "reviewed", "review", maximum="5y", review=[{"stage": "counsel"}])
        in_force(archive, "longer", "minimum", minimum="90y")
        place_hold(archive, "smith", HoldScope(query="guarantee"))
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.destroyed, done.held, done.kept) == (1, 1, {"review": 1})
        kept = [held, reviewed, longer]
        assert states(archive, [*kept, goes]) == ["Loaded"] * 3 + ["GoneError"]
        release_hold(archive, "smith")
        assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
        assert states(archive, kept) == ["GoneError", "Loaded", "Loaded"]


def test_what_is_locked_in_the_bucket_waits_for_the_end_of_its_lock(tmp_path):
    clock = MovableClock()
    with sandbox(tmp_path, clock) as archive:
        (locked,), (free,) = dated(archive, [2001]), dated(archive, [2002])
        in_force(archive, maximum="5y")
        (row,) = archive.pointers.select_pointers_of([locked])
        segment_id = row.pointer.segment_id
        (name,) = archive.bucket.names(keys_prefix(segment_id))
        until = clock.now() + timedelta(days=1)
        version = archive.bucket.stat(name).version
        archive.bucket.extend_retention(name, version, Retention(LockMode.COMPLIANCE, until))
        assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS).kept == {"locked": 1}
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.destroyed, done.kept, done.problems) == (1, {"locked": 1}, ())
        assert states(archive, [locked, free]) == ["Loaded", "GoneError"]
        clock.move(days=2)
        assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
        assert states(archive, [locked]) == ["GoneError"]


def test_a_time_to_come_is_for_a_sandbox_alone(archive):
    dated(archive, [2020])
    in_force(archive, maximum="90y")
    at = archive.clock.now() + timedelta(days=365 * 95)
    assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS, at).planned == 1
    with pytest.raises(InvalidError, match="sandbox"):
        desk(archive).run(LOCAL_ACTOR, at)
    with pytest.raises(InvalidError, match="passed"):
        desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS, at - timedelta(days=365 * 100))


def test_what_is_settled_is_looked_through_once_whether_anything_is_due_or_not(
    tmp_path, monkeypatch
):
    asked: list[tuple[int, int | None]] = []
    due = ObligationTable.due

    def noted(table, policies, at, after, limit, *, until=None):
        asked.append((after, until))
        return due(table, policies, at, after, limit, until=until)

    monkeypatch.setattr(obligations, "_PAGE", 2)
    with sandbox(tmp_path) as archive:
        dated(archive, [2999, 2998, 2997, 2996, 2001, 2995, 2994])
        in_force(archive, maximum="5y")
        monkeypatch.setattr(ObligationTable, "due", noted)
        assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS).planned == 1
    ends = [until for _, until in asked if until is not None]
    assert len(set(ends)) == 4 and asked[-1] == (ends[-1], None)
    for after, until in asked:
        assert after >= max((end for end in ends if until is None or end < until), default=0)
