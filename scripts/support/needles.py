"""Looking for many texts in many files at once, in the forms in which a text may be hidden."""

import base64
from collections import defaultdict
from collections.abc import Iterable, Iterator

SHORTEST = 6
"""Shorter texts could be met by chance, and are not taken."""


class Needles:
    """Texts to look for: as they are in any case, in UTF-16, and in base64."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = sorted({text for text in texts if len(text.encode()) >= SHORTEST})
        self._folded: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
        self._exact: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
        for text in self.texts:
            for form in _folded_forms(text):
                self._folded[form[:SHORTEST]].append((form, text))
            for form in _base64_forms(text):
                self._exact[form[:SHORTEST]].append((form, text))

    def found_in(self, data: bytes) -> set[str]:
        """Return the texts that stand in some bytes."""
        # Folding ASCII alone leaves every other byte in its place.
        return {
            *_met(self._folded, data.lower()),
            *_met(self._exact, data),
        }


def _folded_forms(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield text.encode(encoding).lower()


def _base64_forms(text: str) -> Iterator[bytes]:
    """Yield what a text is in base64 wherever it may stand, without the bits of its neighbours."""
    for raw in {text.encode(), text.lower().encode()}:
        for before in range(3):
            written = base64.b64encode(bytes(before) + raw)
            whole = written[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
            yield whole
            yield whole.translate(bytes.maketrans(b"+/", b"-_"))


def _met(forms: dict[bytes, list[tuple[bytes, str]]], data: bytes) -> Iterator[str]:
    for place in range(len(data) - SHORTEST + 1):
        for form, text in forms.get(data[place : place + SHORTEST], ()):
            if data.startswith(form, place):
                yield text
