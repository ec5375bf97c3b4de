"""One-time codes by time (RFC 6238 over RFC 4226): SHA-1, six digits, steps of 30 seconds.

Pure functions. These parameters are the ones that every authenticator program understands.
"""

import base64
import binascii
import hmac
from urllib.parse import quote, urlencode

from archive.errors import InvalidError

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
_DRIFT = 1


def code(secret: str, counter: int) -> str:
    """Return the code of a secret (base32) at a counter (RFC 4226, section 5.3)."""
    digest = hmac.digest(_key(secret), counter.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def met(secret: str, given: str, seconds: float) -> int | None:
    """Return the counter of which a code is, None if it is of none near this time.

    `seconds` are since 1970. One step before and after is taken too, for clocks that differ
    (RFC 6238, section 5.2). Every step is compared, so that the time taken tells nothing.
    """
    now = int(seconds) // STEP_SECONDS
    written = given.encode("utf-8", "surrogatepass")
    found = None
    for counter in range(max(0, now - _DRIFT), now + _DRIFT + 1):
        if hmac.compare_digest(code(secret, counter).encode(), written):
            found = counter
    return found


def new_secret(random: bytes) -> str:
    """Return random bytes as a secret, in base32 without padding."""
    return base64.b32encode(random).decode().rstrip("=")


def address(secret: str, name: str) -> str:
    """Return the otpauth address that an authenticator program reads."""
    return f"otpauth://totp/{quote('Muniment:' + name)}?" + urlencode(
        {"secret": secret, "issuer": "Muniment", "digits": DIGITS, "period": STEP_SECONDS}
    )


def _key(secret: str) -> bytes:
    text = secret.replace(" ", "").upper()
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise InvalidError("The secret of one-time codes is not base32.") from None
