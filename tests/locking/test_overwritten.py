"""What somebody puts over an object, or hides, changes nothing for those who read it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from archive.bucket.fake import FakeBucket
from archive.bucket.names import blob_name
from archive.clock import SystemClock
from archive.errors import CorruptError
from archive.events.blobs import BlobStore
from archive.events.groups import Group
from archive.events.mapper import EventMapper
from archive.events.opener import DamagedEvent, OpenedEvent
from archive.events.sealer import PlainEvent
from tests.events.parts import Parts, assemble

Attack = Callable[[FakeBucket, str], None]


def hide(bucket: FakeBucket, name: str) -> None:
    bucket.delete(name)


def put_nothing(bucket: FakeBucket, name: str) -> None:
    bucket.put(name, b"")


def flip(bucket: FakeBucket, name: str) -> None:
    data = bytearray(bucket.get(name))
    data[-40] ^= 1
    data[len(data) // 2] ^= 1
    bucket.put(name, bytes(data))


def put_another(bucket: FakeBucket, name: str) -> None:
    folder = name.partition("/")[0]
    other = next(each for each in bucket.names(f"{folder}/") if each != name)
    bucket.put(name, bucket.get(other))


def twice(bucket: FakeBucket, name: str) -> None:
    flip(bucket, name)
    hide(bucket, name)


def committed(folder: Path) -> Parts:
    parts = assemble(folder)
    for count in (3, 1):
        parts.committer.commit(
            Group(
                [
                    PlainEvent(uuid4().bytes, 1, "interaction.captured", b"said" * 200, b"whose")
                    for _ in range(count)
                ]
            )
        )
    return parts


@pytest.mark.parametrize("prefix", ["segments/", "keys/"])
@pytest.mark.parametrize("attack", [hide, put_nothing, flip, put_another, twice])
def test_events_open_as_before(tmp_path: Path, prefix: str, attack: Attack) -> None:
    parts = committed(tmp_path)
    name = next(iter(parts.bucket.names(prefix)))
    attack(parts.bucket, name)
    opened = list(parts.opener.open_each(parts.pointers.select_pointers_from(None, 10)))
    assert [each.evidence for each in opened if isinstance(each, OpenedEvent)] == [
        b"said" * 200
    ] * 4
    parts.close()


def test_an_older_version_that_is_wrong_too_helps_nobody(tmp_path: Path) -> None:
    parts = committed(tmp_path)
    name = next(iter(parts.bucket.names("segments/")))
    (whole,) = parts.bucket.versions(name)
    parts.bucket.put(name, bytes(500))
    parts.bucket.delete(name, version=whole.version)
    parts.bucket.put(name, b"")
    opened = list(parts.opener.open_each(parts.pointers.select_pointers_from(None, 10)))
    assert [isinstance(each, DamagedEvent) for each in opened] == [True, True, True, False]
    parts.close()


@pytest.mark.parametrize("keep", [0, 10, 1_500_000], ids=["none of it", "its head", "a chunk"])
def test_a_blob_is_read_as_it_was(tmp_path: Path, keep: int) -> None:
    parts = assemble(tmp_path)
    blobs = BlobStore(
        parts.bucket, parts.keyring, SystemClock(), parts.pointers, parts.opener, EventMapper()
    )
    data = SystemClock().random_bytes(2_500_000)
    kept = blobs.keep(data, hashlib.sha256(data).digest())
    name = blob_name(bytes.fromhex(kept.place.digest), kept.place.id)
    sealed = parts.bucket.get(name)
    parts.bucket.put(name, sealed[:keep] + bytes(len(sealed) - keep))
    assert b"".join(blobs.read(kept.place, kept.key, UUID(int=1))) == data
    parts.bucket.delete(name)
    assert b"".join(blobs.read(kept.place, kept.key, UUID(int=1))) == data
    for each in list(parts.bucket.versions(name)):
        if each.size == len(sealed) and parts.bucket.get(name, version=each.version) == sealed:
            parts.bucket.delete(name, version=each.version)
    with pytest.raises(CorruptError, match=name):
        b"".join(blobs.read(kept.place, kept.key, UUID(int=1)))
    parts.close()
