"""The console's session: a sealed cookie that only this archive can open.

The cookie says who signed in and when, and holds no secret that would open anything by itself: what
it rests on is looked up with every request, so that it ends when that does (docs/access.md,
"Sessions"). AES-256-GCM makes it unforgeable; the key is derived for this use alone.
"""

import base64
import binascii
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field, ValidationError

from archive.clock import Clock
from archive.model.interaction import Frozen
from archive.users.entrance import SessionKey

COOKIE = "muniment_session"
LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
_RENEWED_AFTER = timedelta(minutes=1)
_INFO = b"muniment console session v2"
_NONCE_BYTES = 12
_LONGEST_COOKIE = 3_800


class Vouching(Frozen):
    """Whom a provider vouched for, when (seconds since the epoch), and what it is asked with."""

    subject: str
    checked_at: int
    refresh_token: str | None = Field(default=None, repr=False)


class Session(Frozen):
    """Who is signed in, why they read, and the secret that their forms carry back.

    `began_at` and `seen_at` are in seconds since the epoch.
    """

    key: SessionKey
    purpose: str
    form_secret: str
    began_at: int
    seen_at: int
    vouching: Vouching | None = None


class Box:
    """Seals small things for one use, named by `info`; `key` is any secret of 16 bytes or more."""

    def __init__(self, key: bytes, info: bytes, clock: Clock) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)
        self._box = AESGCM(derived)
        self._info = info
        self._clock = clock

    def seal(self, plain: bytes) -> str:
        """Give what only this archive can open, as a cookie's value."""
        nonce = self._clock.random_bytes(_NONCE_BYTES)
        return base64.urlsafe_b64encode(
            nonce + self._box.encrypt(nonce, plain, self._info)
        ).decode()

    def open(self, value: str) -> bytes | None:
        """Give what was sealed, or None where it is not ours."""
        try:
            raw = base64.urlsafe_b64decode(value)
            return self._box.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], self._info)
        except (binascii.Error, InvalidTag, ValueError):
            return None


class SessionSealer:
    """Makes and opens sessions; `key` is any secret of the archive, of 16 bytes or more."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._box = Box(key, _INFO, clock)
        self._clock = clock

    def begin(self, key: SessionKey, purpose: str, vouching: Vouching | None = None) -> Session:
        """Start the session of somebody who has just signed in."""
        now = self._now()
        return Session(
            key=key,
            purpose=purpose,
            form_secret=self._clock.random_bytes(24).hex(),
            began_at=now,
            seen_at=now,
            vouching=vouching,
        )

    def renewed(self, session: Session) -> Session | None:
        """Give the session as of now, None while that need not be noted yet."""
        now = self._now()
        if now - session.seen_at < _RENEWED_AFTER.total_seconds():
            return None
        return session.model_copy(update={"seen_at": now})

    def seal(self, session: Session) -> str:
        """Give the cookie's value.

        Where what the provider is asked with is longer than browsers keep, it is left out: the
        session then ends when the provider would be asked.
        """
        value = self._box.seal(session.model_dump_json().encode())
        if len(value) <= _LONGEST_COOKIE or session.vouching is None:
            return value
        shorter = session.vouching.model_copy(update={"refresh_token": None})
        bare = session.model_copy(update={"vouching": shorter})
        return self._box.seal(bare.model_dump_json().encode())

    def open(self, value: str) -> Session | None:
        """Give the session in a cookie, or None when it is not ours or has ended."""
        plain = self._box.open(value)
        try:
            session = None if plain is None else Session.model_validate_json(plain)
        except ValidationError:
            session = None
        if session is None:
            return None
        now = self._now()
        if now - session.began_at >= LONGEST.total_seconds():
            return None
        return session if now - session.seen_at < IDLE.total_seconds() else None

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
