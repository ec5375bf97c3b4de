"""What objects are called in the bucket, and what a name says (docs/formats.md).

The parsers accept exactly the names that the makers give, so that a stray or forged name is told
from one of ours before anything is fetched. They raise InvalidError for any other.
"""

import re
from datetime import UTC, datetime
from uuid import UUID

from archive.bucket.port import LockMode, Retention
from archive.clock import uuid7_time
from archive.errors import InvalidError

SEGMENTS = "segments/"
KEYS = "keys/"
BLOBS = "blobs/"
COMMITS = "commits/"
KEYRINGS = "keyring/"
INDEX = "index/"
LOG_TILES = "log/tile/"
LOG_CHECKPOINTS = "log/checkpoints/"
LOG_CHECKPOINT = "log/checkpoint"
LOG_TIMESTAMPS = "log/timestamps/"
LOG_VKEY = "log/vkey"
RELOCATIONS = "relocations/"

_ID = r"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"
_SEGMENT = re.compile(rf"segments/[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/{_ID}\.seg")
_KEYS = re.compile(rf"keys/{_ID}/{_ID}\.keys")
_LOCKED_KEYS = re.compile(rf"keys/{_ID}/{_ID}-([gc])([0-9]{{8}}T[0-9]{{6}}Z)\.locked")
_BLOB = re.compile(rf"blobs/([0-9a-f]{{64}})/{_ID}")
_COMMIT = re.compile(rf"commits/([0-9]{{20}})-{_ID}")
_RELOCATION = re.compile(rf"relocations/{_ID}")
_KEYRING = re.compile(r"keyring/([0-9]{8})")
_MANIFEST = re.compile(rf"index/{_ID}/manifests/([0-9]{{20}})-{_ID}")
_CHECKPOINT = re.compile(r"log/checkpoints/(0|[1-9][0-9]{0,18})-([0-9a-f]{64})")
_TIMESTAMP = re.compile(r"log/timestamps/(0|[1-9][0-9]{0,18})-([0-9a-f]{64})\.tsr")
_MOMENT = "%Y%m%dT%H%M%SZ"
_MODES = {mode[0]: mode for mode in LockMode}
_SEQ_LIMIT = 1 << 64
_NUMBER_LIMIT = 10**8
_DIGEST_SIZE = 32


def segment_name(segment_id: UUID) -> str:
    """Name a segment, under the UTC date that its version 7 id carries."""
    try:
        day = uuid7_time(_checked(segment_id))
    except OverflowError:
        raise InvalidError(f"{segment_id} carries a time after the year 9999.") from None
    return f"{SEGMENTS}{day.year:04}/{day.month:02}/{day.day:02}/{segment_id}.seg"


def parse_segment_name(name: str) -> UUID:
    """Return the segment id in a name; the date must be the id's own."""
    (segment,) = _groups(_SEGMENT, name)
    segment_id = UUID(segment)
    if segment_name(segment_id) != name:
        raise InvalidError(f"{name!r} is not under the date of its segment id.")
    return segment_id


def keys_prefix(segment_id: UUID) -> str:
    """Return what the names of all of a segment's key objects begin with."""
    return f"{KEYS}{_checked(segment_id)}/"


def keys_name(segment_id: UUID, object_id: UUID) -> str:
    """Name a key object of a segment."""
    return f"{keys_prefix(segment_id)}{_checked(object_id)}.keys"


def parse_keys_name(name: str) -> tuple[UUID, UUID]:
    """Return the segment id and the object id in a key object's name."""
    segment, object_ = _groups(_KEYS, name)
    return UUID(segment), UUID(object_)


def locked_keys_name(segment_id: UUID, object_id: UUID, promised: Retention) -> str:
    """Name an object of locked keys by what is promised of its lock, to the second."""
    until = promised.until.astimezone(UTC)
    return (
        f"{keys_prefix(segment_id)}{_checked(object_id)}-{promised.mode[0]}{until:{_MOMENT}}.locked"
    )


def parse_locked_keys_name(name: str) -> tuple[UUID, UUID, Retention]:
    """Return the segment id, the object id and the promised lock in the name of locked keys."""
    segment, object_, mode, moment = _groups(_LOCKED_KEYS, name)
    try:
        until = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidError(f"{name!r} says no moment until which it is locked.") from None
    return UUID(segment), UUID(object_), Retention(_MODES[mode], until)


def is_locked_keys_name(name: str) -> bool:
    """Say whether a name is one of locked keys."""
    return _LOCKED_KEYS.fullmatch(name) is not None


def blob_prefix(digest: bytes) -> str:
    """Return what the names of all blobs with this keyed digest (32 bytes) begin with."""
    if len(digest) != _DIGEST_SIZE:
        raise InvalidError(f"A blob's digest must be {_DIGEST_SIZE} bytes, not {len(digest)}.")
    return f"{BLOBS}{digest.hex()}/"


