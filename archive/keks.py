"""Which key-encryption key the settings name, wherever it is kept.

Those that need nothing but this machine are in `archive.sealing.kek`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from archive.sealing.kek import FileKek, Kek, parse_kek

_SUCCESSOR = ".new"
_PREDECESSOR = ".old"


def named_kek(
    text: str, environment: Mapping[str, str], prompt: Callable[[str], str] | None = None
) -> Kek:
    """Return the KEK that a text names, as MUNIMENT_KEK does; nothing is read before its use.

    Raises:
        SettingError: the text has none of the known forms.
    """
    kind, _, value = text.partition(":")
    if kind == "kms":
        from archive.kms import KmsKek

        return KmsKek(value)
    return parse_kek(text, environment, prompt)


def successor_of(kek: FileKek) -> FileKek:
    """Return the key file that a rotation makes beside another, to take its place at the end."""
    return FileKek(_beside(kek, _SUCCESSOR))


def predecessor_of(kek: FileKek) -> FileKek:
    """Return the key file whose place another took."""
    return FileKek(_beside(kek, _PREDECESSOR))


def candidates(kek: Kek) -> Iterator[Kek]:
    """Yield what may open an archive for whoever has a KEK.

    After a key file comes the one that an interrupted rotation left beside it, and the file once
    more: the other may have taken its place after the first look.
    """
    yield kek
    if isinstance(kek, FileKek):
        if successor_of(kek).path.exists():
            yield successor_of(kek)
        yield kek


def _beside(kek: FileKek, ending: str) -> Path:
    return kek.path.with_name(kek.path.name + ending)
