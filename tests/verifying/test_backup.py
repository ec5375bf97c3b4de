"""A copy that is made beside captures, in the order that is written down, is whole."""

import re
import shutil
from pathlib import Path

from tests.archive.house import capture, create, line, opened
from tests.verifying.verified import verified

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def documented_order() -> list[str]:
    found = re.search(r"for part in (.*?); do", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1].replace("\\\n", " ").split()


def copied(part: Path, to: Path) -> None:
    if part.is_dir():
        shutil.copytree(part, to)
    elif part.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(part, to)


def test_a_copy_made_beside_captures_lacks_nothing_of_what_it_names(tmp_path: Path) -> None:
    create(tmp_path)
    home, copy = tmp_path / "home", tmp_path / "copy"
    for needed in (".locks", ".temporary"):
        (copy / "bucket" / needed).mkdir(parents=True)
    shutil.copy2(home / "kek.key", copy / "kek.key")
    with opened(tmp_path) as archive:
        for number, part in enumerate(documented_order()):
            for text in ("short", "long " * 20_000):
                capture(archive, line(f"{number} {text[:5]}", text=text))
            archive.publish()
            copied(home / "bucket" / part, copy / "bucket" / part)
    found = verified(copy)
    assert found.faults == []
    named = ("commit records", "segments", "key objects", "blobs", "tiles", "checkpoints")
    assert all(found.checked[each] for each in named)
