#!/usr/bin/env python3
"""Check the evidence of one record, as `muniment prove ID --json` gives it, without the archive.

It needs this file, Python 3.11 or later and the package `cryptography`, and neither a network nor
the archive. docs/evidence.md says what it shows and what not, and how to do the same by hand.
It leaves with 0 if everything holds, 1 if something is wrong, 2 if it could not be asked.
"""

import argparse
import base64
import hmac
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LIMIT = 64 * 1024 * 1024
_START, _REST = Struct(">B16s16sIB"), Struct(">32s32sII")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_VERIFIER_KEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*")
_SAID = (("record", str), ("version", int), ("seq", int))
_SHOWN = ("source", "native_id", "channel", "kind", "direction", "location", "conversation")
_MALFORMED = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Wrong(Exception):
    """What does not hold, in one sentence."""


class Unanswerable(Exception):
    """Why what was asked cannot be answered: something is missing or cannot be read."""


def field(document: Any, name: str, kind: type) -> Any:
    """Return a member of a JSON object, which must be of a type."""
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise Wrong(f"It has no {name!r} of the form that evidence has.")
    return found


def octets(text: Any, what: str, size: int | None = None) -> bytes:
    """Read standard base64, which must be of `size` bytes if that is given."""
    try:
        found = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or size not in (None, len(found)):
        raise Wrong(f"The {what} is not what base64 of it would be.")
    return found


# The log: signed notes, and the proofs of RFC 9162.


