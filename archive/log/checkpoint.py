"""Checkpoints: what the log says of itself at one size (C2SP tlog-checkpoint, tlog-proof)."""

import base64
import binascii
import re
from dataclasses import dataclass

from archive.errors import CorruptError
from archive.log.merkle import HASH_SIZE
from archive.log.note import Signer, Verifier

_PROOF = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log's origin, its size in entries, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes

    def sign(self, signer: Signer) -> str:
        """Return it as a signed note."""
        return signer.sign(f"{self.origin}\n{self.size}\n{encode_hash(self.root)}\n")

    @classmethod
    def open(cls, note: str, verifier: Verifier) -> "Checkpoint":
        """Read a checkpoint that the log's key has signed; CorruptError for anything else."""
        # Lines after the third are extensions, which do not concern a tree's root.
        origin, size, root, *_ = [*verifier.open(note).splitlines(), "", ""]
        if origin != verifier.name or not _NUMBER.fullmatch(size):
            raise CorruptError("The note is not a checkpoint of this log.")
        return cls(origin, int(size), decode_hash(root))


def encode_hash(hash: bytes) -> str:
    """Return a hash as it is written in checkpoints and proofs, in standard base64."""
    return base64.b64encode(hash).decode()


def decode_hash(text: str) -> bytes:
    """Read what `encode_hash` wrote; CorruptError for anything else."""
    try:
        hash = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        hash = b""
    if len(hash) != HASH_SIZE or encode_hash(hash) != text:
        raise CorruptError("A hash is 32 bytes in base64.")
    return hash


@dataclass(frozen=True, slots=True)
class LogProof:
    """That an entry is in the log: its index, the hashes from leaf to root, a checkpoint's note."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def encode(self) -> str:
        """Return the proof in the form of C2SP tlog-proof."""
        hashes = "".join(f"{encode_hash(each)}\n" for each in self.hashes)
        return f"{_PROOF}\nindex {self.index}\n{hashes}\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> "LogProof":
        """Read a proof, without yet believing any of it; CorruptError if it is none."""
        head, blank, checkpoint = text.partition("\n\n")
        form, *lines = head.split("\n")
        # The extra data is not signed by anybody, and nothing here needs it.
        if lines and lines[0].startswith("extra "):
            del lines[0]
        word, _, index = lines[0].partition(" ") if lines else ("", "", "")
        if form != _PROOF or word != "index" or not _NUMBER.fullmatch(index) or not blank:
            raise CorruptError("It is not a proof of the form tlog-proof@v1.")
        return cls(int(index), tuple(decode_hash(line) for line in lines[1:]), checkpoint)
