"""Outlook's RTF bodies: unpacking them ([MS-OXRTFCP]), and the text or HTML in them.

Outlook writes the HTML of a mail into RTF, tags and all ([MS-OXRTFEX]); that HTML is taken out
again. Other RTF gives its text. Nothing here fails on bytes that are no RTF: they are text.
"""

import re
from dataclasses import dataclass, field, replace

from archive.capture.charset import clean, codec_for, decode, decode_unlabelled
from archive.capture.outlook.item import code_page_label
from archive.errors import InvalidError

_PREFIX = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_LZFU = 0x75465A4C
_STORED = 0x414C454D
_RING = 4096

_TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?[0-9]{1,10})?[ ]?"
    rb"|\\'(?P<hex>[0-9A-Fa-f]{2})"
    rb"|\\(?P<symbol>[^A-Za-z])"
    rb"|(?P<brace>[{}])"
    rb"|[\r\n\0]+"
    rb"|(?P<text>[^\\{}\r\n\0]+)"
    rb"|\\"
)
# Groups whose text is no text of the document.
_UNSHOWN = frozenset(
    b"fonttbl colortbl stylesheet info pict object themedata colorschememapping listtable"
    b" listoverridetable rsidtbl generator latentstyles datastore header footer headerl headerr"
    b" footerl footerr filetbl revtbl pntext pntxta pntxtb xmlnstbl mmathPr fldinst bkmkstart"
    b" bkmkend".split()
)
_BREAKS = {
    b"par": "\n",
    b"line": "\n",
    b"row": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"cell": "\t",
    b"tab": "\t",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
    b"emspace": "\u2003",
    b"enspace": "\u2002",
}
# What \fcharset names, as code pages.
_FONT_PAGES = {
    0: 1252,
    77: 10000,
    128: 932,
    129: 949,
    134: 936,
    136: 950,
    161: 1253,
    162: 1254,
    163: 1258,
    177: 1255,
    178: 1256,
    186: 1257,
    204: 1251,
    222: 874,
    238: 1250,
}


def unpack(data: bytes) -> bytes:
    """Return the RTF in a property that holds it packed.

    Raises:
        InvalidError: it is not packed in a known way.
    """
    if len(data) < 16:
        raise InvalidError("The packed RTF is cut short.")
    raw_size = int.from_bytes(data[4:8], "little")
    kind = int.from_bytes(data[8:12], "little")
    if kind == _STORED:
        return data[16 : 16 + raw_size]
    if kind != _LZFU:
        raise InvalidError("The RTF is packed in an unknown way.")
    # A run of two bytes gives at most 17, so whatever the header says, this is the most.
    return _unpacked(data, min(raw_size, len(data) * 17))


def _unpacked(data: bytes, size: int) -> bytes:
    ring = bytearray(_PREFIX.ljust(_RING, b"\0"))
    write = len(_PREFIX)
    out = bytearray()
    position = 16
    while position < len(data) and len(out) < size:
        control = data[position]
        position += 1
        for bit in range(8):
            if not control >> bit & 1:
                if position >= len(data):
                    break
                piece = bytearray(data[position : position + 1])
                position += 1
            else:
                pair = int.from_bytes(data[position : position + 2], "big")
                position += 2
                start = pair >> 4
                if position > len(data) or start == write:
                    return bytes(out[:size])
                # The run may reach into what it writes itself.
                piece = bytearray()
                for each in range((pair & 15) + 2):
                    byte = ring[(start + each) % _RING]
                    ring[(write + each) % _RING] = byte
                    piece.append(byte)
            for byte in piece:
                ring[write] = byte
                write = (write + 1) % _RING
            out += piece
    return bytes(out[:size])


@dataclass(frozen=True, slots=True)
class Rtf:
    """What a document shows: its text, or the HTML that was written into it."""

    content: str
    is_html: bool


@dataclass(frozen=True, slots=True)
class _State:
    is_hidden: bool = False
    is_tag: bool = False
    is_rtf_only: bool = False
    skipped: int = 1
    font: int | None = None


