"""Passwords: which may be chosen, and their Argon2id hashes (RFC 9106) as PHC strings."""

import unicodedata
from threading import BoundedSemaphore

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from archive.clock import Clock
from archive.errors import InvalidError

SHORTEST, LONGEST = 12, 200
_FEWEST_LETTERS = 5
# RFC 9106, section 4, the second recommendation: 64 MiB, three passes, four lanes.
_MEMORY_KIB, _PASSES, _LANES = 64 * 1024, 3, 4
_SALT_BYTES, _HASH_BYTES = 16, 32
_AT_ONCE = 2


class Passwords:
    """Hashes and checks passwords; at most two at once, so that sign-ins cannot fill memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str, name: str) -> str:
        """Return the hash of a new password for a user; InvalidError if it is too easy."""
        text = _normal(password)
        if not SHORTEST <= len(text) <= LONGEST:
            raise InvalidError(f"A password has {SHORTEST} to {LONGEST} characters.")
        if len(set(text)) < _FEWEST_LETTERS or name.casefold() in text.casefold():
            raise InvalidError("This password is too easy to guess: use other, and more, letters.")
        salt = self._clock.random_bytes(_SALT_BYTES)
        with self._turn:
            return Argon2id(
                salt=salt,
                length=_HASH_BYTES,
                iterations=_PASSES,
                lanes=_LANES,
                memory_cost=_MEMORY_KIB,
            ).derive_phc_encoded(text.encode("utf-8", "surrogatepass"))

    def matches(self, password: str, hash: str | None) -> bool:
        """Say whether it is the password; with no hash it takes as long, and is not."""
        text = _normal(password[: LONGEST + 1]).encode("utf-8", "surrogatepass")
        with self._turn:
            try:
                Argon2id.verify_phc_encoded(text, hash or _nobodys())
            except InvalidKey:
                return False
        return hash is not None


def _nobodys() -> str:
    """Return a hash that costs as much as every other and is of no password: it is zeros."""
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${'A' * 22}${'A' * 43}"


def _normal(password: str) -> str:
    """Return it as NFKC, so that keyboards that compose letters differently agree."""
    return unicodedata.normalize("NFKC", password)
