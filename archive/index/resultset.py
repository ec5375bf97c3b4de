"""The hash of a result set (docs/query-language.md, "The result set")."""

import sys
from array import array
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

_FORM: Final = b"muniment result set v1\n"


def result_hash(sequences: Iterable[int]) -> str:
    """Return the hash of the results of a search, SHA-256 in hex.

    `sequences` are the sequence numbers of the events that made what was found, in any order.
    """
    numbers = array("Q", sorted(sequences))
    if sys.byteorder == "little":
        numbers.byteswap()
    return sha256(_FORM + numbers.tobytes()).hexdigest()
