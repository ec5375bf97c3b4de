"""Reading TNEF ([MS-OXTNEF]): the "winmail.dat" in which Outlook sends what mail cannot say.

A stream is a list of attributes; the newer ones hold MAPI properties and count, the older ones
fill in what those do not say. A stream that breaks off is read as far as it goes.
"""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from archive.capture.outlook import msg
from archive.capture.outlook.item import (
    BINARY,
    FIXED_SIZES,
    GUID,
    MULTIPLE,
    NAMED,
    OBJECT,
    STRING8,
    TIME,
    UNICODE,
    Attached,
    Id,
    Item,
    Name,
    Properties,
    Value,
)
from archive.errors import InvalidError

MEDIA_TYPE = "application/ms-tnef"
MAGIC = b"\x78\x9f\x3e\x22"

_FROM = 0x8000
_SUBJECT = 0x8004
_DATE_SENT = 0x8005
_MESSAGE_CLASS = 0x8008
_MESSAGE_ID = 0x8009
_BODY = 0x800C
_ATTACH_DATA = 0x800F
_ATTACH_TITLE = 0x8010
_ATTACH_RENDER_DATA = 0x9002
_MAPI_PROPERTIES = 0x9003
_RECIPIENT_TABLE = 0x9004
_ATTACHMENT = 0x9005
_CODE_PAGE = 0x9007
_MESSAGE_INTERFACE = UUID("00020307-0000-0000-c000-000000000046")
_MOST_VALUES = 1 << 16
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read(data: bytes, depth: int = 0) -> Item:
    """Read a TNEF stream.

    Raises:
        InvalidError: it does not begin as one, or not even its first attribute can be read.
    """
    if not data.startswith(MAGIC):
        raise InvalidError("It is not a TNEF stream.")
    stream = _Stream(depth)
    position = 6
    while position + 9 <= len(data):
        level, attribute, _, size = struct.unpack_from("<BHHI", data, position)
        if level not in (1, 2) or position + 9 + size > len(data):
            stream.problems.append("the TNEF stream breaks off, or something else follows it")
            break
        stream.attribute(level, attribute, data[position + 9 : position + 9 + size])
        position += 9 + size + 2  # A checksum that many writers get wrong follows.
    return stream.item()


@dataclass(slots=True)
class _File:
    title: bytes | None = None
    data: bytes | None = None
    properties: dict[int, Value] = field(default_factory=dict)
    names: dict[int, Name] = field(default_factory=dict)
    item: Item | None = None


