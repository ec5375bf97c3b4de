"""Rich Text Format 1.9.1: the text, its headers, footers and notes; no pictures, no objects."""

import re
from dataclasses import dataclass, replace
from typing import Final

from archive.capture.charset import codec_for
from archive.capture.extract.sink import Sink

_TOKEN: Final = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})?(?: |\r?\n)?|\\'([0-9a-f]{2})"
    rb"|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.IGNORECASE,
)
_SKIPPED: Final = frozenset(
    b"""fonttbl colortbl stylesheet info pict objdata listtable listoverridetable rsidtbl generator
    themedata colorschememapping datastore latentstyles xmlnstbl revtbl filetbl pgptbl mmathPr
    userprops docvar wgrffmtfilter datafield fldinst bkmkstart bkmkend nonshppict blipuid
    panose falt private1 listname leveltext levelnumbers fontemb factoidname""".split()
)
# Groups that a reader may pass over if it does not know them, and that hold text all the same.
_KEPT_ASIDE: Final = frozenset(
    b"shpinst shptxt annotation footnote shppict fldrslt nesttableprops".split()
)
_WRITTEN: Final = {
    b"par": "\n",
    b"line": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"row": "\n",
    b"nestrow": "\n",
    b"cell": "\t",
    b"nestcell": "\t",
    b"tab": "\t",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"emspace": " ",
    b"enspace": " ",
    b"qmspace": " ",
    b"bullet": "\u2022",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
}
_SYMBOLS: Final = {b"~": "\u00a0", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n"}
_CHARSETS: Final = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_SURROGATES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_DEEPEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits: whether it is passed over, its character set, `uc`."""

    skips: bool = False
    codec: str | None = None
    fallback: int = 1
    in_fonts: bool = False


class _Reader:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._state = _State()
        self._stack: list[_State] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._pending = bytearray()
        self._units: list[str] = []
        # Characters still to come that only stand in for one already given as \\u.
        self._to_skip = 0
        self._optional = False

    def read(self, data: bytes) -> None:
        try:
            self._read(data)
        finally:
            # Also what was met before time ran out.
            self._flush()

    def _read(self, data: bytes) -> None:
        position = 0
        while (token := _TOKEN.search(data, position)) is not None:
            position = token.end()
            word, number, code, symbol, brace, text = token.groups()
            if brace is not None:
                self._brace(brace)
            elif word is not None:
                value = int(number) if number is not None else None
                if word == b"bin":
                    position += max(0, value or 0)
                else:
                    self._word(word.lower() if word.isupper() else word, value)
            elif code is not None:
                self._bytes(bytes.fromhex(code.decode("ascii")))
            elif symbol is not None:
                self._symbol(symbol)
            elif text is not None:
                self._optional = False
                self._bytes(text)

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._to_skip = 0
        self._optional = False
        if brace == b"{":
            if len(self._stack) < _DEEPEST:
                self._stack.append(self._state)
        elif self._stack:
            self._state = self._stack.pop()

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._optional = True
        elif symbol in _SYMBOLS:
            self._write(_SYMBOLS[symbol])
        elif symbol in (b"{", b"}", b"\\"):
            self._bytes(symbol)

    def _word(self, word: bytes, value: int | None) -> None:
        is_optional, self._optional = self._optional, False
        if word == b"fonttbl":
            self._state = replace(self._state, skips=True, in_fonts=True)
        elif word in _SKIPPED or (is_optional and word not in _KEPT_ASIDE):
            self._state = replace(self._state, skips=True)
        elif word in _WRITTEN:
            self._write(_WRITTEN[word])
        elif value is not None:
            self._valued(word, value)

    def _valued(self, word: bytes, value: int) -> None:
        if word == b"u":
            self._flush_bytes()
            if not self._state.skips:
                self._units.append(chr(value % 0x10000))
            self._to_skip = self._state.fallback
        elif word == b"uc":
            self._state = replace(self._state, fallback=max(0, min(value, 32)))
        elif word == b"ansicpg":
            self._codec = codec_for(f"cp{value}") or self._codec
        elif word == b"f":
            self._font = value
            if not self._state.in_fonts:
                self._flush()
                self._state = replace(self._state, codec=self._fonts.get(value))
        elif word == b"fcharset" and self._state.in_fonts and value in _CHARSETS:
            self._fonts[self._font] = _CHARSETS[value]
        elif word == b"deff" and self._font == 0:
            self._font = value

    def _bytes(self, data: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            data = data[skipped:]
        if data and not self._state.skips:
            self._flush_units()
            self._pending += data

    def _write(self, text: str) -> None:
        self._flush()
        if not self._state.skips:
            self._sink.add(text)

    def _flush(self) -> None:
        self._flush_units()
        self._flush_bytes()

    def _flush_bytes(self) -> None:
        if self._pending:
            codec = self._state.codec or self._codec
            self._sink.add(self._pending.decode(codec, "replace"))
            self._pending.clear()

    def _flush_units(self) -> None:
        if self._units:
            # Characters beyond the first 65,536 come as two halves.
            text = _SURROGATES.sub(_joined, "".join(self._units))
            self._units.clear()
            self._sink.add(text)


def _joined(halves: re.Match[str]) -> str:
    return halves[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def read_rtf(data: bytes, sink: Sink) -> None:
    """Read the text of an RTF document, however it is broken."""
    _Reader(sink).read(data)
