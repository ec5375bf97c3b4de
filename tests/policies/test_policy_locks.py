"""Locks that policies demand: placed by the job, told of, kept out of purges, found by verify."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from archive.bucket.names import segment_name
from archive.bucket.port import LockMode, Retention
from archive.creating import create_archive
from archive.errors import InvalidError, LockedError, UnavailableError
from archive.events.locked_keys import all_locked_keys
from archive.events.policy_events import Terms
from archive.keks import named_kek
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive, open_archive
from archive.settings import Settings
from archive.verifying.verifier import verify
from policies.desk import governance_of, retention_desk
from policies.jobs import schedule_of
from policies.locks.locker import Locker, locker_of
from policies.shortening import why_it_shortens
from tests.archive.house import OPERATIONS, capture, line, settings
from tests.policies.purging_house import desk, in_force, states
from tests.users.conftest import MovableClock


@pytest.fixture
def archive(tmp_path: Path, clock: MovableClock) -> Iterator[Archive]:
    create_archive(settings(tmp_path), sandbox=True, clock=clock)
    with open_archive(settings(tmp_path), clock=clock) as archive:
        archive.follow()
        yield archive


@pytest.fixture
def locker(archive: Archive) -> Locker:
    return locker_of(archive)


def recent(archive: Archive, name: str, text: str, **ago: float) -> UUID:
    """Capture a record in a commit of its own, dated so long ago, in whole seconds."""
    at = archive.clock.now().replace(microsecond=0) - timedelta(**ago)
    (record_id,) = capture(archive, line(name, text, occurred_at=at.isoformat()))
    archive.follow()
    return record_id


def terms(**fields: object) -> Terms:
    return Terms.model_validate({"name": "plain", "scope": "*", **fields})


def faults(archive: Archive) -> list[tuple[str, str | None]]:
    archive.follow()
    archive.publish()
    found = verify(archive.settings, full=True)
    return [(fault.kind, fault.object) for fault in found.faults]


def segment_of(archive: Archive, record_id: UUID) -> str:
    (row,) = archive.pointers.select_pointers_of([record_id])
    return segment_name(row.pointer.segment_id)


def test_records_are_locked_to_the_end_of_their_minimum(archive: Archive, locker: Locker) -> None:
    now = archive.clock.now().replace(microsecond=0)
    inside = recent(archive, "1", "the fee", days=1)
    ended = recent(archive, "2", "the fee", days=9)
    outside = recent(archive, "3", "a chat", days=1)
    assert not locker.run().demanded
    assert [each.name for each in archive.health().followers].count("locks") == 0
    in_force(archive, scope="fee", minimum="3d", maximum="5d", lock="compliance")
    archive.follow()
    done = locker.run()
    assert (done.demanded, done.records, done.objects, done.failed) == (True, 1, 1, 0)
    desk = retention_desk(archive)
    lock = desk.why(LOCAL_ACTOR, OPERATIONS, inside).lock
    wanted = (LockMode.COMPLIANCE, now + timedelta(days=2))
    assert (lock.mode, lock.until) == (lock.held_mode, lock.held_until) == wanted
    for free in (ended, outside):
        lock = desk.why(LOCAL_ACTOR, OPERATIONS, free).lock
        assert (lock.mode, lock.held_mode) == (None, None)
    retention = archive.bucket.stat(segment_of(archive, inside)).retention
    assert retention is not None and retention.until >= wanted[1]
    assert faults(archive) == []
    # The questions above were events too: nothing of them is to be locked.
    archive.follow()
    assert locker.run().records == 0
    (state,) = [each for each in archive.health().followers if each.name == "locks"]
    assert state.lag == 0


def test_what_comes_in_or_changes_is_locked_by_the_next_run(
    archive: Archive, locker: Locker
) -> None:
    in_force(archive, scope="fee", minimum="3d", lock="governance")
    archive.follow()
    locker.run()
    new = recent(archive, "1", "the fee", hours=1)
    first = retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, new)
    assert first.lock.held_mode is None
    assert any("are to be locked" in step for step in first.steps)
    (state,) = [each for each in archive.health().followers if each.name == "locks"]
    assert state.lag > 0
    archive.follow()
    assert locker.run().records == 1
    # The policy gets longer: what is locked already is locked for longer.
    in_force(archive, scope="fee", minimum="6d", lock="compliance")
    archive.follow()
    assert locker.run().objects == 1
    lock = retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, new).lock
    assert (lock.held_mode, lock.held_until) == (LockMode.COMPLIANCE, lock.until)
    # An edit takes no record out of the scope of a minimum.
    assert recent(archive, "1", "lunch", hours=1) == new
    assert locker.run(anew=True).records == 1
    # It ends: nothing is unlocked.
    governance_of(archive).disable(LOCAL_ACTOR, "plain")
    in_force(archive, name="other", maximum="1y")
    assert locker.run(anew=True).records == 1


def test_a_purge_leaves_what_is_locked_and_says_until_when(
    archive: Archive, locker: Locker, clock: MovableClock
) -> None:
    now = archive.clock.now().replace(microsecond=0)
    ids = [recent(archive, str(days), "the fee", days=days) for days in (1, 2, 3)]
    in_force(archive, minimum="4d", maximum="4d", lock="compliance")
    archive.follow()
    assert locker.run().records == 3
    due = clock.now() + timedelta(days=9)
    dry = desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS, due)
    assert (dry.planned, dry.kept, dry.locked_until) == (0, {"locked": 3}, now + timedelta(days=1))
    with pytest.raises(LockedError):
        rows = archive.pointers.select_pointers_of(ids)
        archive.eraser.erase(rows, actor="local", ground="by hand")
    clock.move(days=2, seconds=1)
    done = desk(archive).run(LOCAL_ACTOR, due)
    assert (done.destroyed, done.kept, done.problems) == (2, {"locked": 1}, ())
    assert done.locked_until == now + timedelta(days=3)
    assert states(archive, ids) == ["Loaded", "GoneError", "GoneError"]
    assert done.certificate is not None
    told = desk(archive).certificate(LOCAL_ACTOR, done.certificate).certificate
    assert (told.kept, told.locked_until) == ({"locked": 1}, done.locked_until)
    assert desk(archive).purges(LOCAL_ACTOR, 9).purges[0].locked_until == done.locked_until
    clock.move(days=1)
    assert desk(archive).run(LOCAL_ACTOR, due).destroyed == 1


def test_a_lock_that_somebody_lifted_is_found(archive: Archive, locker: Locker) -> None:
    record_id = recent(archive, "1", "the fee", hours=1)
    in_force(archive, minimum="60d", lock="governance")
    archive.follow()
    locker.run()
    name = segment_of(archive, record_id)
    data = archive.bucket.get(name)
    (each,) = archive.bucket.versions(name)
    unlock(archive, name, each.version)
    archive.bucket.put(name, data)
    assert faults(archive) == [("lock", name)]
    assert locker.run(anew=True).records == 1
    assert faults(archive) == []


def unlock(archive: Archive, name: str, version: str) -> None:
    """Destroy a version past its lock, as whoever may bypass governance can."""
    clock = archive.clock
    assert isinstance(clock, MovableClock)
    clock.move(days=999)
    archive.bucket.delete(name, version=version)
    clock.move(days=-999)


def test_a_run_that_is_cut_off_goes_on_where_it_was(
    archive: Archive, locker: Locker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [recent(archive, str(number), "the fee", hours=1) for number in range(5)]
    in_force(archive, minimum="3d", lock="governance")
    archive.follow()
    monkeypatch.setattr("policies.locks.locker._PAGE", 2)
    secure, calls = archive.securing.secure, []

    def dying(needs):
        calls.append(len(needs))
        if len(calls) == 2:
            raise UnavailableError("The bucket was told to fail.")
        return secure(needs)

    monkeypatch.setattr(archive.securing, "secure", dying)
    with pytest.raises(UnavailableError):
        locker.run()
    assert locker.run().records == 3
    assert [archive.securing.locks(each).held is None for each in ids] == [False] * 5


def test_what_cannot_be_read_is_told_and_tried_again(
    archive: Archive, locker: Locker, clock: MovableClock
) -> None:
    record_id = recent(archive, "1", "the fee", hours=1)
    in_force(archive, minimum="60d", lock="governance")
    archive.follow()
    name = segment_of(archive, record_id)
    data = archive.bucket.get(name)
    (each,) = archive.bucket.versions(name)
    archive.bucket.delete(name, version=each.version)
    assert locker.run().failed == 1
    assert any("could not be locked" in note for note in archive.health().notes)
    archive.bucket.put(name, data)
    assert locker.run().records == 0
    clock.move(days=1, minutes=1)
    assert locker.run().records == 1
    assert not any("could not be locked" in note for note in archive.health().notes)


def test_a_simulation_says_what_would_be_locked(archive: Archive, locker: Locker) -> None:
    now = archive.clock.now().replace(microsecond=0)
    for days in (1, 2, 5):
        recent(archive, str(days), "the fee", days=days)
    simulate = retention_desk(archive).simulate
    wanted = terms(minimum="4d", lock="compliance", delay="0d", grace="0d")
    lock = simulate(LOCAL_ACTOR, OPERATIONS, wanted).lock
    assert (lock.records, lock.evidence, lock.locked_keys) == (2, 2, 2)
    assert (lock.first_until, lock.last_until) == (
        now + timedelta(days=2),
        now + timedelta(days=3),
    )
    assert "cannot be undone" in lock.warning
    none = simulate(LOCAL_ACTOR, OPERATIONS, terms(minimum="4d")).lock
    assert (none.records, none.warning) == (0, "")
    in_force(archive, minimum="4d", lock="compliance")
    assert simulate(LOCAL_ACTOR, OPERATIONS, wanted).lock.records == 0


def test_the_job_of_the_worker_locks(archive: Archive, locker: Locker) -> None:
    job = next(
        job for job in schedule_of(archive, lambda said: None)._jobs if job.name == "lock-records"
    )
    assert job.run(_Never()) == ""  # type: ignore[arg-type]
    recent(archive, "1", "the fee", hours=1)
    in_force(archive, minimum="3d", lock="governance")
    archive.follow()
    assert job.run(_Never()).startswith("1 records are locked")  # type: ignore[arg-type]


class _Never:
    def is_set(self) -> bool:
        return False


def test_a_lock_needs_a_minimum_that_is_not_too_long(archive: Archive) -> None:
    governance = governance_of(archive)
    with pytest.raises(InvalidError, match="demands none"):
        governance.propose(LOCAL_ACTOR, terms(maximum="3y", lock="compliance"))
    with pytest.raises(InvalidError, match="MUNIMENT_LOCK_MAXIMUM"):
        governance.propose(LOCAL_ACTOR, terms(minimum="13y", lock="governance"))
    assert not governance.propose(LOCAL_ACTOR, terms(minimum="13y")).versions[-1].shortens


def test_dropping_or_softening_a_lock_shortens(archive: Archive) -> None:
    hard, soft, none = (
        terms(minimum="4d", lock=lock, delay="0d") for lock in ("compliance", "governance", "none")
    )
    assert "governance in place of compliance" in why_it_shortens(hard, soft)
    assert "none in place of governance" in why_it_shortens(soft, none)
    assert why_it_shortens(none, soft) == why_it_shortens(soft, hard) == ""
    governance = governance_of(archive)
    governance.propose(LOCAL_ACTOR, soft)
    governance.lock(LOCAL_ACTOR, "plain")
    with pytest.raises(LockedError, match="the lock becomes none"):
        governance.propose(LOCAL_ACTOR, none)
    governance.propose(LOCAL_ACTOR, hard)


def test_retentions_say_no_more_than_the_policies(archive: Archive, locker: Locker) -> None:
    """Of two policies the hardest mode and the latest end; never past the earliest deletion."""
    now = archive.clock.now().replace(microsecond=0)
    record_id = recent(archive, "1", "the fee", days=1)
    in_force(archive, name="long", minimum="9d", maximum="9d", lock="governance")
    in_force(archive, name="hard", minimum="3d", lock="compliance")
    archive.follow()
    locker.run()
    held = archive.securing.locks(record_id).held
    assert held == Retention(LockMode.COMPLIANCE, now + timedelta(days=8))


def test_a_minimum_without_an_end_is_locked_ahead_and_prolonged(
    archive: Archive, locker: Locker, clock: MovableClock
) -> None:
    record_id = recent(archive, "1", "the fee", hours=1)
    in_force(archive, clock="event:left", minimum="3d", lock="governance")
    archive.follow()
    year = timedelta(days=365)
    assert locker.run().records == 1
    first = archive.securing.locks(record_id).held
    assert first is not None and year <= first.until - clock.now() <= year + timedelta(days=32)
    clock.move(days=150)
    assert locker.run().records == 0
    clock.move(days=40)
    assert locker.run().objects == 1
    second = archive.securing.locks(record_id).held
    assert second is not None and second.until - clock.now() >= year
    assert first.until < second.until


def test_locks_reach_no_further_than_the_setting_and_are_prolonged(
    tmp_path: Path, clock: MovableClock
) -> None:
    create_archive(settings(tmp_path), clock=clock)
    with open_archive(settings(tmp_path), clock=clock) as archive:
        archive.follow()
        record_id = recent(archive, "1", "the fee", hours=1)
        in_force(archive, minimum="3y", lock="governance")
    home = str(settings(tmp_path).home)
    shorter = Settings.load({"MUNIMENT_HOME": home, "MUNIMENT_LOCK_MAXIMUM": "1y"}, tmp_path)
    with open_archive(shorter, clock=clock) as archive:
        archive.follow()
        assert locker_of(archive).run().records == 1
        held = archive.securing.locks(record_id).held
        assert held is not None
        assert held.until - clock.now() <= timedelta(days=366 + 31)
        clock.move(days=190)
        assert locker_of(archive).run().objects == 1


def test_keys_that_were_shredded_are_locked_again_under_the_new_ones(
    tmp_path: Path, clock: MovableClock
) -> None:
    create_archive(settings(tmp_path), clock=clock)
    with open_archive(settings(tmp_path), clock=clock) as archive:
        archive.follow()
        record_id = recent(archive, "1", "the fee", hours=1)
        in_force(archive, minimum="60d", lock="compliance")
        archive.follow()
        locker_of(archive).run()
        kek = named_kek(archive.settings.kek, {})
        shred = partial(archive.shredder.shred, actor="local", before=[kek], after=[kek])
        # A run that comes in between takes what there is for good; the next one does not.
        between = iter([True])

        def progress(doing: str, count: int) -> None:
            if next(between, False):
                locker_of(archive).run(anew=True)

        done = shred(frozenset({1}), progress=progress)
        assert done.dropped == (1,)
        assert faults(archive) == []
        (row,) = archive.pointers.select_pointers_of([record_id])
        segment_id = row.pointer.segment_id
        locked = partial(all_locked_keys, archive.bucket, archive.held_keyring, segment_id)
        assert locked() == {}
        archive.follow()
        assert locker_of(archive).run().objects == 1
        assert list(locked()) == [row.pointer.slot]
        assert faults(archive) == []


def test_keys_that_somebody_puts_back_are_found(
    archive: Archive, locker: Locker, clock: MovableClock
) -> None:
    record_id = recent(archive, "1", "the fee", days=1)
    in_force(archive, minimum="2d", maximum="2d", lock="governance")
    archive.follow()
    locker.run()
    (name,) = [each for each in archive.bucket.names("keys/") if each.endswith(".locked")]
    data = archive.bucket.get(name)
    clock.move(days=1, seconds=1)
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
    assert faults(archive) == []
    archive.bucket.put(name, data)
    assert sorted(kind for kind, _ in faults(archive)) == ["keys", "lock"]
    # Readers never take them: the record stays erased.
    assert states(archive, [record_id]) == ["GoneError"]
