"""Signed notes: a text and signatures under it (C2SP signed-note), with plain Ed25519 keys."""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive.errors import CorruptError, InvalidError

_ED25519 = b"\x01"
_ID_SIZE = 4
_LONGEST = 64 * 1024
_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


def _key_id(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_ID_SIZE]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and its name, in the field's own form `name+id+key`."""

    name: str
    public_key: bytes

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read a verifier key; InvalidError if it is none of Ed25519."""
        name, _, rest = text.strip().partition("+")
        written_id, _, encoded = rest.partition("+")
        key = _decode(encoded)
        verifier = cls(name, key[1:])
        is_known = key[:1] == _ED25519 and len(key) == 33 and _NAME.fullmatch(name)
        if not is_known or written_id != verifier.id.hex():
            raise InvalidError("A verifier key is NAME+ID+KEY, for Ed25519, as the log gives it.")
        return verifier

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature says whose it is."""
        return _key_id(self.name, self.public_key)

    def __str__(self) -> str:
        key = base64.b64encode(_ED25519 + self.public_key).decode()
        return f"{self.name}+{self.id.hex()}+{key}"

    def open(self, note: str) -> str:
        """Return the text of a note that this key has signed.

        Raises:
            CorruptError: it is no signed note, or this key's signature is missing or false.
        """
        text, found = _parse(note)
        signatures = [each[_ID_SIZE:] for name, each in found if self._is_own(name, each)]
        if not signatures:
            raise CorruptError(f"The note is not signed by {self.name}.")
        key = Ed25519PublicKey.from_public_bytes(self.public_key)
        for signature in signatures:
            try:
                key.verify(signature, text.encode())
            except InvalidSignature:
                raise CorruptError(f"The signature of {self.name} is not of this text.") from None
        return text

    def _is_own(self, name: str, signature: bytes) -> bool:
        return name == self.name and signature.startswith(self.id)


class Signer:
    """A private key and its name; no repr shows it."""

    def __init__(self, name: str, private_key: bytes) -> None:
        """Take a raw Ed25519 private key; InvalidError for a name that no note may bear."""
        if not _NAME.fullmatch(name):
            raise InvalidError("The name of a log's key has no spaces and no plus.")
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return a text as a signed note; InvalidError unless it ends with a line end."""
        if not text.endswith("\n") or _CONTROL.search(text):
            raise InvalidError("The text of a note is of whole lines, without control characters.")
        signature = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.verifier.name} {signature}\n"


def _decode(text: str) -> bytes:
    """Return what standard base64 says, nothing for text that is not in its one form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    # A decoder overlooks bits that are over at the end.
    return data if base64.b64encode(data).decode() == text else b""


def _parse(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if len(note) > _LONGEST or not separator or lines.pop() or not lines or _CONTROL.search(note):
        raise CorruptError("It is not a signed note.")
    found: list[tuple[str, bytes]] = []
    for line in lines:
        match = _SIGNATURE_LINE.fullmatch(line)
        signature = _decode(match[2]) if match else b""
        if match is None or len(signature) <= _ID_SIZE:
            raise CorruptError("A line under a note is no signature.")
        found.append((match[1], signature))
    return text + "\n", found
