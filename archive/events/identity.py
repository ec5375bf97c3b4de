"""Ids and keyed digests: the same capture meets the same id, and SQL holds nothing guessable.

Every digest is an HMAC-SHA256 under a key of its own derived from the keyring's identity key,
which never rotates. Texts enter with their lengths, so that no two lists of texts run together.
"""

import hmac
from collections.abc import Sequence
from struct import Struct
from uuid import UUID

from archive.model.interaction import Content
from archive.sealing.keyring import Keyring

THREAD_KEY_SIZE = 16
_LENGTH = Struct(">I")


def uuid8(digest: bytes) -> UUID:
    """Return a version 8 UUID (RFC 9562) made of a digest's first 16 bytes."""
    return UUID(bytes=uuid8_bytes(digest))


def uuid8_bytes(digest: bytes) -> bytes:
    """Return the 16 bytes of the UUID that `uuid8` gives, which are made in half the time."""
    value = bytearray(digest[:16])
    value[6] = value[6] & 0x0F | 0x80
    value[8] = value[8] & 0x3F | 0x80
    return bytes(value)


class Identity:
    """Derives ids and digests from the keyring's identity key."""

    def __init__(self, keyring: Keyring) -> None:
        self._interaction = _keyed(keyring, "interaction")
        self._duplicate = _keyed(keyring, "duplicate")
        self._conversation = _keyed(keyring, "conversation")
        self._blob = _keyed(keyring, "blob")
        self._token = _keyed(keyring, "token")
        self._stream = _keyed(keyring, "stream")
        self._attempts = _keyed(keyring, "attempts")
        self._request = _keyed(keyring, "request")
        self._recovery = _keyed(keyring, "recovery-code")
        self._trail = _keyed(keyring, "trail")
        self._department = _keyed(keyring, "department")
        self._pseudonym = _keyed(keyring, "pseudonym")
        self._policies = _keyed(keyring, "policies")

    def interaction(
        self, source: str, custodian: str | None, native_id: str, raw_sha256: str | None
    ) -> UUID:
        """Return an interaction's id; `raw_sha256` where the source can reuse native ids."""
        return UUID(bytes=self.interaction_bytes(source, custodian, native_id, raw_sha256))

    def interaction_bytes(
        self, source: str, custodian: str | None, native_id: str, raw_sha256: str | None
    ) -> bytes:
        """Return the 16 bytes of what `interaction` gives."""
        return uuid8_bytes(
            _digest(self._interaction, source, custodian or "", native_id, raw_sha256 or "")
        )

    def duplicate(self, content: Content, raw_sha256: str) -> bytes:
        """Return the 16 bytes that copies of one message share, whoever holds them."""
        own = content.native_id or raw_sha256
        return _digest(self._duplicate, content.channel, own)[:16]

    def thread_key(self, text: str) -> bytes:
        """Return the bytes that stand for one thread key in SQL."""
        return _digest(self._conversation, text)[:THREAD_KEY_SIZE]

    def blob(self, sha256: bytes) -> bytes:
        """Return the 32 bytes that name a blob by its content."""
        return _finish(self._blob, sha256)

    def token(self, token: str) -> bytes:
        """Return the 32 bytes by which a bearer token is known."""
        return _digest(self._token, token)

    def attempts(self, subject: str) -> bytes:
        """Return the 16 bytes under which attempts to sign in are counted."""
        return _digest(self._attempts, subject)[:16]

    def request_key(self, user: str, key: str) -> bytes:
        """Return the 16 bytes that stand in SQL for an idempotency key of a user's."""
        return _digest(self._request, user, key)[:16]

    def request_body(self, user: str, key: str, sha256: str) -> bytes:
        """Return the 16 bytes that stand in SQL for the body that came with such a key."""
        return _digest(self._request, user, key, sha256)[:16]

    def recovery(self, user: UUID, code: str) -> bytes:
        """Return the 32 bytes by which a user's recovery code is known."""
        return _digest(self._recovery, str(user), code)

    def trail(self, column: str, text: str) -> bytes:
        """Return the 16 bytes that stand for a text in a column of the trail's index."""
        return _digest(self._trail, column, text)[:16]

    def department(self, name: str) -> bytes:
        """Return the 16 bytes that stand for a department, as it is compared, in SQL."""
        return _digest(self._department, name)[:16]

    def pseudonym(self, scope: str, stands: str, text: str) -> bytes:
        """Return the 32 bytes that a pseudonym is made of, in a scope of its own."""
        return _digest(self._pseudonym, scope, stands, text)

    def policies(self, versions: Sequence[str]) -> bytes:
        """Return the 16 bytes that stand in SQL for versions of policies."""
        return _digest(self._policies, *versions)[:16]

    def stream(self, name: str) -> UUID:
        """Return the id of a stream that there is one of, such as a codebook."""
        return uuid8(_digest(self._stream, name))


def _digest(keyed: hmac.HMAC, *texts: str) -> bytes:
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    return _finish(keyed, b"".join([_LENGTH.pack(len(part)) + part for part in parts]))


def _keyed(keyring: Keyring, label: str) -> hmac.HMAC:
    """Return an HMAC with its key taken in, to be copied: that is what costs."""
    return hmac.new(keyring.derive(label), digestmod="sha256")


def _finish(keyed: hmac.HMAC, message: bytes) -> bytes:
    whole = keyed.copy()
    whole.update(message)
    return whole.digest()
