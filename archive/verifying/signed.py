"""The signed part of the log: every checkpoint in the bucket, the newest, and the key."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archive.bucket.names import LOG_CHECKPOINT, LOG_CHECKPOINTS, LOG_VKEY, parse_checkpoint_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.log.checkpoint import Checkpoint
from archive.log.note import Verifier
from archive.verifying.findings import Fault


@dataclass(slots=True)
class Signed:
    """The checkpoints that the log's key has signed, each with where it stands.

    `size` is that of the largest in the bucket, 0 for none; `given` one from elsewhere.
    """

    checkpoints: list[tuple[Checkpoint, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    size: int = 0
    given: Checkpoint | None = None


def read_signed(bucket: Bucket, verifier: Verifier, against: str | None) -> Signed:
    """Read and check every checkpoint; `against` is the note of one that was kept elsewhere.

    InvalidError if that is no checkpoint which this log's key has signed.
    """
    signed = Signed()
    for name in bucket.names(LOG_CHECKPOINTS):
        try:
            named = parse_checkpoint_name(name)
            found = Checkpoint.open(_text(bucket.get(name)), verifier)
            if (found.size, found.root) != named:
                raise CorruptError("its name says another size or root than it does.")
        except InvalidError:
            signed.faults.append(Fault("name", f"{name} is not the name of a checkpoint.", name))
        except (CorruptError, NotFoundError) as error:
            signed.faults.append(_wrong(name, error))
        else:
            signed.checkpoints.append((found, name))
            signed.size = max(signed.size, found.size)
    if against is not None:
        try:
            found = Checkpoint.open(against, verifier)
        except CorruptError as error:
            raise InvalidError(
                f"What is to be compared is no checkpoint of this log: {error}"
            ) from error
        signed.given = found
    return signed


def published_faults(bucket: Bucket, verifier: Verifier, signed: Signed) -> Iterator[Fault]:
    """Check the newest checkpoint, which must not be behind those that were read, and the key.

    A checkpoint is put under its own name first, and a moment later as the newest.
    """
    if not signed.checkpoints:
        return
    yield from _key(bucket, verifier)
    try:
        newest = Checkpoint.open(_text(bucket.get(LOG_CHECKPOINT)), verifier)
    except (CorruptError, NotFoundError) as error:
        yield _wrong(LOG_CHECKPOINT, error)
        return
    if newest.size < signed.size:
        yield Fault(
            "checkpoint",
            f"{LOG_CHECKPOINT} is of {newest.size} entries, and {LOG_CHECKPOINTS} has one of "
            f"{signed.size}: it was rolled back. The leader puts the newest when it starts.",
            LOG_CHECKPOINT,
        )
    if (newest, LOG_CHECKPOINT) not in signed.checkpoints:
        signed.checkpoints.append((newest, LOG_CHECKPOINT))


def _key(bucket: Bucket, verifier: Verifier) -> Iterator[Fault]:
    try:
        written = _text(bucket.get(LOG_VKEY)).strip()
    except (CorruptError, NotFoundError) as error:
        yield _wrong(LOG_VKEY, error)
        return
    if written != str(verifier):
        yield Fault(
            "checkpoint",
            f"{LOG_VKEY} is not the key of this archive's log: who takes it from there would "
            "believe another log.",
            LOG_VKEY,
        )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _wrong(name: str, error: Exception) -> Fault:
    return Fault("checkpoint", f"{name} is not a checkpoint of this log: {error}", name)
