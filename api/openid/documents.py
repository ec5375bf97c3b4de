"""What a provider says of itself: its description (Discovery 1.0) and the keys that it signs with.

Both are kept for an hour. One caller at a time asks for them, and whoever meets a provider that
keeps its callers waiting is refused for a while, so that the threads of a process do not all wait
for it: signing in by the provider is open to everybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.openid.fetching import Answer, SilentError, fetch
from api.openid.pause import PAUSE_SECONDS, Pause
from archive.clock import Clock
from archive.errors import UnavailableError
from archive.provider_settings import is_safe_address

KEPT_SECONDS: Final = 3600.0
_PATIENCE: Final = 2.0
_KEY_TYPES: Final = ("RSA", "EC", "OKP")
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderDocuments:
    """Asks one provider, and keeps its documents; UnavailableError where it does not answer.

    `_lock` is held by who asks for a document. What is kept is replaced as a whole, the time after
    the document, and is read without the lock.
    """

    def __init__(self, issuer: str, clock: Clock) -> None:
        self._issuer = issuer
        self._clock = clock
        self._pause = Pause(clock)
        self._lock = Lock()
        self._description: dict[str, Any] | None = None
        self._description_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def ask(
        self, url: str, *, body: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Ask as `fetch` does, unless the provider kept somebody waiting in vain a moment ago."""
        with self._pause.after(SilentError):
            return fetch(url, body=body, headers=headers)

    def known(self) -> dict[str, Any]:
        """Return the description as far as there is one, of whatever age; nobody is asked."""
        return self._description or {}

    def description(self) -> dict[str, Any]:
        """Return the provider's own description, as of an hour ago at the earliest."""
        if self._description is None or self._age(self._description_at) >= KEPT_SECONDS:
            with self._alone():
                if self._description is None or self._age(self._description_at) >= KEPT_SECONDS:
                    self._description = self._asked_description()
                    self._description_at = self._clock.monotonic()
        return self._description

    def keys(self, oldest: float = KEPT_SECONDS) -> KeySet:
        """Return the public keys that signatures are checked with, so many seconds old at most."""
        address = self.description()["jwks_uri"]
        if self._keys is None or self._age(self._keys_at) >= oldest:
            with self._alone():
                if self._keys is None or self._age(self._keys_at) >= oldest:
                    self._keys = self._asked_keys(address)
                    self._keys_at = self._clock.monotonic()
        return self._keys

    def _age(self, at: float) -> float:
        return self._clock.monotonic() - at

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE):
            raise UnavailableError(
                "The OpenID Connect provider has not answered yet.", retry_after=PAUSE_SECONDS
            )
        try:
            yield
        finally:
            self._lock.release()

    def _asked_description(self) -> dict[str, Any]:
        base = self._issuer.rstrip("/")
        status, told = self.ask(f"{base}/.well-known/openid-configuration")
        if status != 200 or told.get("issuer") != self._issuer:
            raise _unusable("its description")
        addresses = [told.get(name) for name in _ENDPOINTS]
        if not all(isinstance(each, str) and is_safe_address(each) for each in addresses):
            raise _unusable("its endpoints")
        return told

    def _asked_keys(self, address: str) -> KeySet:
        status, told = self.ask(address)
        listed = told.get("keys")
        if status != 200 or not isinstance(listed, list):
            raise _unusable("its keys")
        usable = [each for each in listed if _signs(each)]
        try:
            return KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _unusable("its keys") from error


def _signs(key: object) -> bool:
    """Say whether it is a public key that signatures are checked with."""
    return isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"


def _unusable(what: str) -> UnavailableError:
    return UnavailableError(f"The OpenID Connect provider gave no usable answer about {what}.")
