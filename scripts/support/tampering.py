"""Ways to tamper with an archive, each by somebody who may write where it stands.

Each takes a copy of an archive apart with the archive's own formats, as somebody with its key
would, or without. `KINDS` says of each which kind of fault `muniment verify --full` must name.
"""

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from archive.bucket.names import (
    KEYS,
    LOG_CHECKPOINT,
    LOG_VKEY,
    SEGMENTS,
    checkpoint_name,
    commit_name,
    keyring_name,
    keys_name,
    parse_segment_name,
)
from archive.bucket.port import Bucket
from archive.clock import SystemClock
from archive.creating import create_archive
from archive.keyrings import unlock
from archive.log.checkpoint import Checkpoint
from archive.log.note import Signer
from archive.log.publisher import log_signer
from archive.model.roles import LOCAL_ACTOR
from archive.opening import open_archive
from archive.sealing.commit import (
    COMMIT_MAC_LABEL,
    CommitRecord,
    decode_commit_record,
    encode_commit_record,
)
from archive.sealing.frame import open_frame, seal_frame
from archive.sealing.kek import parse_kek
from archive.sealing.keyring import Keyring, seal_keyring
from archive.sealing.keys import open_keys, seal_keys
from archive.sealing.segment import build_segment, parse_segment
from archive.settings import Settings

CLOCK = SystemClock()
OLD_KEYS = "old.keys"
OLD_CHECKPOINT = "old.checkpoint"


def settings_of(home: Path) -> Settings:
    """Return the settings of an embedded archive, whatever the environment says."""
    return Settings.load({"MUNIMENT_HOME": str(home)}, home.parent)


def fill(home: Path) -> None:
    """Make an archive with a bit of everything: a full tile, blobs, an erasure, checkpoints.

    Beside the home stand an older checkpoint, and the key object from before the erasure.
    """
    settings = settings_of(home)
    create_archive(settings, environ={}, clock=CLOCK)
    with open_archive(settings, environ={}, clock=CLOCK) as archive:
        capture = archive.intake.capture
        erased = [each.id for each in capture(LOCAL_ACTOR, [_line(n) for n in range(150)])]
        archive.publish()
        bucket, _ = unlock(settings, {}, CLOCK)
        (home.parent / OLD_CHECKPOINT).write_bytes(bucket.get(LOG_CHECKPOINT))
        capture(LOCAL_ACTOR, [_line(n) for n in range(150, 300)])
        capture(LOCAL_ACTOR, [_line(n, size=100_000) for n in range(300, 302)])
        assert erased[7] is not None
        row = archive.pointers.select_pointers_of([erased[7]])[0]
        keys_id = archive.pointers.keys_of(row.pointer.segment_id)
        assert keys_id is not None
        old = keys_name(row.pointer.segment_id, keys_id)
        (home.parent / OLD_KEYS).write_text(
            json.dumps({"name": old, "data": bucket.get(old).hex()})
        )
        archive.eraser.erase_records([erased[7]], actor="local", ground="case 12")
        archive.publish()
        archive.follow()


def _line(number: int, size: int = 40) -> bytes:
    """Return an interaction; one of 100,000 letters has an original that stands in a blob."""
    drawn = random.Random(number)
    document = {
        "source": "desk",
        "native_id": str(number),
        "channel": "chat",
        "occurred_at": "2024-05-01T09:00:00+02:00",
        "participants": [{"role": "author", "address": "ann@example.com"}],
        "text": "".join(drawn.choices("abcdefgh ", k=size)),
    }
    return json.dumps(document).encode()


