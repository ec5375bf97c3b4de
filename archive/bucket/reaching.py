"""Extending the lock of an object: longer or harder, never the other way."""

from archive.bucket.port import Bucket, LockMode, Retention
from archive.errors import LockedError


def joined(held: Retention | None, wanted: Retention) -> Retention:
    """Return the shortest and softest retention that is neither shorter nor softer than either.

    A version has one retention only: a long governance lock and a short compliance one become a
    long compliance one.
    """
    if held is None:
        return wanted
    compliance = LockMode.COMPLIANCE in (held.mode, wanted.mode)
    mode = LockMode.COMPLIANCE if compliance else LockMode.GOVERNANCE
    return Retention(mode, max(held.until, wanted.until))


def reach(bucket: Bucket, name: str, retention: Retention) -> int:
    """Lock every version of an object at least so long and so hard; return how many there are.

    All of them, because whoever may write to the bucket can put another version over the one that
    counts. Idempotent. Raises `UnavailableError`, and `InvalidError` for a retention that has
    ended.
    """
    count = 0
    for each in bucket.versions(name):
        if each.name != name or each.delete_marker:
            continue
        count += 1
        try:
            bucket.extend_retention(name, each.version, retention)
        except LockedError:
            held = bucket.stat(name, version=each.version).retention
            wanted = joined(held, retention)
            if wanted != held:
                bucket.extend_retention(name, each.version, wanted)
    return count
