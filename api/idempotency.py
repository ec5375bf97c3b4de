"""Idempotency keys: one key stands for one body.

Capture is idempotent by the interaction's identity, for ever and in every process, so a repeated
request never archives twice. What a key adds is that a client's mistake is seen: the same key with
another body is refused, whichever process it comes to.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from api import context
from api.problems import KEY_REUSED, ProblemError
from archive.errors import InvalidError

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@contextmanager
def claimed(key: str | None, body: bytes) -> Iterator[None]:
    """Hold a key of who asks for a body while it is captured; give it back if that fails.

    Raises:
        ProblemError: the key stands for another body.
        InvalidError: it is not 1 to 255 visible ASCII characters.
        UnavailableError: it cannot be known now what it stands for.
    """
    if key is None:
        yield
        return
    if _KEY.fullmatch(key) is None:
        raise InvalidError("An Idempotency-Key is 1 to 255 visible ASCII characters.")
    actor, keys = context.actor(), context.archive().request_keys
    if not keys.bind(actor.id, key, hashlib.sha256(body).hexdigest()):
        raise ProblemError(
            KEY_REUSED, "This Idempotency-Key came before with another body; use a new one."
        )
    try:
        yield
    except BaseException:
        keys.give_back(actor.id, key)
        raise
