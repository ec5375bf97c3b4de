"""The jobs that there are (docs/operations.md, "Jobs")."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event

from archive.opening import Archive
from policies.schedule import Job, Schedule


def schedule_of(archive: Archive, say: Callable[[str], None]) -> Schedule:
    """Return the schedule of an archive; it begins when its worker leads."""
    jobs = [
        Job("collect", timedelta(days=1), lambda stop: _collect(archive, stop)),
        Job("erase", timedelta(days=1), lambda _: _erase(archive)),
        Job("pack", timedelta(days=1), lambda stop: _pack(archive, stop)),
        Job("lock-log", timedelta(days=1), lambda stop: _lock_log(archive, stop)),
        Job("timestamp", timedelta(hours=1), lambda stop: _timestamp(archive, stop)),
    ]
    return Schedule(jobs, archive.jobs, archive.clock, say)


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
