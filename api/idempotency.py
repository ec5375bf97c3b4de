"""Idempotency keys: one key stands for one body.

Capture is idempotent by the interaction's identity, for ever and in every process, so a repeated
request never archives twice. What a key adds is that a client's mistake is seen: the same key with
another body is refused. Only that is remembered here, in this process, for the newest keys.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from api.problems import KEY_REUSED, ProblemError
from archive.errors import InvalidError

CAPACITY = 10_000
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class KeyLedger:
    """Which body each of the newest keys stood for; safe for threads.

    `_lock` owns `_digests`, oldest first, keyed by actor and key.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._digests: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def claimed(self, actor_id: str, key: str | None, body: bytes) -> Iterator[None]:
        """Hold a key for a body while it is captured; give it back if that fails.

        Raises ProblemError for a key that stands for another body, and InvalidError for one that
        is not 1 to 255 visible ASCII characters.
        """
        if key is None:
            yield
            return
        if _KEY.fullmatch(key) is None:
            raise InvalidError("An Idempotency-Key is 1 to 255 visible ASCII characters.")
        entry = (actor_id, key)
        fresh = self._claim(entry, hashlib.sha256(body).digest())
        try:
            yield
        except BaseException:
            if fresh:
                with self._lock:
                    self._digests.pop(entry, None)
            raise

    def _claim(self, entry: tuple[str, str], digest: bytes) -> bool:
        with self._lock:
            known = self._digests.get(entry)
            if known is not None and known != digest:
                raise ProblemError(
                    KEY_REUSED, "This Idempotency-Key came before with another body; use a new one."
                )
            self._digests[entry] = digest
            self._digests.move_to_end(entry)
            while len(self._digests) > self._capacity:
                self._digests.popitem(last=False)
            return known is None
