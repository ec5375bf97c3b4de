"""The jobs that there are (docs/operations.md, "Jobs")."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from threading import Event
from uuid import UUID

from archive.errors import UnavailableError
from archive.events.purge_events import AUDIT_TRAIL
from archive.opening import Archive
from policies.access_requests.opening import searching_of as access_searching_of
from policies.erasures.opening import executor_of, searching_of
from policies.holds.mirror import hold_mirror
from policies.locks.locker import locker_of
from policies.policy import SCHEDULE
from policies.purging.answers import PurgeAnswer
from policies.purging.opening import obligations_of, purger_of, supplementing_of, trail_purger_of
from policies.purging.purger import Purger
from policies.reviewing.desk import disposition_keeper
from policies.reviewing.keeper import DispositionKeeper
from policies.rules import rule_reader
from policies.schedule import Job, Schedule

Purgers = tuple[Purger[UUID], Purger[int]]


def schedule_of(archive: Archive, say: Callable[[str], None]) -> Schedule:
    """Return the schedule of an archive; it begins when its worker leads."""
    # The trail follows the records, whose purge leaves entries of its own.
    purgers = (purger_of(archive, follows=False), trail_purger_of(archive, follows=False))
    keeper = disposition_keeper(archive, follows=False)
    jobs = [
        Job("finish-purge", timedelta(minutes=1), lambda stop: _finish_purges(purgers, stop)),
        Job("obligations", timedelta(minutes=15), lambda stop: _oblige(archive, stop)),
        Job("dispositions", timedelta(hours=1), lambda stop: _dispose(keeper, stop)),
        Job("purge", timedelta(days=1), lambda stop: _purge(purgers, stop)),
        Job("finish-erasures", timedelta(minutes=1), lambda stop: _carry_out(archive, stop)),
        Job("find-for-erasures", timedelta(hours=1), lambda _: _find(archive)),
        Job("find-for-access-requests", timedelta(hours=1), lambda _: _find_for_access(archive)),
        Job("lock-records", timedelta(minutes=1), lambda stop: _lock_records(archive, stop)),
        Job("mirror-holds", timedelta(minutes=1), lambda stop: _mirror(archive, stop)),
        Job("collect", timedelta(days=1), lambda stop: _collect(archive, stop)),
        Job("erase", timedelta(days=1), lambda _: _erase(archive)),
        Job("supplement", timedelta(days=1), lambda _: _supplement(archive)),
        Job("pack", timedelta(days=1), lambda stop: _pack(archive, stop)),
        Job("lock-log", timedelta(days=1), lambda stop: _lock_log(archive, stop)),
        Job("timestamp", timedelta(hours=1), lambda stop: _timestamp(archive, stop)),
    ]
    return Schedule(jobs, archive.jobs, archive.clock, say)


def _oblige(archive: Archive, stop: Event) -> str:
    book = rule_reader(archive).readable()
    obligations_of(archive).settle(book, archive.clock.now(), stop.is_set)
    return ""


def _dispose(keeper: DispositionKeeper, stop: Event) -> str:
    kept = keeper.keep(SCHEDULE, None, stop.is_set)
    if not kept.opened:
        return ""
    return f"{kept.records} records wait for a disposition review, which began now."


def _finish_purges(purgers: Purgers, stop: Event) -> str:
    return _purged([purger.finish(stop.is_set) for purger in purgers])


def _purge(purgers: Purgers, stop: Event) -> str:
    return _purged([purger.run(SCHEDULE, None, stopped=stop.is_set) for purger in purgers])


def _purged(answers: Iterable[PurgeAnswer | None]) -> str:
    told = (_destroyed(done) for done in answers if done is not None)
    return " ".join(each for each in told if each)


def _destroyed(done: PurgeAnswer) -> str:
    what = "entries of the audit trail" if done.of == AUDIT_TRAIL else "records"
    if done.problems:
        # It fails, so that health tells of it until everything is destroyed.
        raise UnavailableError(
            f"Of purge {done.id} {done.failed} {what} are condemned and not destroyed yet: "
            + " ".join(done.problems)
        )
    if not done.destroyed:
        return ""
    return f"Purge {done.id} has destroyed {done.destroyed} {what}."


def _carry_out(archive: Archive, stop: Event) -> str:
    problems = executor_of(archive, follows=False).finish(stop.is_set)
    if problems:
        # It fails, so that health tells of it until everything is destroyed.
        raise UnavailableError(
            "Of a case of erasure records are not destroyed yet: " + " ".join(problems)
        )
    return ""


def _find(archive: Archive) -> str:
    found = searching_of(archive, follows=False).find_all()
    return f"Of {found} cases of erasure there is more to decide." if found else ""


def _find_for_access(archive: Archive) -> str:
    found = access_searching_of(archive, follows=False).find_all()
    return f"Of {found} requests for access there is more to decide." if found else ""


def _lock_records(archive: Archive, stop: Event) -> str:
    done = locker_of(archive).run(stop.is_set)
    if not done.objects:
        return ""
    return f"{done.records} records are locked as policies demand, by {done.objects} new objects."


def _mirror(archive: Archive, stop: Event) -> str:
    held, lifted = hold_mirror(archive).run(stop.is_set)
    parts = []
    if held:
        parts.append(f"{held} objects in the bucket are under a legal hold now.")
    if lifted:
        parts.append(f"{lifted} objects in the bucket are free of legal holds now.")
    return " ".join(parts)


def _collect(archive: Archive, stop: Event) -> str:
    done = archive.collector.collect(stop.is_set)
    parts = list(done.doubts)
    if done.removed:
        parts.append(f"{done.removed} orphans were removed from the bucket.")
    if done.locked:
        parts.append(f"{len(done.locked)} orphans are left, because they are locked.")
    return " ".join(parts)


def _erase(archive: Archive) -> str:
    parts = archive.eraser.resume_overdue()
    gone, locked = archive.eraser.destroy_condemned_blobs()
    if gone:
        parts.append(f"{gone} blobs of erased records were destroyed, whose locks have ended.")
    if locked:
        parts.append(f"{locked} blobs of erased records are left, because they are locked.")
    return " ".join(parts)


def _supplement(archive: Archive) -> str:
    done = supplementing_of(archive).issue()
    return f"{len(done)} certificates were supplemented after a shredding." if done else ""


def _pack(archive: Archive, stop: Event) -> str:
    done = archive.packer.pack(stopped=stop.is_set)
    parts = list(done.left)
    if done.packs:
        parts.append(f"{done.segments} segments were packed into {done.packs}.")
    return " ".join(parts)


def _lock_log(archive: Archive, stop: Event) -> str:
    count = archive.log_locks.extend(stop.is_set)
    return f"{count} objects of the log are locked for longer." if count else ""


def _timestamp(archive: Archive, stop: Event) -> str:
    done = archive.timestamps.stamp(stop.is_set)
    if done is None:
        return ""
    return (
        f"The checkpoint of {done.size} entries has a timestamp of {done.time:%Y-%m-%dT%H:%M:%SZ}."
    )
