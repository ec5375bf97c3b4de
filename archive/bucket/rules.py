"""The rules that every bucket keeps alike: names, ranges and locks. Pure functions."""

import re
from datetime import datetime

from archive.bucket.port import LockMode, Retention
from archive.errors import CorruptError, InvalidError, LockedError

LONGEST_NAME = 512
LONGEST_SEGMENT = 200

_SEGMENT = r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*"
_NAME = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*", re.ASCII)
_PREFIX = re.compile(rf"(?:{_SEGMENT}/)*(?:{_SEGMENT})?", re.ASCII)
_HARDNESS = {LockMode.GOVERNANCE: 0, LockMode.COMPLIANCE: 1}


def check_name(name: str) -> None:
    """Raise `InvalidError` unless `name` can stand for an object in every store.

    No segment begins with a dot, so there is no way out of a folder (`..`), no hidden file, and
    room for an implementation's own files. Lengths are those that filesystems (255 bytes a
    segment) and S3 (1,024 a key) take with room for their additions.
    """
    if not _NAME.fullmatch(name):
        raise InvalidError(
            f"{name!r} cannot name an object: use letters, digits and . _ = - in segments "
            "joined by single slashes, none of which begins with a dot."
        )
    _check_length(name)


def check_prefix(prefix: str) -> None:
    """Raise `InvalidError` unless `prefix` can begin a name; the empty one begins them all."""
    if not _PREFIX.fullmatch(prefix):
        raise InvalidError(f"{prefix!r} cannot begin the name of an object.")
    _check_length(prefix)


def _check_length(name: str) -> None:
    if len(name) > LONGEST_NAME or max(map(len, name.split("/"))) > LONGEST_SEGMENT:
        raise InvalidError(
            f"{name[:40]!r}… is too long: at most {LONGEST_NAME} characters, "
            f"{LONGEST_SEGMENT} between slashes."
        )


def check_range(offset: int, length: int) -> None:
    """Raise `InvalidError` for a range that no object can have."""
    if offset < 0 or length < 0:
        raise InvalidError("A range of an object begins and ends at 0 or later.")


def whole_range(name: str, offset: int, length: int, found: bytes) -> bytes:
    """Return `found`, or raise `CorruptError` when the object `name` ended before the range did."""
    if len(found) != length:
        raise CorruptError(
            f"{name} ends inside the range of {length} bytes from byte {offset}: it was cut short."
        )
    return found


def check_not_ended(retention: Retention | None, now: datetime) -> None:
    """Raise `InvalidError` for a retention that would protect nothing any more."""
    if retention is not None and retention.until <= now:
        raise InvalidError(
            f"A retention until {retention.until.isoformat()} has ended already; "
            f"the bucket's time is {now.isoformat()}."
        )


def check_destroyable(
    name: str, retention: Retention | None, legal_hold: bool, now: datetime
) -> None:
    """Raise `LockedError` while a legal hold or an unfinished retention protects a version."""
    if legal_hold:
        raise LockedError(f"{name} is under a legal hold in the bucket.")
    if retention is not None and retention.until > now:
        raise LockedError(
            f"{name} is under {retention.mode} retention until {retention.until.isoformat()}.",
            until=retention.until,
        )


def check_extension(name: str, old: Retention | None, new: Retention, now: datetime) -> None:
    """Raise unless `new` may take the place of `old`.

    A retention that has ended binds nobody, so anything that has not ended may follow it.
    Raises `InvalidError` when `new` has ended and `LockedError` when it would be shorter or weaker
    than one in force.
    """
    if old is not None and old.until > now:
        shorter = new.until < old.until
        weaker = _HARDNESS[new.mode] < _HARDNESS[old.mode]
        if shorter or weaker:
            raise LockedError(
                f"{name} is under {old.mode} retention until {old.until.isoformat()}, "
                "which can be made longer or harder only."
            )
    check_not_ended(new, now)