def blob_name(digest: bytes, blob_id: UUID) -> str:
    """Name a blob by its keyed digest and its id."""
    return f"{blob_prefix(digest)}{_checked(blob_id)}"


def parse_blob_name(name: str) -> tuple[bytes, UUID]:
    """Return the keyed digest and the blob id in a blob's name."""
    digest, blob = _groups(_BLOB, name)
    return bytes.fromhex(digest), UUID(blob)


def commit_name(first_seq: int, record_id: UUID) -> str:
    """Name a commit record; names sort by the sequence number of the record's first event."""
    if not 0 <= first_seq < _SEQ_LIMIT:
        raise InvalidError(f"{first_seq} is no sequence number.")
    return f"{COMMITS}{first_seq:020}-{_checked(record_id)}"


def parse_commit_name(name: str) -> tuple[int, UUID]:
    """Return the first sequence number and the record id in a commit record's name."""
    seq, record = _groups(_COMMIT, name)
    if int(seq) >= _SEQ_LIMIT:
        raise InvalidError(f"{name!r} has a sequence number beyond 64 bits.")
    return int(seq), UUID(record)


def relocation_name(pack_id: UUID) -> str:
    """Name the relocation record of a pack; names sort by time."""
    return f"{RELOCATIONS}{_checked(pack_id)}"


def parse_relocation_name(name: str) -> UUID:
    """Return the pack's segment id in a relocation record's name."""
    (pack,) = _groups(_RELOCATION, name)
    return UUID(pack)


def keyring_name(number: int) -> str:
    """Name a keyring by its number; names sort as numbers do."""
    if not 0 < number < _NUMBER_LIMIT:
        raise InvalidError(f"{number} is no keyring number.")
    return f"{KEYRINGS}{number:08}"


def parse_keyring_name(name: str) -> int:
    """Return the number in a keyring's name."""
    (number,) = _groups(_KEYRING, name)
    if int(number) == 0:
        raise InvalidError(f"{name!r} has no keyring number.")
    return int(number)


def generation_prefix(generation_id: UUID) -> str:
    """Return what the names of everything of one index generation begin with."""
    return f"{INDEX}{_checked(generation_id)}/"


def generation_key_name(generation_id: UUID) -> str:
    """Name the object that holds a generation's key."""
    return f"{generation_prefix(generation_id)}key"


def part_name(generation_id: UUID, part_id: UUID) -> str:
    """Name a part of an index generation's files."""
    return f"{generation_prefix(generation_id)}parts/{_checked(part_id)}"


def manifest_name(generation_id: UUID, position: int, snapshot_id: UUID) -> str:
    """Name a snapshot's manifest; in a generation, names sort by position, then by time."""
    if not 0 <= position < _SEQ_LIMIT:
        raise InvalidError(f"{position} is no sequence number.")
    return f"{generation_prefix(generation_id)}manifests/{position:020}-{_checked(snapshot_id)}"


def parse_manifest_name(name: str) -> tuple[UUID, int, UUID]:
    """Return the generation id, the position and the snapshot id in a manifest's name."""
    generation, position, snapshot = _groups(_MANIFEST, name)
    if int(position) >= _SEQ_LIMIT:
        raise InvalidError(f"{name!r} has a sequence number beyond 64 bits.")
    return UUID(generation), int(position), UUID(snapshot)


def checkpoint_name(size: int, root: bytes) -> str:
    """Name a checkpoint of the log by its size in entries and its root."""
    return f"{LOG_CHECKPOINTS}{size}-{root.hex()}"


def parse_checkpoint_name(name: str) -> tuple[int, bytes]:
    """Return the size and the root in a checkpoint's name."""
    size, root = _groups(_CHECKPOINT, name)
    return int(size), bytes.fromhex(root)


def timestamp_name(size: int, root: bytes) -> str:
    """Name a timestamp by the size and the root of the checkpoint that it is of."""
    return f"{LOG_TIMESTAMPS}{size}-{root.hex()}.tsr"


def parse_timestamp_name(name: str) -> tuple[int, bytes]:
    """Return the size and the root of the checkpoint in a timestamp's name."""
    size, root = _groups(_TIMESTAMP, name)
    return int(size), bytes.fromhex(root)


def _groups(pattern: re.Pattern[str], name: str) -> tuple[str, ...]:
    match = pattern.fullmatch(name)
    if match is None:
        raise InvalidError(f"{name!r} is not the name of such an object.")
    return match.groups()


def _checked(value: UUID) -> UUID:
    if value.version != 7:
        raise InvalidError(f"{value} is not a version 7 UUID.")
    return value
