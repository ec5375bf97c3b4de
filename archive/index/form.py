"""What decides how a record is indexed, as one digest: an index of another form is made anew.

Text analysis, the fields and the reading of records are all code. Nothing less than all of it says
surely that an index made by another program would be the same, and making one anew is cheap beside
an answer that is wrong.
"""

import sys
import unicodedata
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

_CODE: Final = frozenset({".py", ".lark"})
_LIBRARIES: Final = ("tantivy", "selectolax")


def index_form() -> str:
    """Return the digest of this program, SHA-256 in hex, with the libraries that it analyses by."""
    root = Path(__file__).resolve().parents[1]
    digest = sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in _CODE:
            data = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(data)}\n".encode())
            digest.update(data)
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(f"{sys.version_info[:2]} {unicodedata.unidata_version}\n".encode())
    return digest.hexdigest()