@dataclass(frozen=True)
class Target:
    """A copy of an archive, to be tampered with, and where its older pieces are."""

    home: Path
    older: Path

    @property
    def root(self) -> Path:
        """The bucket's folder."""
        return self.home / "bucket"

    def unlocked(self) -> tuple[Bucket, Keyring]:
        """Open bucket and keyring."""
        return unlock(settings_of(self.home), {}, CLOCK)

    def names(self, prefix: str) -> list[str]:
        """Return the names of objects."""
        return list(self.unlocked()[0].names(prefix))

    def path(self, name: str) -> Path:
        """Return the file of an object."""
        return self.root / name

    def write(self, name: str, data: bytes) -> None:
        """Write an object's file behind the back of the bucket."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_bytes(data)

    def flip(self, name: str, place: int = -1) -> None:
        """Change one bit of an object; a negative place is counted from its end."""
        data = bytearray(self.path(name).read_bytes())
        data[place] ^= 4
        self.write(name, bytes(data))

    def segments(self) -> list[str]:
        """Return the names of the segments by how many frames they have, the most last."""
        return sorted(
            self.names(SEGMENTS),
            key=lambda name: len(parse_segment(self.path(name).read_bytes()).frames),
        )

    def rebuilt(self, name: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Put a validly built segment with other frames in the place of one."""
        segment = parse_segment(self.path(name).read_bytes())
        frames = change([bytes(frame) for frame in segment.frames])
        built = build_segment(segment.archive_id, segment.segment_id, segment.lock_class, frames)
        self.write(name, built.data)

    def keys_of(self, segment: str) -> str:
        """Return the name of a segment's key object."""
        return self.names(f"{KEYS}{parse_segment_name(segment)}/")[0]

    def commits(self) -> list[CommitRecord]:
        """Return the commit records, in order."""
        _, keyring = self.unlocked()
        mac_key = keyring.derive(COMMIT_MAC_LABEL)
        return [
            decode_commit_record(self.path(name).read_bytes(), mac_key)
            for name in self.names("commits/")
        ]

    def large_commit(self) -> CommitRecord:
        """Return a commit of many events."""
        return max(self.commits(), key=lambda record: len(record.entries))

    def sql(self, file: str, statement: str) -> None:
        """Change something in SQL; it must change exactly one row."""
        connection = sqlite3.connect(self.home / file)
        with connection:
            changed = connection.execute(statement).rowcount
        connection.close()
        assert changed == 1, changed


def _name_of(record: CommitRecord) -> str:
    return commit_name(record.first_seq, record.record_id)


# Segments


def flip_frame(target: Target) -> None:
    """One bit of a frame."""
    target.flip(target.segments()[-1], 5000)


def flip_segment(target: Target) -> None:
    """One bit of a segment's own checksum."""
    target.flip(target.segments()[-1])


def swap_slots(target: Target) -> None:
    """Two frames of a segment change places."""
    target.rebuilt(target.segments()[-1], lambda frames: [frames[1], frames[0], *frames[2:]])


def swap_segments(target: Target) -> None:
    """A frame of one segment stands in another."""
    *_, one, other = target.segments()
    foreign = bytes(parse_segment(target.path(one).read_bytes()).frames[3])
    target.rebuilt(other, lambda frames: [*frames[:3], foreign, *frames[4:]])


def drop_frame(target: Target) -> None:
    """The last frame is left out of a validly built segment."""
    target.rebuilt(target.segments()[-1], lambda frames: frames[:-1])


def drop_segment(target: Target) -> None:
    """A segment is gone."""
    target.path(target.segments()[-1]).unlink()


def replace_segment(target: Target) -> None:
    """Somebody with all keys seals other words under the same record, and keys to fit."""
    _, keyring = target.unlocked()
    name = target.segments()[-1]
    keys = open_keys(target.path(target.keys_of(name)).read_bytes(), keyring)
    segment = parse_segment(target.path(name).read_bytes())
    frame = segment.frames[0]
    opened = open_frame(frame, keys.keys[0])
    header = opened.header
    new_key = CLOCK.random_bytes(32)
    forged = seal_frame(
        header.archive_id,
        header.originator_id,
        header.originator_version,
        header.event_type,
        opened.evidence.replace(b"a", b"b"),
        opened.custody,
        new_key,
    )
    target.rebuilt(name, lambda frames: [forged, *frames[1:]])
    _seal_keys(target, keyring, name, {**keys.keys, 0: new_key})


def _seal_keys(target: Target, keyring: Keyring, segment: str, keys: dict[int, bytes]) -> None:
    """Put another key object in the place of a segment's."""
    target.path(target.keys_of(segment)).unlink()
    segment_id, object_id = parse_segment_name(segment), CLOCK.uuid7()
    epoch = keyring.current_epoch
    data = seal_keys(
        keyring.archive_id, segment_id, object_id, epoch, keyring.epoch_key(epoch), keys
    )
    target.write(keys_name(segment_id, object_id), data)


def overwrite_segment(target: Target) -> None:
    """Another version is put over a segment, through the bucket's own door."""
    bucket, _ = target.unlocked()
    bucket.put(target.segments()[-1], b"nothing")


def hide_segment(target: Target) -> None:
    """A segment is hidden behind a delete marker."""
    bucket, _ = target.unlocked()
    bucket.delete(target.segments()[-1])


# Keys


def flip_keys(target: Target) -> None:
    """One bit of a key object."""
    target.flip(target.keys_of(target.segments()[-1]))


def drop_keys(target: Target) -> None:
    """A key object is gone, and no erasure says so."""
    target.path(target.keys_of(target.segments()[-1])).unlink()


