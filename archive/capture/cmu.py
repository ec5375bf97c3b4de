"""Mail folders as the CMU Enron corpus keeps them: one message a file, with added X- fields.

The exporter put internal Notes and Exchange addresses into X-From, X-To, X-cc and X-bcc, the
folder into X-Folder and the mailbox's owner into X-Origin. The owner is spelled in two cases
(KEAN-S, Kean-S), so it is folded to lower case.
"""

import re
from pathlib import PurePosixPath

from archive.capture.parameters import Fields
from archive.capture.words import header_text

_NOTES_ADDRESS = re.compile(r"\s*<[^<>]*>\s*(?:,|\Z)")


def custodian(fields: Fields, path: str) -> str | None:
    """Return whose mailbox it is: X-Origin, else the folder below `maildir` in the path."""
    origin = header_text(fields.get(b"x-origin", [b""])[0]).lower()
    if origin:
        return origin
    folders = PurePosixPath(path).parts[:-1]
    below = folders.index("maildir") + 1 if "maildir" in folders else len(folders)
    return folders[below].lower() if below < len(folders) else None


def labels(fields: Fields) -> dict[str, str]:
    """Return the folder that the message lay in, as its owner named it."""
    folder = header_text(fields.get(b"x-folder", [b""])[0])
    return {"folder": folder} if folder else {}


def named(pairs: list[tuple[str, str]], fields: Fields, name_field: bytes) -> list[tuple[str, str]]:
    """Fill in names from X-From, X-To, … where the address field has addresses alone.

    Names and addresses stand in the same order; where their numbers differ, nobody can tell
    which name is whose, and none is used.
    """
    if name_field not in fields or not any(not name for name, _ in pairs):
        return pairs
    names = _names(header_text(fields[name_field][0]), len(pairs))
    if len(names) != len(pairs):
        return pairs
    return [(name or given, address) for (name, address), given in zip(pairs, names, strict=True)]


def _names(text: str, count: int) -> list[str]:
    if "<" in text:
        names = _NOTES_ADDRESS.split(text)
        names = names[:-1] if not names[-1] else names
    elif count == 1:
        names = [text]
    else:
        names = text.split(",")
    # An address in the place of a name names nobody.
    return ["" if "@" in name else name.strip().strip("\"'").strip() for name in names]
