"""The timestamps on checkpoints: each must be of the checkpoint that its name says.

Whether the authority that gave one is to be trusted, and has signed it, is not looked at: that
takes its root certificate, which no archive has (docs/evidence.md).
"""

from collections.abc import Iterator
from hashlib import sha256

from archive.bucket.names import LOG_TIMESTAMPS, checkpoint_name, parse_timestamp_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.verifying.findings import Fault, Findings


def check_timestamps(bucket: Bucket, findings: Findings) -> None:
    """Check every timestamp. A checkpoint always stands before its timestamp does, and stays."""
    for name in bucket.names(LOG_TIMESTAMPS):
        findings.checked["timestamps"] += 1
        findings.add(_faults(bucket, name))


def _faults(bucket: Bucket, name: str) -> Iterator[Fault]:
    # Reached lazily: most archives have no timestamps.
    from archive.log.tokens import read_timestamp

    try:
        size, root = parse_timestamp_name(name)
    except InvalidError:
        yield Fault("name", f"{name} is not the name of a timestamp.", name)
        return
    checkpoint = checkpoint_name(size, root)
    try:
        note = bucket.get(checkpoint)
    except NotFoundError:
        message = f"{name} is a timestamp of {checkpoint}, which is missing. Restore that."
        yield Fault("timestamp", message, name)
        return
    except CorruptError as error:
        yield Fault("checkpoint", f"{checkpoint} cannot be read: {error}", checkpoint)
        return
    try:
        found = read_timestamp(bucket.get(name))
    except NotFoundError:
        yield Fault("timestamp", f"{name} was there a moment ago, and is gone.", name)
    except CorruptError as error:
        yield Fault("timestamp", f"{name} is no timestamp: it is {error}.", name)
    else:
        if found.digest != sha256(note).digest():
            message = f"{name} is a timestamp of something else than {checkpoint}."
            yield Fault("timestamp", message, name)