def exchange_keys(target: Target) -> None:
    """The key object of another segment stands in the place of one."""
    *_, one, other = target.segments()
    data = target.path(target.keys_of(one)).read_bytes()
    target.write(target.keys_of(other), data)


def drop_slot(target: Target) -> None:
    """Somebody with the key destroys one record's key, and does not say so."""
    _, keyring = target.unlocked()
    segment = target.segments()[-1]
    keys = dict(open_keys(target.path(target.keys_of(segment)).read_bytes(), keyring).keys)
    del keys[max(keys)]
    _seal_keys(target, keyring, segment, keys)


def exchange_slots(target: Target) -> None:
    """Two keys of a key object change places, so that neither frame opens."""
    _, keyring = target.unlocked()
    segment = target.segments()[-1]
    keys = dict(open_keys(target.path(target.keys_of(segment)).read_bytes(), keyring).keys)
    first, second, *_ = sorted(keys)
    keys[first], keys[second] = keys[second], keys[first]
    _seal_keys(target, keyring, segment, keys)


def bring_back_key(target: Target) -> None:
    """The key object from before an erasure is put back."""
    old = json.loads((target.older / OLD_KEYS).read_text())
    target.write(old["name"], bytes.fromhex(old["data"]))


# Commit records


def flip_commit(target: Target) -> None:
    """One bit of a commit record."""
    target.flip(_name_of(target.large_commit()), 100)


def drop_commit(target: Target) -> None:
    """A commit record is gone."""
    target.path(_name_of(target.large_commit())).unlink()


def drop_newest_commit(target: Target) -> None:
    """The newest commit record is gone, of events that no checkpoint covers yet."""
    target.path(_name_of(target.commits()[-1])).unlink()


def copy_commit(target: Target) -> None:
    """A commit record stands under another id too."""
    record = target.large_commit()
    data = target.path(_name_of(record)).read_bytes()
    target.write(commit_name(record.first_seq, CLOCK.uuid7()), data)


def contradict_commit(target: Target) -> None:
    """Somebody with the key makes a second record, of other leaves, for the same events."""
    _, keyring = target.unlocked()
    record = target.large_commit()
    entries = [entry._replace(leaf_hash=bytes(32)) for entry in record.entries]
    _put_commit(target, keyring, replace(record, record_id=CLOCK.uuid7()), entries)


def forge_commit(target: Target) -> None:
    """A commit record made under another archive's key stands in the place of one."""
    _, keyring = target.unlocked()
    other = replace(keyring, identity_key=bytes(32))
    record = target.large_commit()
    _put_commit(target, other, record, list(record.entries))


def rewrite_commit(target: Target) -> None:
    """Somebody with the key changes a leaf hash in a commit record."""
    _, keyring = target.unlocked()
    record = target.large_commit()
    first, *rest = record.entries
    _put_commit(target, keyring, record, [first._replace(leaf_hash=bytes(32)), *rest])


def _put_commit(target: Target, keyring: Keyring, record: CommitRecord, entries: list) -> None:  # type: ignore[type-arg]
    data = encode_commit_record(
        keyring.archive_id, record.record_id, entries, keyring.derive(COMMIT_MAC_LABEL)
    )
    target.write(_name_of(record), data)


# The log


def flip_tile(target: Target) -> None:
    """One bit of a full tile."""
    target.flip("log/tile/0/000", 77)


def roll_tile_back(target: Target) -> None:
    """A full tile holds what it held while it was partial."""
    data = target.path("log/tile/0/000").read_bytes()
    target.write("log/tile/0/000", data[:-64])


def flip_partial_tile(target: Target) -> None:
    """One bit of the newest partial tile."""
    target.flip(next(iter(reversed(target.names("log/tile/0/001.p/")))))


def drop_tile(target: Target) -> None:
    """A full tile is gone."""
    target.path("log/tile/0/000").unlink()


def flip_bundle(target: Target) -> None:
    """One bit of an entry bundle."""
    target.flip("log/tile/entries/000", 40)


def fork_log(target: Target) -> None:
    """The right key signs another root."""
    _put_checkpoint(target, log_signer(target.unlocked()[1]), b"\7" * 32)


def sign_with_another_key(target: Target) -> None:
    """Another key signs a checkpoint in the log's name."""
    name = log_signer(target.unlocked()[1]).verifier.name
    _put_checkpoint(target, Signer(name, b"x" * 32), b"\7" * 32)


def _put_checkpoint(target: Target, signer: Signer, root: bytes) -> None:
    checkpoint = Checkpoint(signer.verifier.name, 200, root)
    target.write(checkpoint_name(200, root), checkpoint.sign(signer).encode())