class _Stream:
    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.problems: list[str] = []
        self.page: int | None = None
        self.older: dict[int, Value] = {}
        self.values: dict[int, Value] = {}
        self.names: dict[int, Name] = {}
        self.recipients: list[tuple[dict[int, Value], dict[int, Name]]] = []
        self.files: list[_File] = []

    def attribute(self, level: int, attribute: int, data: bytes) -> None:
        try:
            if level == 1:
                self._message(attribute, data)
            elif attribute == _ATTACH_RENDER_DATA:
                if len(self.files) < msg.MOST_PARTS:
                    self.files.append(_File())
            elif self.files:
                self._attachment(self.files[-1], attribute, data)
        except (struct.error, IndexError):
            self.problems.append(f"the TNEF attribute {attribute:04x} is damaged")

    def _message(self, attribute: int, data: bytes) -> None:
        if attribute == _CODE_PAGE:
            self.page = int.from_bytes(data[:4], "little") or None
        elif attribute == _MAPI_PROPERTIES:
            _Rows(data).properties(self.values, self.names)
        elif attribute == _RECIPIENT_TABLE:
            rows = _Rows(data)
            for _ in range(min(rows.number(), msg.MOST_PARTS)):
                values: dict[int, Value] = {}
                names: dict[int, Name] = {}
                self.recipients.append((values, names))
                rows.properties(values, names)
        elif attribute in (_SUBJECT, _BODY, _MESSAGE_ID, _MESSAGE_CLASS):
            number = {
                _SUBJECT: Id.SUBJECT,
                _BODY: Id.BODY,
                _MESSAGE_ID: Id.INTERNET_MESSAGE_ID,
                _MESSAGE_CLASS: Id.MESSAGE_CLASS,
            }[attribute]
            if attribute != _MESSAGE_ID:
                self.older[number] = Value(STRING8, data.rstrip(b"\0"))
        elif attribute == _DATE_SENT:
            self._date(data)
        elif attribute == _FROM:
            self._sender(data)

    def _date(self, data: bytes) -> None:
        year, month, day, hour, minute, second = struct.unpack_from("<6H", data)
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return
        ticks = (moment - _EPOCH) // timedelta(microseconds=1) * 10
        self.older[Id.CLIENT_SUBMIT_TIME] = Value(TIME, ticks.to_bytes(8, "little", signed=True))

    def _sender(self, data: bytes) -> None:
        # A structure of sizes, then the display name and "type:address", each ended by a zero.
        _, _, name_size, address_size = struct.unpack_from("<4H", data)
        name = data[8 : 8 + name_size].split(b"\0")[0]
        address = data[8 + name_size : 8 + name_size + address_size].split(b"\0")[0]
        kind, _, rest = address.partition(b":")
        self.older[Id.SENDER_NAME] = Value(STRING8, name)
        self.older[Id.SENDER_ADDRESS_TYPE] = Value(STRING8, kind)
        self.older[Id.SENDER_EMAIL_ADDRESS] = Value(STRING8, rest)

    def _attachment(self, file: _File, attribute: int, data: bytes) -> None:
        if attribute == _ATTACH_TITLE:
            file.title = data.rstrip(b"\0")
        elif attribute == _ATTACH_DATA:
            file.data = data
        elif attribute == _ATTACHMENT:
            _Rows(data).properties(file.properties, file.names)

    def item(self) -> Item:
        properties = self._properties(self.older | self.values, self.names)
        recipients = tuple(self._properties(*each) for each in self.recipients)
        attachments = tuple(self._attached(file) for file in self.files)
        return Item(properties, recipients, attachments, tuple(dict.fromkeys(self.problems)))

    def _properties(self, values: dict[int, Value], names: dict[int, Name]) -> Properties:
        return Properties(values, names, self.page)

    def _attached(self, file: _File) -> Attached:
        values = dict(file.properties)
        if file.title is not None:
            values.setdefault(Id.ATTACH_FILENAME, Value(STRING8, file.title))
        held = values.pop(Id.ATTACH_DATA, None)
        properties = self._properties(values, file.names)
        if held is None or file.data:
            return Attached(properties, file.data)
        scope, data = held.data[:16], held.data[16:]
        if held.type != OBJECT:
            return Attached(properties, held.data)
        if scope != _MESSAGE_INTERFACE.bytes_le:
            return Attached(properties, None, parts=(("object", data),))
        if self.depth >= msg.DEEPEST:
            self.problems.append("messages are nested too deep to be read")
            return Attached(properties, data)
        try:
            return Attached(properties, None, read(data, self.depth + 1))
        except InvalidError as error:
            self.problems.append(str(error).rstrip(".").lower())
            return Attached(properties, data)


class _Rows:
    """Reads encoded property lists ([MS-OXTNEF] section 2.1.3.4)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def number(self) -> int:
        (number,) = struct.unpack_from("<I", self._data, self._position)
        self._position += 4
        return int(number)

    def _take(self, size: int) -> bytes:
        data = self._data[self._position : self._position + size]
        if len(data) < size:
            raise struct.error("The list is cut short.")
        self._position += size
        return data

    def _padded(self, size: int) -> bytes:
        data = self._take(size)
        self._position += -size % 4
        return data

    def properties(self, values: dict[int, Value], names: dict[int, Name]) -> None:
        """Read one list into `values` and `names`; what was read before a break stays."""
        for _ in range(min(self.number(), _MOST_VALUES)):
            kind, number = struct.unpack_from("<HH", self._data, self._position)
            self._position += 4
            if number >= NAMED:
                scope = UUID(bytes_le=self._take(16))
                if self.number() == 0:
                    names[number] = Name(scope, self.number())
                else:
                    text = self._padded(self.number()).decode("utf-16-le", "replace")
                    names[number] = Name(scope, text.rstrip("\0"))
            values[number] = self._value(kind)

    def _value(self, kind: int) -> Value:
        plain = kind & ~MULTIPLE
        if kind == plain and kind in FIXED_SIZES:
            # Short values are filled up to four bytes.
            return Value(kind, self._padded(FIXED_SIZES[kind] or 4)[: FIXED_SIZES[kind]])
        if kind == GUID:
            return Value(kind, self._take(16))
        count = self.number()
        if plain in FIXED_SIZES:
            size = FIXED_SIZES[plain]
            pieces = [self._padded(size) for _ in range(min(count, _MOST_VALUES))]
            return Value(kind, b"".join(pieces))
        if plain not in (STRING8, UNICODE, BINARY, OBJECT, GUID):
            raise struct.error("The type of the property is unknown.")
        pieces = []
        for _ in range(min(count, _MOST_VALUES)):
            piece = self._take(16) if plain == GUID else self._padded(self.number())
            ending = {STRING8: b"\0", UNICODE: b"\0\0"}.get(plain)
            pieces.append(piece.removesuffix(ending) if ending else piece)
        if kind == plain:
            return Value(kind, pieces[0] if pieces else b"")
        return Value(kind, b"", tuple(pieces))
