"""What the pages must mention: a setting, event type or table that is not documented fails here."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from archive.catalog.tables import METADATA
from archive.events.pointers_postgres import TABLES
from archive.events.pointers_sqlite import SqlitePointers
from archive.events.types import EVENT_TYPES, Erased
from archive.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_setting_is_in_the_operations_page(tmp_path: Path) -> None:
    environ = {"MUNIMENT_PASSPHRASE": "x"}
    names = [line.name for line in Settings.load(environ, tmp_path).shown()]
    missing = [name for name in names if f"`{name}`" not in page("operations.md")]
    assert missing == []


def test_every_event_type_is_in_a_table_of_the_pages() -> None:
    types = [*EVENT_TYPES, Erased.type]
    pages = "".join(page(path.name) for path in sorted(DOCS.glob("*.md")))
    assert [name for name in types if f"| `{name}` |" not in pages] == []


def test_every_table_is_in_the_design_page(tmp_path: Path) -> None:
    recorder = SqlitePointers(tmp_path / "events.db")
    recorder.create(uuid4())
    recorder.close()
    with closing(sqlite3.connect(tmp_path / "events.db")) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
    shared = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", " ".join(TABLES))
    named = set(re.findall(r"`(\w+)`", page("design.md")))
    assert {*(row[0] for row in rows), *shared, *METADATA.tables} - named == set()


def test_pages_lead_to_pages_that_are_there() -> None:
    root = DOCS.parent
    for source in (*DOCS.glob("*.md"), root / "README.md", root / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", source.read_text(encoding="utf-8")):
            assert (source.parent / target).exists(), f"{source.name} leads to {target}"
