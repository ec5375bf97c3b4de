"""The console's session: a sealed cookie that only this archive can open.

The cookie holds the token that was signed in with, so that revoking the token ends the session at
the next request, and no session is stored anywhere. AES-256-GCM hides the token from whoever finds
the browser's files and makes the cookie unforgeable; the key is derived for this use alone.
"""

import base64
import binascii
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError

from archive.clock import Clock
from archive.model.interaction import Frozen

COOKIE = "muniment_session"
LIFETIME = timedelta(hours=12)
_INFO = b"muniment console session v1"
_NONCE_BYTES = 12


class Session(Frozen):
    """Who is signed in, why they read, and the secret that their forms carry back.

    `expires_at` is in seconds since the epoch.
    """

    token: str
    purpose: str
    form_secret: str
    expires_at: int


class SessionSealer:
    """Makes and opens sessions; `key` is any secret of the archive, of 16 bytes or more."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(key)
        self._box = AESGCM(derived)
        self._clock = clock

    def begin(self, token: str, purpose: str) -> Session:
        """Start a session for a token that has been found good."""
        return Session(
            token=token,
            purpose=purpose,
            form_secret=self._clock.random_bytes(24).hex(),
            expires_at=int((self._clock.now() + LIFETIME).timestamp()),
        )

    def seal(self, session: Session) -> str:
        """Give the cookie's value."""
        nonce = self._clock.random_bytes(_NONCE_BYTES)
        sealed = self._box.encrypt(nonce, session.model_dump_json().encode(), _INFO)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, value: str) -> Session | None:
        """Give the session in a cookie, or None when it is not ours or has ended."""
        try:
            raw = base64.urlsafe_b64decode(value)
            plain = self._box.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _INFO)
            session = Session.model_validate_json(plain)
        except (binascii.Error, InvalidTag, ValidationError, ValueError):
            return None
        return session if self._clock.now().timestamp() < session.expires_at else None