@dataclass(slots=True)
class _Reader:
    is_html: bool
    page: int = 1252
    fonts: dict[int, int] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    pending_page: int = 1252

    def flush(self) -> None:
        if self.pending:
            label = code_page_label(self.pending_page)
            known = label is not None and codec_for(label) is not None
            data = bytes(self.pending)
            self.pieces.append(decode(data, label)[0] if known else decode_unlabelled(data))
            self.pending.clear()

    def bytes(self, data: bytes, state: _State) -> None:
        page = self.fonts.get(state.font, self.page) if state.font is not None else self.page
        if page != self.pending_page:
            self.flush()
            self.pending_page = page
        self.pending += data

    def text(self, text: str) -> None:
        self.flush()
        self.pieces.append(text)


def read(data: bytes) -> Rtf:
    """Return what an RTF document shows."""
    if not data.lstrip(b"\0\r\n\t ").startswith(b"{\\rtf"):
        return Rtf(decode_unlabelled(data), is_html=False)
    reader = _Reader(is_html=b"\\fromhtml" in data[:2048])
    state = _State()
    above: list[_State] = []
    is_start = False  # Right after an opening brace a word names what the group is.
    is_optional = False
    in_fonts = 0
    font = 0
    skip = 0
    position = 0
    while (token := _TOKEN.match(data, position)) is not None:
        position = token.end()
        kind = token.lastgroup
        if kind == "brace":
            if token["brace"] == b"{":
                above.append(state)
                is_start, is_optional = True, False
            elif above:
                state = above.pop()
                if in_fonts > len(above):
                    in_fonts = 0
            skip = 0
            continue
        word = token["word"]
        if word is not None:
            number = int(token["number"]) if token["number"] is not None else None
            if is_start and word == b"htmltag":
                state = replace(state, is_tag=True, is_hidden=False)
            elif is_start and (is_optional or word in _UNSHOWN) and not state.is_hidden:
                state = replace(state, is_hidden=True)
            is_start = False
            if word == b"fonttbl":
                in_fonts = len(above)
            elif word == b"f" and number is not None:
                font = number
                if not in_fonts:
                    state = replace(state, font=number)
            elif word == b"fcharset" and in_fonts:
                reader.fonts[font] = _FONT_PAGES.get(number or 0, reader.page)
            elif word == b"ansicpg" and number:
                reader.page = number
            elif word == b"htmlrtf":
                state = replace(state, is_rtf_only=number != 0)
            elif word == b"uc" and number is not None:
                state = replace(state, skipped=max(0, min(number, 16)))
            elif word == b"bin":
                position += max(0, number or 0)
            elif _is_shown(state, reader):
                if word == b"u" and number is not None:
                    reader.text(chr(number & 0xFFFF))
                    skip = state.skipped
                elif word in _BREAKS:
                    reader.text(_BREAKS[word])
            continue
        if kind == "symbol" and token["symbol"] == b"*":
            is_optional = True
            continue
        is_start = False
        if kind is None or not _is_shown(state, reader):
            continue
        if kind == "hex":
            if skip:
                skip -= 1
            else:
                reader.bytes(bytes.fromhex(token["hex"].decode()), state)
        elif kind == "symbol":
            symbol = token["symbol"]
            if symbol in (b"{", b"}", b"\\"):
                reader.bytes(symbol, state)
            elif symbol == b"~":
                reader.text("\u00a0")
            elif symbol == b"_":
                reader.text("-")
            elif symbol in (b"\r", b"\n"):
                reader.text("\n")
        else:
            text = token["text"]
            reader.bytes(text[skip:], state)
            skip = max(0, skip - len(text))
    reader.flush()
    # Two \u words may stand for one character beyond the first plane.
    joined = "".join(reader.pieces).encode("utf-16-le", "surrogatepass")
    return Rtf(clean(joined.decode("utf-16-le", "replace")), reader.is_html)


def _is_shown(state: _State, reader: _Reader) -> bool:
    return not state.is_hidden and not (reader.is_html and state.is_rtf_only)
