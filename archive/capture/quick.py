"""NDJSON lines as most are: from JSON to the boxes of an event, with no model between.

A line of text, names and labels is read into a `Line`, which is written out again as the content
of its event. That gives the very bytes that `archive.capture.ndjson` and the event's model lead
to, in a third of the time. A line that holds anything else, or is not right, is left to them: so
what may be sent, and what is said of what may not, stands there alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import sha256
from struct import Struct
from typing import Annotated, Final

import msgspec

from archive.capture import ndjson
from archive.capture.prepare import Prepared, Preparer, Sender
from archive.clock import Clock
from archive.events.blobs import INLINE_LIMIT
from archive.events.identity import Identity
from archive.events.sealer import PlainEvent
from archive.events.types import InteractionCaptured
from archive.model.interaction import Channel, Direction, Kind, ParticipantRole

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]

_LENGTH: Final = Struct(">I")
_TYPE: Final = InteractionCaptured.type
_WHOLE_SECONDS: Final = len("2024-05-06T07:08:09Z")
# Of how a time can be written only this is taken here. That there is such a day is seen later.
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)


class Participant(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True
):
    """One who takes part, as `archive.model.interaction.Participant`."""

    role: ParticipantRole
    address: str | None = None
    name: str | None = None
    organisation: str | None = None
    department: str | None = None
    location: str | None = None


class Line(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """One line, its fields in the order in which `archive.model.interaction.Content` has them.

    Custody, which is no part of the content, comes last.
    """

    source: _Name
    native_id: _Name
    channel: Channel
    kind: Kind = Kind.MESSAGE
    direction: Direction | None = None
    occurred_at: str
    conversation: str | None = None
    in_reply_to: str | None = None
    participants: Annotated[tuple[Participant, ...], msgspec.Meta(min_length=1)]
    subject: str | None = None
    text: Annotated[str, msgspec.Meta(min_length=1)]
    language: str | None = None
    location: str | None = None
    custodian: _Name | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)


class _Custody(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The custody box of a captured interaction without blobs."""

    sent_by: str | None
    sent_token: str | None = None
    custodian: str | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(slots=True)
class Read:
    """Lines that were read: what each is prepared as, None where it is left to the model.

    `sources` and `custodians` are the names that those which were prepared have.
    """

    prepared: list[Prepared | None] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    custodians: set[str] = field(default_factory=set)


_decode: Final = msgspec.json.Decoder(Line).decode
_encode: Final = msgspec.json.Encoder().encode


class QuickLines:
    """Prepares the lines that are as most are."""

    def __init__(self, identity: Identity, preparer: Preparer, clock: Clock) -> None:
        self._identity = identity
        self._preparer = preparer
        self._clock = clock

    def read(self, lines: Sequence[bytes], sender: Sender) -> Read:
        """Return what the lines are, each of which stands for itself."""
        read = Read()
        begin = f'{{"recorded_at":"{_written(self._clock.now())}","content":'.encode()
        for raw in lines:
            line = _line(raw)
            if line is not None:
                read.sources.add(line.source)
                if line.custodian is not None:
                    read.custodians.add(line.custodian)
            read.prepared.append(None if line is None else self._prepared(line, raw, begin, sender))
        return read

    def _prepared(self, line: Line, raw: bytes, begin: bytes, sender: Sender) -> Prepared:
        content = line
        if line.custodian is not None or line.labels:
            content = msgspec.structs.replace(line, custodian=None, labels={})
        original = (
            f',"original":{{"media_type":"{ndjson.MEDIA_TYPE}","size":{len(raw)},'
            f'"sha256":"{sha256(raw).hexdigest()}"}}}}'
        )
        document = b"".join((begin, _encode(content), original.encode()))
        event = PlainEvent(
            self._identity.interaction_bytes(line.source, line.custodian, line.native_id, None),
            1,
            _TYPE,
            b"".join((_LENGTH.pack(len(document)), document, raw)),
            _encode(_Custody(sender.by, sender.token, line.custodian, line.labels))
            if line.labels
            else _unlabelled(sender.by, sender.token, line.custodian),
        )
        # Compressed here, where one thread at a time reads. With each box the interpreter's lock is
        # let go, and a thread that sends beside one that reads would hardly get it back.
        return Prepared(event.compress(), partial(_modelled, self._preparer, raw, sender))


@lru_cache(maxsize=256)
def _unlabelled(by: str, token: str | None, custodian: str | None) -> bytes:
    # What comes together was mostly sent by one and is held by one.
    return _encode(_Custody(by, token, custodian))


def _line(raw: bytes) -> Line | None:
    """Return a line that is as most are, its time in UTC; None for any other."""
    # What must be taken out of texts (`archive.capture.charset.clean`) can only be written as an
    # escape; half a surrogate pair is refused below. One byte is found faster than several.
    if len(raw) > INLINE_LIMIT or (b"\\" in raw and b"\\u0000" in raw):
        return None
    try:
        line = _decode(raw)
        moment = _in_utc(line.occurred_at)
    except (msgspec.DecodeError, ValueError, OverflowError):
        return None
    if moment == line.occurred_at:
        return line
    return msgspec.structs.replace(line, occurred_at=moment)


def _in_utc(text: str) -> str:
    """Return a time as the archive writes it; ValueError or OverflowError if it is no such time."""
    if _MOMENT.fullmatch(text) is None:
        raise ValueError("a time in another form")
    moment = datetime.fromisoformat(text)
    # Whole seconds in UTC stand as they will be written.
    return text if len(text) == _WHOLE_SECONDS else _written(moment.astimezone(UTC))


def _written(moment: datetime) -> str:
    # In UTC it ends with the offset +00:00, which is six characters.
    return f"{moment.isoformat()[:-6]}Z"


def _modelled(preparer: Preparer, raw: bytes, sender: Sender) -> InteractionCaptured:
    """Return the event of a line as a model, which is asked for where it is met again."""
    parsed = ndjson.parse(raw)
    prepared = preparer.prepare(parsed, sender, custodian=parsed.custodian, labels=parsed.labels)
    return prepared.model()