class LogKey:
    """A log's verifier key: NAME+ID+KEY (C2SP signed-note)."""

    def __init__(self, text: str) -> None:
        self.name, _, rest = text.strip().partition("+")
        written, _, encoded = rest.partition("+")
        key = octets(encoded, "log's key", 33)
        self.id = sha256(f"{self.name}\n".encode(errors="replace") + key).digest()[:4]
        if key[0] != 1 or written != self.id.hex():
            raise Wrong("The log's key is none of Ed25519, or its id is of another key.")
        self._key = Ed25519PublicKey.from_public_bytes(key[1:])

    def open(self, note: str) -> tuple[int, bytes]:
        """Return the size and the root in a checkpoint that this key has signed."""
        text, separator, signatures = note.rpartition("\n\n")
        text += "\n"
        signed = False
        for line in signatures.splitlines() if separator else ():
            dash, name, encoded = [*line.split(" "), "", "", ""][:3]
            if dash == "—" and name == self.name:
                signature = octets(encoded, "signature of the checkpoint")
                if signature[:4] == self.id:
                    try:
                        self._key.verify(signature[4:], text.encode(errors="replace"))
                    except InvalidSignature:
                        raise Wrong("The signature of the checkpoint is false.") from None
                    signed = True
        if not signed:
            raise Wrong("The checkpoint is not signed by the log's key.")
        origin, size, root = [*text.split("\n"), "", "", ""][:3]
        if origin != self.name or not _NUMBER.fullmatch(size):
            raise Wrong("What the log's key has signed is no checkpoint of this log.")
        return int(size), octets(root, "root in the checkpoint", 32)


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, section 2.1.1)."""
    return sha256(b"\1" + left + right).digest()


def climb(index: int, size: int, start: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Go up a proof (RFC 9162, sections 2.1.3.2 and 2.1.4.2).

    Returns the root of all, and the root of what lies left of the way with the start.
    """
    last = size - 1
    left = whole = start
    for sibling in proof:
        if last == 0:
            raise Wrong("The proof is longer than the tree is high.")
        if index & 1 or index == last:
            left, whole = node(sibling, left), node(sibling, whole)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            whole = node(whole, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise Wrong("The proof is shorter than the tree is high.")
    return whole, left


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf stands at an index of the tree (section 2.1.3.2)."""
    if not 0 <= index < size:
        raise Wrong(f"The checkpoint is of {size} entries and has none at the index {index}.")
    if climb(index, size, leaf, proof)[0] != root:
        raise Wrong("The proof does not lead from this frame to the checkpoint's root.")


def check_consistency(
    older: tuple[int, bytes], newer: tuple[int, bytes], proof: Sequence[bytes]
) -> None:
    """Check that the newer tree begins with the older one (section 2.1.4.2)."""
    (first, first_root), (second, second_root) = older, newer
    if first == 0:
        if proof or first_root != sha256(b"").digest():
            raise Wrong("The other checkpoint is of an empty log and has another root.")
        return
    hashes = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not hashes:
        raise Wrong("The consistency proof is empty.")
    index, last = first - 1, second - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    found, before = climb(index, last + 1, hashes[0], hashes[1:])
    if found != second_root or before != first_root:
        raise Wrong("The two checkpoints are of different logs: one was forked or rewritten.")


# The frame: its clear header, and the box that the evidence subkey opens.


def expand(key: bytes, label: str) -> bytes:
    """Derive a key: HKDF-Expand with SHA-256 to 32 bytes (RFC 5869, section 2.3)."""
    return hmac.digest(key, label.encode() + b"\0\1", "sha256")


class Frame:
    """One event as it was sealed; docs/formats.md, "Frame"."""

    def __init__(self, data: bytes) -> None:
        try:
            version, archive, record, self.version, length = _START.unpack_from(data)
            end = _START.size + length
            self.type = data[_START.size : end].decode("ascii")
            self._commitment, _, evidence, custody = _REST.unpack_from(data, end)
        except (StructError, UnicodeDecodeError):
            raise Wrong("The frame is cut short or damaged in its header.") from None
        size = end + _REST.size
        if version != 1 or len(data) != size + evidence + custody:
            raise Wrong("The frame is of an unknown version, or not as long as it says.")
        self.archive, self.record = UUID(bytes=archive), UUID(bytes=record)
        self._header, self._box = data[:size], data[size : size + evidence]
        entry = b"\1" + archive + sha256(data).digest()
        self.leaf = sha256(b"\0" + entry).digest()

    def open(self, subkey: bytes) -> bytes:
        """Return the plaintext of the evidence."""
        if not hmac.compare_digest(expand(subkey, "muniment/box/1/commitment"), self._commitment):
            raise Wrong("The evidence subkey is not the one that the frame is committed to.")
        try:
            key = AESGCM(expand(subkey, "muniment/box/1/key"))
            return decompress(key.decrypt(bytes(12), self._box, self._header))
        except InvalidTag:
            raise Wrong("The evidence does not open: the frame was changed.") from None


def read_evidence(frame: Frame, plaintext: bytes) -> dict[str, Any]:
    """Return the document in the evidence; the bytes kept with it are checked against it."""
    inline = b""
    if frame.type in ("interaction.captured", "interaction.revised"):
        length = int.from_bytes(plaintext[:4], "big")
        plaintext, inline = plaintext[4 : 4 + length], plaintext[4 + length :]
    try:
        document: dict[str, Any] = json.loads(plaintext)
        for part in filter(None, (document.get("original"), *document.get("extra_parts", ()))):
            start = part.get("offset", 0)
            held = sha256(inline[start : start + part["size"]]).hexdigest()
            if part.get("blob") is None and held != part["sha256"]:
                raise Wrong("Bytes in the evidence do not have the SHA-256 that it says of them.")
    except _MALFORMED:
        raise Wrong("The evidence opens and is not in the form that evidence has.") from None
    return document


def describe(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and values of what was captured, as a person reads them; the text is last."""
    content, original = document.get("content", {}), document.get("original")
    try:
        lines = [("committed", f"{document['recorded_at']} (the operator says)")]
        lines += [(name, content.get(name)) for name in _SHOWN]
        if content.get("occurred_at"):
            lines.append(("occurred", f"{content['occurred_at']} (the source says)"))
        for someone in content.get("participants", ()):
            name, address = someone.get("name"), someone.get("address")
            lines.append((someone["role"], f"{name} <{address}>" if name else address))
        lines.append(("subject", content.get("subject")))
        for each in content.get("attachments", ()):
            measure = f"{each['size']} bytes, SHA-256 {each['sha256']}"
            lines.append(("attachment", f"{each.get('filename')}, {measure}"))
        if original:
            where = "a blob, so not in the bundle" if original.get("blob") else "the bundle"
            measure = f"{original['size']} bytes, SHA-256 {original['sha256']}"
            lines.append(("original", f"{original['media_type']}, {measure}, in {where}"))
        if not content:
            lines += [(name, json.dumps(value)) for name, value in document.items()]
        lines.append(("text", content.get("text") or content.get("html_text")))
    except _MALFORMED:
        raise Wrong("The evidence opens and is not in the form that evidence has.") from None
    return [(name, printable(str(value))) for name, value in lines if value]


def printable(text: str) -> str:
    """Return text without what would steer a terminal."""
    return _UNSAFE.sub("\ufffd", text)


# Decompression, where neither Python nor a package brings it (RFC 8878, without dictionaries).


class Bits:
    """A stream of bits that is read backwards (section 4.1); past its beginning it reads as 0."""

    def __init__(self, data: bytes) -> None:
        if not data or not data[-1]:
            raise Wrong("The compressed evidence is damaged: a stream has no end mark.")
        self.data = data
        self.left = 8 * len(data) - 9 + data[-1].bit_length()

    def read(self, count: int) -> int:
        """Return the next `count` bits, 56 at most."""
        self.left -= count
        start, missing = max(self.left, 0), min(max(-self.left, 0), count)
        word = int.from_bytes(self.data[start >> 3 : (start >> 3) + 8], "little") >> (start & 7)
        return (word & ((1 << count - missing) - 1)) << missing


def read_counts(data: bytes, longest: int) -> tuple[list[int], int, int]:
    """Read the distribution of an FSE table (section 4.1.1): counts, accuracy, bytes taken."""
    bits = int.from_bytes(data[:512], "little")
    accuracy, place = (bits & 15) + 5, 4
    if accuracy > longest:
        raise Wrong("The compressed evidence is damaged: a table is too large.")
    counts: list[int] = []
    left = 1 << accuracy
    while left > 0 and len(counts) < 256:
        width = (left + 1).bit_length()
        value = bits >> place & ((1 << width) - 1)
        low, spare = value & ((1 << width - 1) - 1), (1 << width) - 2 - left
        place += width
        if low < spare:
            value, place = low, place - 1
        elif value >> width - 1:
            value -= spare
        counts.append(value - 1)
        left -= abs(value - 1)
        while value == 1:
            zeros = bits >> place & 3
            place += 2
            counts += [0] * zeros
            if zeros < 3:
                break
    taken = (place + 7) // 8
    if left or len(counts) > 256 or taken > len(data):
        raise Wrong("The compressed evidence is damaged: a table does not add up.")
    return counts, accuracy, taken


Fse = tuple[list[tuple[int, int, int]], int]
"""For each state its symbol, how many bits to read, what to add; and the accuracy."""


def fse_table(counts: Sequence[int], accuracy: int) -> Fse:
    """Lay out an FSE table (section 4.1.1)."""
    size = 1 << accuracy
    symbols, high = [0] * size, size
    following = [abs(count) for count in counts]
    for symbol, count in enumerate(counts):
        if count < 0:
            high -= 1
            symbols[high] = symbol
    place = 0
    for symbol, count in enumerate(counts):
        for _ in range(count):
            symbols[place] = symbol
            place = (place + (size >> 1) + (size >> 3) + 3) % size
            while place >= high > 0:
                place = (place + (size >> 1) + (size >> 3) + 3) % size
    table = []
    for symbol in symbols:
        state = following[symbol]
        following[symbol] += 1
        width = accuracy + 1 - state.bit_length()
        table.append((symbol, width, (state << width) - size))
    return table, accuracy


def huffman_table(data: bytes) -> tuple[list[tuple[int, int]], int, int]:
    """Read a Huffman tree (section 4.2.1): symbol and width by prefix, longest width, bytes."""
    taken = data[0] + 1
    if data[0] >= 128:
        count = data[0] - 127
        taken = 1 + (count + 1) // 2
        weights = [data[1 + place // 2] >> 4 * (1 - place % 2) & 15 for place in range(count)]
    else:
        weights = huffman_weights(data[1:taken])
    total = sum(1 << weight >> 1 for weight in weights)
    longest = total.bit_length()
    rest = (1 << longest) - total
    if taken > len(data) or not 0 < longest <= 11 or rest & (rest - 1):
        raise Wrong("The compressed evidence is damaged: a tree does not add up.")
    weights.append(rest.bit_length())
    ranked = sorted((weight, symbol) for symbol, weight in enumerate(weights) if weight)
    table = [
        (symbol, longest + 1 - weight) for weight, symbol in ranked for _ in range(1 << weight - 1)
    ]
    return table, longest, taken


def huffman_weights(data: bytes) -> list[int]:
    """Read weights that are compressed by FSE (section 4.2.1.2)."""
    counts, accuracy, taken = read_counts(data, 6)
    table, _ = fse_table(counts, accuracy)
    bits = Bits(data[taken:])
    state, other = bits.read(accuracy), bits.read(accuracy)
    weights: list[int] = []
    while len(weights) < 255:
        symbol, width, base = table[state]
        weights.append(symbol)
        state = base + bits.read(width)
        if bits.left < 0:
            return [*weights, table[other][0]]
        state, other = other, state
    raise Wrong("The compressed evidence is damaged: a tree has too many leaves.")


def huffman_stream(data: bytes, table: list[tuple[int, int]], longest: int) -> bytes:
    """Read one stream of literals (section 4.2.2)."""
    bits, found = Bits(data), bytearray()
    prefix, mask = bits.read(longest), (1 << longest) - 1
    while bits.left > -longest:
        symbol, width = table[prefix]
        found.append(symbol)
        prefix = prefix << width & mask | bits.read(width)
    if bits.left != -longest:
        raise Wrong("The compressed evidence is damaged: literals do not end where they should.")
    return bytes(found)


def _lengths(first: Sequence[int], widths: Sequence[int]) -> list[tuple[int, int]]:
    """Return base and width by code: those of `first`, then each width after the one before."""
    codes = [(base, 0) for base in first]
    base = first[-1] + 1
    for width in widths:
        codes.append((base, width))
        base += 1 << width
    return codes


# Section 3.1.1.3.2.1.1, and the default distributions of 3.1.1.3.2.2.
_LITERALS = _lengths(range(16), [1] * 4 + [2] * 2 + [3] * 2 + [4, *range(6, 17)])
_MATCHES = _lengths(range(3, 35), [1] * 4 + [2] * 2 + [3] * 2 + [4, 4, 5, *range(7, 17)])
_OFFSETS = [(1 << code, code) for code in range(32)]
_DEFAULTS = (
    ([4, 3] + [2] * 6 + [2] * 5 + [1] * 3 + [2] * 9 + [3, 2] + [1] * 5 + [-1] * 4, 6),
    ([1] * 6 + [2] * 3 + [1] * 15 + [-1] * 5, 5),
    ([1, 4, 3] + [2] * 6 + [1] * 37 + [-1] * 7, 6),
)
_CODES = ((_LITERALS, 9), (_OFFSETS, 8), (_MATCHES, 9))


class Decoder:
    """One zstd frame, block by block."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.output = bytearray()
        self._tree: tuple[list[tuple[int, int]], int, int] | None = None
        self._tables: list[Fse | None] = [None, None, None]
        self._recent = [1, 4, 8]

    def add(self, data: bytes) -> None:
        """Take what a block gives."""
        self.output += data
        if len(self.output) > self._size:
            raise Wrong("The compressed evidence holds more than it says.")

    def block(self, data: bytes) -> None:
        """Decode one compressed block (section 3.1.1.3)."""
        literals, taken = self._literals(data)
        data = data[taken:]
        count, taken = data[0], 1
        if count == 255:
            count, taken = 0x7F00 + int.from_bytes(data[1:3], "little"), 3
        elif count > 127:
            count, taken = (count - 128 << 8) + data[1], 2
        if count:
            self._sequences(data[taken:], count, literals)
        else:
            self.add(literals)

    def _literals(self, data: bytes) -> tuple[bytes, int]:
        kind, form = data[0] & 3, data[0] >> 2 & 3
        if kind < 2:
            taken, shift = ((1, 3), (2, 4), (1, 3), (3, 4))[form]
            size = int.from_bytes(data[:taken], "little") >> shift
            end = taken + (1 if kind else size)
            literals = data[taken:end] * (size if kind else 1)
        else:
            taken, width = ((3, 10), (3, 10), (4, 14), (5, 18))[form]
            sizes = int.from_bytes(data[:taken], "little") >> 4
            size = sizes & ((1 << width) - 1)
            end = taken + (sizes >> width)
            if kind == 2:
                self._tree = huffman_table(data[taken:end])
                taken += self._tree[2]
            literals = self._streams(data[taken:end], size, form > 0)
        if end > len(data) or len(literals) != size:
            raise Wrong("The compressed evidence is damaged: literals are missing.")
        return literals, end

    def _streams(self, data: bytes, size: int, are_four: bool) -> bytes:
        """Read literals of one stream, or of four with a quarter each (section 3.1.1.3.1.6)."""
        if self._tree is None:
            raise Wrong("The compressed evidence is damaged: a block has no tree.")
        literals = b""
        if are_four:
            lengths = [int.from_bytes(data[place : place + 2], "little") for place in (0, 2, 4)]
            data = data[6:]
            for number, length in enumerate(lengths, 1):
                literals += huffman_stream(data[:length], *self._tree[:2])
                data = data[length:]
                if len(literals) != number * ((size + 3) // 4):
                    raise Wrong("The compressed evidence is damaged: literals are missing.")
        return literals + huffman_stream(data, *self._tree[:2])

    def _table(self, place: int, mode: int, data: bytes) -> int:
        """Set one of the three tables as its mode says; return how many bytes that took."""
        taken = 0
        if mode == 0:
            self._tables[place] = fse_table(*_DEFAULTS[place])
        elif mode == 1:
            self._tables[place], taken = ([(data[0], 0, 0)], 0), 1
        elif mode == 2:
            counts, accuracy, taken = read_counts(data, _CODES[place][1])
            self._tables[place] = fse_table(counts, accuracy)
        return taken

    def _sequences(self, data: bytes, count: int, literals: bytes) -> None:
        modes, taken = data[0], 1
        for place in range(3):
            taken += self._table(place, modes >> 6 - 2 * place & 3, data[taken:])
        bits = Bits(data[taken:])
        tables = [table for table in self._tables if table is not None]
        if len(tables) < 3 or modes & 3:
            raise Wrong("The compressed evidence is damaged: a block has no table.")
        states = [bits.read(accuracy) for _, accuracy in tables]
        start = 0
        for number in range(count):
            rows = [table[state] for (table, _), state in zip(tables, states, strict=True)]
            (base, width), (low, more), (shortest, longer) = (
                codes[row[0]] for (codes, _), row in zip(_CODES, rows, strict=True)
            )
            offset = low + bits.read(more)
            length = shortest + bits.read(longer)
            end = start + base + bits.read(width)
            if end > len(literals) or bits.left < 0:
                raise Wrong("The compressed evidence is damaged: a block ends too early.")
            self.add(literals[start:end])
            self._copy(self._offset(offset, end == start), length)
            start = end
            if number + 1 < count:
                for place in (0, 2, 1):
                    states[place] = rows[place][2] + bits.read(rows[place][1])
        if bits.left:
            raise Wrong("The compressed evidence is damaged: a block does not end in time.")
        self.add(literals[start:])

    def _offset(self, value: int, nothing_before: bool) -> int:
        """Return the distance that an offset stands for (section 3.1.1.5)."""
        recent = self._recent
        if value > 3:
            recent[:] = [value - 3, *recent[:2]]
            return recent[0]
        place = value - 1 + nothing_before
        offset = recent[place] if place < 3 else recent[0] - 1
        if place:
            recent[:] = [offset, recent[0], recent[2 if place == 1 else 1]]
        return offset

    def _copy(self, offset: int, length: int) -> None:
        if not 0 < offset <= len(self.output):
            raise Wrong("The compressed evidence is damaged: it refers to what is not there.")
        end = len(self.output) - offset
        piece = bytes(self.output[end : end + length])
        self.add((piece * (length // len(piece) + 1))[:length])


def decompress(data: bytes) -> bytes:
    """Decompress one zstd frame that says its size, which must not be over the limit of a box."""
    try:
        size, start, has_checksum = read_frame_header(data)
        found = library(data, size)
        return own(data, size, start, has_checksum) if found is None else found
    except IndexError:
        raise Wrong("The compressed evidence is damaged, or cut short.") from None


def read_frame_header(data: bytes) -> tuple[int, int, bool]:
    """Return the content's size, where the blocks start, and whether a checksum follows them."""
    flags = data[4]
    single, width = flags >> 5 & 1, (1, 2, 4, 8)[flags >> 6]
    has_size = single or flags >> 6
    start = 5 + (not single)
    size = int.from_bytes(data[start : start + width], "little") + (256 if width == 2 else 0)
    if data[:4] != b"\x28\xb5\x2f\xfd" or flags & 0b1011 or not has_size or size > LIMIT:
        raise Wrong(
            "The compressed evidence is of a form, or says a size, that evidence never has."
        )
    return size, start + width, bool(flags & 4)


def library(data: bytes, size: int) -> bytes | None:
    """Decompress with what Python (from 3.14 on) or a package brings; None where there is neither.

    Neither is let write more than the frame says of itself.
    """
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return package(data)
    machine = zstd.ZstdDecompressor()
    try:
        plaintext: bytes = machine.decompress(data, size + 1)
    except zstd.ZstdError:
        raise Wrong("The compressed evidence is damaged.") from None
    if not machine.eof or machine.unused_data:
        raise Wrong("The compressed evidence is not one whole frame.")
    return plaintext


def package(data: bytes) -> bytes | None:
    """Decompress with the package zstandard, which takes no more memory than the frame says."""
    try:
        import zstandard
    except ImportError:
        return None
    try:
        plaintext: bytes = zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError:
        raise Wrong("The compressed evidence is damaged.") from None
    return plaintext


def own(data: bytes, size: int, place: int, has_checksum: bool) -> bytes:
    """Decompress with what stands in this file."""
    decoder, last = Decoder(size), 0
    while not last:
        if place + 3 > len(data):
            raise Wrong("The compressed evidence is cut short.")
        header = int.from_bytes(data[place : place + 3], "little")
        last, kind, length = header & 1, header >> 1 & 3, header >> 3
        place += 3
        block = data[place : place + (1 if kind == 1 else length)]
        place += len(block)
        if kind == 3 or length > 128 * 1024 or len(block) < (1 if kind == 1 else length):
            raise Wrong("The compressed evidence is damaged, or cut short.")
        if kind == 2:
            decoder.block(block)
        else:
            decoder.add(block * length if kind else block)
    # The frame is authenticated, so that the checksum would tell nothing that is not known.
    if place + 4 * has_checksum != len(data) or len(decoder.output) != size:
        raise Wrong("The compressed evidence is not one whole frame.")
    return bytes(decoder.output)


# The whole: every check on a bundle, each told by itself where it fails.


class Examination:
    """The checks, what they found wrong, what must be known beside them, and what was captured."""

    def __init__(self, bundle: Any, log_key: str | None) -> None:
        self.wrong: list[str] = []
        self.notes: list[str] = []
        self.facts: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.lines: list[tuple[str, str]] = []
        self.checkpoint: tuple[int, bytes] | None = None
        self._bundle, self._evidence = bundle, None
        if isinstance(bundle, dict):
            self._evidence = bundle.get("evidence")
        own = self._evidence.get("log_key") if isinstance(self._evidence, dict) else None
        if log_key is None:
            if not isinstance(own, str):
                raise Unanswerable("There is no log key in the bundle; give it with --log-key.")
            self.notes.append(
                "The log's key came with the bundle, so this shows only what the bundle's maker "
                "says. Get the key from somewhere else and give it with --log-key."
            )
        elif isinstance(own, str) and own.strip() != log_key.strip():
            self.wrong.append("The bundle was made for another log's key than the one given.")
        self.key = self.attempt(LogKey, log_key or own)

    def attempt(self, check: Callable[..., Any], *arguments: Any) -> Any:
        """Make a check; what it finds wrong is noted, and the others go on."""
        try:
            return check(*arguments)
        except Wrong as wrong:
            self.wrong.append(str(wrong))
        except OSError as error:
            raise Unanswerable(f"{error.filename} cannot be read: {error.strerror}.") from error

    def run(self) -> None:
        """Make all checks that need nothing but the bundle and the key."""
        if self.key is None:
            return
        self.checkpoint = self.attempt(self._check_checkpoint)
        frame = None if self._evidence is None else self.attempt(self._check_frame)
        if self._evidence is None:
            self.notes.append(
                "The bundle brings no evidence: its maker says that the record is erased. What is "
                "shown is only that an entry with this hash is in the log."
            )
        if self.checkpoint and (frame or self._evidence is None):
            self.attempt(self._check_place, frame, *self.checkpoint)
        if frame:
            self.document = self.attempt(self._check_content, frame) or {}

    def _check_checkpoint(self) -> tuple[int, bytes]:
        size, root = self.key.open(field(self._bundle, "checkpoint", str))
        if field(self._bundle, "size", int) != size:
            raise Wrong("The bundle says another size of the log than its checkpoint.")
        self.facts |= {"log": self.key.name, "size": size, "root": root.hex()}
        return size, root

    def _check_frame(self) -> Frame:
        frame = Frame(octets(field(self._evidence, "frame", str), "frame"))
        if self.key.name != f"muniment.{frame.archive}":
            raise Wrong(f"The frame is of archive {frame.archive}, and the key of another's log.")
        said = [field(self._evidence, name, kind) for name, kind in _SAID]
        if said != [str(frame.record), frame.version, field(self._bundle, "index", int) + 1]:
            raise Wrong("The bundle names another record, version or number than its frame.")
        return frame

    def _check_place(self, frame: Frame | None, size: int, root: bytes) -> None:
        index = field(self._bundle, "index", int)
        hashes = field(self._bundle, "hashes", list)
        lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *map(str, hashes), ""]
        if "\n".join([*lines, self._bundle["checkpoint"]]) != self._bundle.get("tlog_proof"):
            raise Wrong("The proof in the bundle is not the same in its two forms.")
        leaf = octets(field(self._bundle, "leaf_hash", str), "leaf hash", 32)
        if frame and frame.leaf != leaf:
            raise Wrong("The frame is not the one whose hash is in the log: it was altered.")
        proof = [octets(each, "proof", 32) for each in hashes]
        check_inclusion(leaf, index, size, proof, root)
        self.facts |= {"index": index, "leaf_hash": leaf.hex()}

    def _check_content(self, frame: Frame) -> dict[str, Any]:
        subkey = octets(field(self._evidence, "subkey", str), "evidence subkey", 32)
        document = read_evidence(frame, frame.open(subkey))
        self.lines = describe(document)
        record = {"archive": str(frame.archive), "record": str(frame.record)}
        self.facts |= record | {"version": frame.version, "event": frame.type}
        return document

    def compare_checkpoint(self, note: str, consistency: Any) -> None:
        """Check that a checkpoint kept elsewhere and the bundle's are of one log."""
        if self.checkpoint is None:
            return
        other = self.key.open(note)
        older, newer = sorted((other, self.checkpoint), key=lambda each: each[0])
        if older[0] == newer[0]:
            if older != newer:
                raise Wrong("The other checkpoint has another root at this size: a forked log.")
            return
        if consistency is None:
            raise Unanswerable(
                f"The checkpoints are of {older[0]} and {newer[0]} entries; give --consistency "
                f"with the answer of /v1/log/consistency?first={older[0]}&second={newer[0]}."
            )
        sizes = [field(consistency, name, int) for name in ("first", "second")]
        if sizes != [older[0], newer[0]]:
            raise Unanswerable(f"The consistency proof is not from {older[0]} to {newer[0]}.")
        hashes = [octets(each, "proof", 32) for each in field(consistency, "hashes", list)]
        check_consistency(older, newer, hashes)

    def compare_original(self, path: Path) -> None:
        """Check that a file is the original that was captured."""
        digest = sha256()
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        if digest.hexdigest() != field(self.document, "original", dict).get("sha256"):
            raise Wrong("The file given is not the original that was captured.")
        self.facts["original_compared"] = digest.hexdigest()


def read_text(name: str) -> str:
    """Read a file, or standard input for `-`."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Unanswerable(f"{name} cannot be read: {error.strerror}.") from error
    return data.decode("utf-8", "replace")


def read_json(name: str) -> Any:
    """Read a file of JSON, or standard input."""
    try:
        return json.loads(read_text(name))
    except (ValueError, RecursionError):
        raise Unanswerable(f"{name} is not JSON.") from None


def examine(options: argparse.Namespace) -> Examination:
    """Make every check that the options ask for; what is wrong is noted in what it returns."""
    if options.consistency and not options.checkpoint:
        raise Unanswerable("--consistency leads to another checkpoint: give it with --checkpoint.")
    key = options.log_key
    if key is not None and not _VERIFIER_KEY.fullmatch(key.strip()):
        key = read_text(key)
    examination = Examination(read_json(options.bundle), key)
    examination.run()
    if options.checkpoint:
        proof = read_json(options.consistency) if options.consistency else None
        examination.attempt(examination.compare_checkpoint, read_text(options.checkpoint), proof)
    else:
        examination.notes.append(
            "The log's operator can show different people different logs. A checkpoint that was "
            "kept elsewhere, given with --checkpoint, shows that this is the one log."
        )
    if options.original and examination.document:
        examination.attempt(examination.compare_original, Path(options.original))
    elif options.original and not examination.wrong:
        raise Unanswerable("The bundle brings no evidence that --original can be compared with.")
    return examination


def write(found: Examination) -> None:
    """Write what the checks gave, for a person."""
    for fault in found.wrong:
        print(f"WRONG: {printable(fault)}")
    if not found.wrong:
        print(
            "UNALTERED: this is what the log committed to."
            if found.document
            else "IN THE LOG: an entry with this hash. What it says has not been looked at."
        )
        facts = [(name.replace("_", " "), str(value)) for name, value in found.facts.items()]
        for name, value in [*facts, *found.lines]:
            print(f"\n{value}\n" if name == "text" else f"{name:<17} {' '.join(value.split())}")
    for note in found.notes:
        print(f"note: {note}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a bundle and say what it shows; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bundle", help="the file that `muniment prove ID --json` wrote, or -")
    parser.add_argument("--log-key", help="the log's verifier key, or a file with it")
    parser.add_argument("--checkpoint", help="a file with a checkpoint that was kept elsewhere")
    parser.add_argument("--consistency", help="a file with the proof between the two checkpoints")
    parser.add_argument("--original", help="a file to compare with the original that was captured")
    parser.add_argument("--json", action="store_true", help="write one JSON document")
    options = parser.parse_args(arguments)
    try:
        found = examine(options)
    except Unanswerable as reason:
        print(f"verify_evidence: {reason}", file=sys.stderr)
        return 2
    if options.json:
        report = {"ok": not found.wrong, "wrong": found.wrong, "notes": found.notes}
        shown = {} if found.wrong else {"facts": found.facts, "captured": found.document}
        print(json.dumps(report | shown))
    else:
        write(found)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
