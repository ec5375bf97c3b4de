"""The recovery code: a KEK that a person writes down (docs/formats.md, "Keyring").

160 random bits in Crockford's base32, in groups of four, the last of which is a checksum; letters
that are easily misread stand for one another.
"""

import hmac
from hashlib import sha256

from archive.clock import Clock
from archive.errors import InvalidError
from archive.sealing.kek import Kek, Parameters

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_ENTROPY_SIZE = 20
_GROUP = 4
_CHECKSUM_BITS = 20
_LETTERS = _ENTROPY_SIZE * 8 // 5 + _CHECKSUM_BITS // 5


class RecoveryCode(Kek):
    """A recovery code; `text` is its written form, which is shown once and never stored."""

    kind = "recovery"
    opens = frozenset({"recovery"})

    def __init__(self, entropy: bytes) -> None:
        if len(entropy) != _ENTROPY_SIZE:
            raise InvalidError(f"A recovery code must be of {_ENTROPY_SIZE} bytes.")
        self._entropy = entropy

    @classmethod
    def generate(cls, clock: Clock) -> "RecoveryCode":
        """Make a new code."""
        return cls(clock.random_bytes(_ENTROPY_SIZE))

    @classmethod
    def parse(cls, text: str) -> "RecoveryCode":
        """Read a code as a person writes it: any case, any spaces and hyphens, O for 0, I for 1.

        InvalidError, which never repeats the code, if it is mistyped.
        """
        letters = [letter for letter in text.upper() if letter != "-" and not letter.isspace()]
        for place, letter in enumerate(letters, 1):
            if letter not in _VALUES:
                raise InvalidError(f"Character {place} of the recovery code is none that it has.")
        if len(letters) != _LETTERS:
            raise InvalidError(
                f"A recovery code has {_LETTERS} letters and digits; this has {len(letters)}."
            )
        value = 0
        for letter in letters:
            value = value << 5 | _VALUES[letter]
        entropy = (value >> _CHECKSUM_BITS).to_bytes(_ENTROPY_SIZE, "big")
        if value & (1 << _CHECKSUM_BITS) - 1 != _checksum(entropy):
            raise InvalidError("The recovery code is mistyped: its last group does not match it.")
        return cls(entropy)

    @property
    def text(self) -> str:
        """The code in groups of four, joined by hyphens."""
        value = int.from_bytes(self._entropy, "big") << _CHECKSUM_BITS | _checksum(self._entropy)
        letters = "".join(
            _ALPHABET[value >> shift & 31] for shift in range((_LETTERS - 1) * 5, -1, -5)
        )
        return "-".join(letters[start : start + _GROUP] for start in range(0, _LETTERS, _GROUP))

    def secret(self, salt: bytes, parameters: Parameters) -> bytes:
        # HKDF-Extract (RFC 5869, section 2.2): 20 bytes become a key of the size all keys have.
        return hmac.digest(b"muniment/recovery/1", self._entropy, "sha256")

    def __str__(self) -> str:
        return "the recovery code"


def _checksum(entropy: bytes) -> int:
    digest = sha256(b"muniment/recovery/1/checksum" + entropy).digest()
    return int.from_bytes(digest, "big") >> len(digest) * 8 - _CHECKSUM_BITS