def roll_checkpoint_back(target: Target) -> None:
    """The newest checkpoint is an older one."""
    target.write(LOG_CHECKPOINT, (target.older / OLD_CHECKPOINT).read_bytes())


def rename_checkpoint(target: Target) -> None:
    """A checkpoint stands under the name of another size."""
    old = (target.older / OLD_CHECKPOINT).read_bytes()
    target.write(checkpoint_name(201, b"\7" * 32), old)


def exchange_vkey(target: Target) -> None:
    """The published key is another's."""
    target.write(LOG_VKEY, f"{Signer('muniment.x', b'x' * 32).verifier}\n".encode())


# The rest of the bucket


def flip_keyring(target: Target) -> None:
    """One bit of the keyring's body."""
    target.flip(target.names("keyring/")[-1])


def roll_keyring_back(target: Target) -> None:
    """An older keyring stands under the newest one's name."""
    bucket, keyring = target.unlocked()
    kek = parse_kek(settings_of(target.home).kek, {})
    old = bucket.get(keyring_name(keyring.number))
    newer = replace(keyring, number=keyring.number + 1)
    target.write(keyring_name(newer.number), seal_keyring(newer, [kek], CLOCK))
    target.write(keyring_name(newer.number), old)


def flip_blob(target: Target) -> None:
    """One bit of a blob."""
    target.flip(target.names("blobs/")[0])


def exchange_blobs(target: Target) -> None:
    """A blob holds what another held."""
    one, other, *_ = target.names("blobs/")
    target.write(one, target.path(other).read_bytes())


def drop_blob(target: Target) -> None:
    """A blob is gone."""
    target.path(target.names("blobs/")[0]).unlink()


def put_stray(target: Target) -> None:
    """Something stands in the bucket that no archive has."""
    target.write("segments/note.txt", b"read me")


# SQL


def edit_pointer(target: Target) -> None:
    """A pointer in SQL names another event."""
    target.sql(
        "events.db",
        "UPDATE stored_events SET originator_version = 9 WHERE seq = 50",
    )


def delete_pointer(target: Target) -> None:
    """A pointer is deleted in SQL."""
    target.sql("events.db", "DELETE FROM stored_events WHERE seq = 50")


def edit_keys(target: Target) -> None:
    """SQL names another key object for a segment."""
    target.sql(
        "events.db",
        "UPDATE segments SET keys_id = zeroblob(16) WHERE segment_id ="
        " (SELECT min(segment_id) FROM segments)",
    )


def hide_record(target: Target) -> None:
    """The catalog says that a record is erased, which is not."""
    target.sql("catalog.db", "UPDATE records SET erased = 1 WHERE first_seq = 50")


def delete_record(target: Target) -> None:
    """The catalog forgets a record."""
    target.sql("catalog.db", "DELETE FROM records WHERE first_seq = 50")


def revive_record(target: Target) -> None:
    """The catalog forgets that a record is erased."""
    target.sql("catalog.db", "UPDATE records SET erased = 0 WHERE erased = 1")


Tamper = Callable[[Target], None]
KINDS: dict[Tamper, str] = {
    flip_frame: "frame",
    flip_segment: "segment",
    swap_slots: "frame",
    swap_segments: "frame",
    drop_frame: "frame",
    drop_segment: "segment",
    replace_segment: "frame",
    overwrite_segment: "overwritten",
    hide_segment: "overwritten",
    flip_keys: "keys",
    drop_keys: "keys",
    exchange_keys: "keys",
    drop_slot: "keys",
    exchange_slots: "keys",
    bring_back_key: "keys",
    flip_commit: "commit",
    drop_commit: "commit",
    drop_newest_commit: "commit",
    copy_commit: "commit",
    contradict_commit: "commit",
    forge_commit: "commit",
    rewrite_commit: "fork",
    flip_tile: "tile",
    roll_tile_back: "tile",
    flip_partial_tile: "tile",
    drop_tile: "tile",
    flip_bundle: "tile",
    fork_log: "fork",
    sign_with_another_key: "checkpoint",
    roll_checkpoint_back: "checkpoint",
    rename_checkpoint: "checkpoint",
    exchange_vkey: "checkpoint",
    flip_keyring: "keyring",
    roll_keyring_back: "keyring",
    flip_blob: "blob",
    exchange_blobs: "blob",
    drop_blob: "blob",
    put_stray: "name",
    edit_pointer: "database",
    delete_pointer: "database",
    edit_keys: "database",
    hide_record: "database",
    delete_record: "database",
    revive_record: "database",
}
