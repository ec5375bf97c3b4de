"""Recovery codes: each lets its user in once in place of a one-time code that they cannot give."""

from typing import Final

from archive.clock import Clock
from archive.users import totp

RECOVERY_CODES: Final = 8
"""How many a user is given at once."""
_BYTES = 10


def new_codes(clock: Clock) -> list[str]:
    """Return as many new codes as a user is given, in groups that can be read out."""
    texts = (totp.new_secret(clock.random_bytes(_BYTES)) for _ in range(RECOVERY_CODES))
    return ["-".join(text[at : at + 4] for at in range(0, len(text), 4)) for text in texts]


def plain_code(code: str) -> str:
    """Return a code as it is compared: without what makes it easy to read."""
    return "".join(code.split()).replace("-", "").upper()
