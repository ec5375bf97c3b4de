"""Locked keys: objects beside a segment's key object, which hold some of its keys under a lock.

A policy's lock is on these (docs/formats.md, "Locked keys"), never on the key object itself, which
is written anew whenever a key is destroyed. They are written once, and destroyed as a whole with
the first of their keys that must go, which is never before their lock has ended.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from uuid import UUID

from archive.bucket.names import (
    is_locked_keys_name,
    keys_prefix,
    locked_keys_name,
    parse_locked_keys_name,
)
from archive.bucket.port import Bucket, Retention, VersionInfo
from archive.clock import Clock
from archive.errors import CorruptError, NotFoundError
from archive.events.commit_records import put_again
from archive.sealing.keys import EpochKeys, KeyObject, open_keys, seal_keys


def locked_keys_of(versions: Iterable[VersionInfo]) -> list[VersionInfo]:
    """Return those of a listing of keys that are locked keys, without delete markers."""
    return [each for each in versions if is_locked_keys_name(each.name) and not each.delete_marker]


def open_locked_keys(bucket: Bucket, keyring: EpochKeys, found: VersionInfo) -> Mapping[int, bytes]:
    """Return the keys by slot in a version of locked keys.

    Raises:
        CorruptError: it does not open, or is another object than its name says.
        NotFoundError: it has gone.
    """
    segment_id, object_id, _ = parse_locked_keys_name(found.name)
    opened = open_keys(bucket.get(found.name, version=found.version), keyring)
    if (opened.segment_id, opened.object_id) != (segment_id, object_id):
        raise CorruptError(f"{found.name} holds another key object.")
    return opened.keys


def all_locked_keys(bucket: Bucket, keyring: EpochKeys, segment_id: UUID) -> dict[int, bytes]:
    """Return the keys by slot in all locked keys of a segment that open."""
    keys: dict[int, bytes] = {}
    for each in locked_keys_of(bucket.versions(keys_prefix(segment_id))):
        try:
            keys.update(open_locked_keys(bucket, keyring, each))
        except (CorruptError, NotFoundError):
            continue
    return keys


def put_locked_keys(
    bucket: Bucket,
    keyring: EpochKeys,
    clock: Clock,
    of: KeyObject,
    slots: Iterable[int],
    lock: Retention,
) -> None:
    """Put some keys of a segment's key object under a lock in one of their own, and read it back.

    They stay under the epoch that they are under there: what is erased later names that epoch, or
    a later one, as the newest that the key was ever under.

    Raises CorruptError where it does not come back as it was written.
    """
    object_id = clock.uuid7()
    name = locked_keys_name(of.segment_id, object_id, lock)
    data = seal_keys(
        keyring.archive_id,
        of.segment_id,
        object_id,
        of.epoch,
        keyring.epoch_key(of.epoch),
        {slot: of.keys[slot] for slot in slots},
    )

    put_again(partial(bucket.put, retention=lock), name, data, clock)
    if bucket.get(name) != data:
        raise CorruptError(f"{name} does not come back as it was written.")
