"""An Outlook object: properties, recipients, attachments ([MS-OXCDATA], [MS-OXPROPS]).

Values are kept as their bytes, exactly as the file has them, so that an object can be written
again without loss; reading them as text or time is done when it is wanted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final
from uuid import UUID

from archive.capture.charset import clean, codec_for, decode, decode_unlabelled

UNICODE: Final = 0x001F
STRING8: Final = 0x001E
BINARY: Final = 0x0102
OBJECT: Final = 0x000D
GUID: Final = 0x0048
TIME: Final = 0x0040
MULTIPLE: Final = 0x1000
NAMED: Final = 0x8000
# The sizes of values that do not vary, by property type.
FIXED_SIZES: Final = {
    0x0001: 0,
    0x0002: 2,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 2,
    0x0014: 8,
    0x0040: 8,
}

# Code pages whose codec is not called after their number.
_CODE_PAGES = {
    1200: "utf-16-le",
    20127: "us-ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    20932: "euc-jp",
    50220: "iso-2022-jp",
    50221: "iso-2022-jp",
    50222: "iso-2022-jp",
    50225: "iso-2022-kr",
    51932: "euc-jp",
    51936: "gb18030",
    51949: "euc-kr",
    52936: "hz",
    54936: "gb18030",
    65000: "utf-7",
    65001: "utf-8",
}
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Id(IntEnum):
    """The properties that are read, by their names in [MS-OXPROPS]."""

    MESSAGE_CLASS = 0x001A
    SUBJECT = 0x0037
    CLIENT_SUBMIT_TIME = 0x0039
    SENT_REPRESENTING_NAME = 0x0042
    ORIGINAL_SUBJECT = 0x0049
    SENT_REPRESENTING_ADDRESS_TYPE = 0x0064
    SENT_REPRESENTING_EMAIL_ADDRESS = 0x0065
    CONVERSATION_TOPIC = 0x0070
    TRANSPORT_MESSAGE_HEADERS = 0x007D
    RECIPIENT_TYPE = 0x0C15
    SENDER_NAME = 0x0C1A
    SENDER_ADDRESS_TYPE = 0x0C1E
    SENDER_EMAIL_ADDRESS = 0x0C1F
    DISPLAY_BCC = 0x0E02
    DISPLAY_CC = 0x0E03
    DISPLAY_TO = 0x0E04
    MESSAGE_DELIVERY_TIME = 0x0E06
    BODY = 0x1000
    RTF_COMPRESSED = 0x1009
    HTML = 0x1013
    INTERNET_MESSAGE_ID = 0x1035
    INTERNET_REFERENCES = 0x1039
    IN_REPLY_TO_ID = 0x1042
    DISPLAY_NAME = 0x3001
    ADDRESS_TYPE = 0x3002
    EMAIL_ADDRESS = 0x3003
    CREATION_TIME = 0x3007
    ATTACH_DATA = 0x3701
    ATTACH_FILENAME = 0x3704
    ATTACH_METHOD = 0x3705
    ATTACH_LONG_FILENAME = 0x3707
    ATTACH_PATHNAME = 0x3708
    ATTACH_LONG_PATHNAME = 0x370D
    ATTACH_MIME_TAG = 0x370E
    SMTP_ADDRESS = 0x39FE
    INTERNET_CODEPAGE = 0x3FDE
    MESSAGE_CODEPAGE = 0x3FFD
    SENDER_SMTP_ADDRESS = 0x5D01
    SENT_REPRESENTING_SMTP_ADDRESS = 0x5D02


@dataclass(frozen=True, slots=True)
class Name:
    """What a named property is called: a number or a text, within a set."""

    set: UUID
    name: int | str


# Under this name an MSG file that is written here says what could not be read of the object.
PROBLEMS: Final = Name(UUID("6d756e69-6d65-4e74-8000-70726f626c65"), "problems")


@dataclass(frozen=True, slots=True)
class Value:
    """One property: its type, and its bytes; several for a multiple of a type that varies."""

    type: int
    data: bytes
    several: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Properties:
    """Properties by their numbers. `names` tells what numbers from 0x8000 on stand for."""

    values: Mapping[int, Value] = field(default_factory=dict)
    names: Mapping[int, Name] = field(default_factory=dict)
    code_page: int | None = None

    def text(self, number: int) -> str | None:
        """Return a text, or None where there is none."""
        value = self.values.get(number)
        if value is None or value.type not in (UNICODE, STRING8, BINARY):
            return None
        if value.type == UNICODE:
            text = value.data[: len(value.data) & ~1].decode("utf-16-le", "replace")
        else:
            label = self.label()
            text = decode(value.data, label)[0] if label else decode_unlabelled(value.data)
        return clean(text.rstrip("\0\ufffd") if text.endswith("\0") else text)

    def line(self, number: int) -> str:
        """Return a text without line ends and outer space, "" where there is none."""
        return " ".join((self.text(number) or "").split())

    def integer(self, number: int) -> int | None:
        """Return a whole number, or None where there is none."""
        value = self.values.get(number)
        if value is None or value.type not in (0x0002, 0x0003, 0x000B, 0x0014):
            return None
        return int.from_bytes(value.data[: FIXED_SIZES[value.type]], "little")

    def moment(self, number: int) -> datetime | None:
        """Return a time in UTC (whole microseconds), or None where there is none."""
        value = self.values.get(number)
        if value is None or value.type != TIME or len(value.data) < 8:
            return None
        ticks = int.from_bytes(value.data[:8], "little", signed=True)
        try:
            return _EPOCH + timedelta(microseconds=ticks // 10) if ticks > 0 else None
        except OverflowError:
            return None

    def binary(self, number: int) -> bytes | None:
        """Return bytes, or None where there are none."""
        value = self.values.get(number)
        return value.data if value is not None and value.type not in FIXED_SIZES else None

    def label(self) -> str | None:
        """Return the character set of texts that are not Unicode, or None if nothing says it."""
        for page in (
            self.integer(Id.MESSAGE_CODEPAGE),
            self.code_page,
            self.integer(Id.INTERNET_CODEPAGE),
        ):
            if page is not None and (label := code_page_label(page)) is not None:
                return label
        return None


@dataclass(frozen=True, slots=True)
class Attached:
    """One attachment: `data` is its bytes where it is a file, `item` the object where it is one."""

    properties: Properties
    data: bytes | None
    item: "Item | None" = None
    parts: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One object of Outlook. `problems` are phrases about what could not be read of it."""

    properties: Properties
    recipients: tuple[Properties, ...] = ()
    attachments: tuple[Attached, ...] = ()
    problems: tuple[str, ...] = ()


def code_page_label(page: int) -> str | None:
    """Return a label of the character set that a Windows code page number means."""
    if page in _CODE_PAGES:
        return _CODE_PAGES[page]
    if 28591 <= page <= 28606:
        return f"iso-8859-{page - 28590}"
    return f"cp{page}" if codec_for(f"cp{page}") is not None else None
