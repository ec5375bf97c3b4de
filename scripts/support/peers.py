"""Other programs' indexes over the same text, in a process of their own.

    python3 scripts/support/peers.py fts5|xapian FOLDER LINES

Makes an index of the NDJSON file LINES in FOLDER, then answers each line of its input, a query as
JSON, by a line of JSON: the milliseconds it took and the total. Xapian comes with the system's own
Python (Debian's python3-xapian), so this module needs nothing but the standard library.

Each answers as the archive does: the exact total, the 20 newest, and where that is asked for how
many there are of each channel, source, custodian, month and sender.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FACETS = ("channel", "source", "custodian", "month", "sender")
PAGE = 20
_COMMIT_EVERY = 50_000


def documents(lines: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the moment, the text, and the values of the facets of each record."""
    with lines.open(encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            text = f"{one.get('subject') or ''}\n{one.get('text') or ''}"
            moment = one["occurred_at"]
            sender = one["participants"][0].get("address") or ""
            values = (one["channel"], one["source"], one.get("custodian") or "", moment[:7], sender)
            yield moment, text, values


class Fts5:
    """SQLite's full-text index, with the facets in a table beside it."""

    def __init__(self, folder: Path, lines: Path) -> None:
        path = folder / "fts5.db"
        is_new = not path.exists()
        self._sql = sqlite3.connect(path)
        if is_new:
            self._fill(lines)

    def _fill(self, lines: Path) -> None:
        columns = ", ".join(FACETS)
        self._sql.executescript(
            f"CREATE TABLE about (id INTEGER PRIMARY KEY, moment, {columns});"
            "CREATE VIRTUAL TABLE texts USING fts5(text, content='',"
            " tokenize='unicode61 remove_diacritics 2')"
        )
        for number, (moment, text, values) in enumerate(documents(lines), 1):
            self._sql.execute("INSERT INTO texts(rowid, text) VALUES (?, ?)", (number, text))
            self._sql.execute("INSERT INTO about VALUES (?,?,?,?,?,?,?)", (number, moment, *values))
            if number % _COMMIT_EVERY == 0:
                self._sql.commit()
        self._sql.commit()
        self._sql.execute("INSERT INTO texts(texts) VALUES ('optimize')")
        self._sql.execute("CREATE INDEX by_moment ON about(moment)")
        self._sql.commit()

    def answer(self, query: dict[str, Any]) -> int:
        words = query["words"]
        text = {
            "word": lambda: f'"{words[0]}"',
            "phrase": lambda: f'"{" ".join(words)}"',
            "near": lambda: f'NEAR("{words[0]}" "{words[1]}", {query["within"] - 1})',
            "prefix": lambda: f'"{words[0]}" *',
        }[query["kind"]]()
        found = "FROM about WHERE id IN (SELECT rowid FROM texts WHERE texts MATCH ?)"
        (total,) = self._sql.execute(
            "SELECT count(*) FROM texts WHERE texts MATCH ?", (text,)
        ).fetchone()
        newest = f"SELECT id {found} ORDER BY moment DESC LIMIT {PAGE}"
        self._sql.execute(newest, (text,)).fetchall()
        for facet in FACETS if query["facets"] else ():
            self._sql.execute(f"SELECT {facet}, count(*) {found} GROUP BY 1", (text,)).fetchall()
        return int(total)


class Xapian:
    """What notmuch and others are built on."""

    def __init__(self, folder: Path, lines: Path) -> None:
        import xapian

        self._xapian = xapian
        path = str(folder / "xapian")
        if not Path(path).exists():
            self._fill(path, lines)
        self._database = xapian.Database(path)

    def _fill(self, path: str, lines: Path) -> None:
        xapian = self._xapian
        database = xapian.WritableDatabase(f"{path}.new", xapian.DB_CREATE_OR_OPEN)
        generator = xapian.TermGenerator()
        for number, (moment, text, values) in enumerate(documents(lines), 1):
            document = xapian.Document()
            generator.set_document(document)
            generator.index_text(text)
            document.add_value(0, moment)
            for slot, value in enumerate(values, 1):
                document.add_value(slot, value)
            database.add_document(document)
            if number % _COMMIT_EVERY == 0:
                database.commit()
        database.commit()
        database.close()
        Path(f"{path}.new").rename(path)

    def answer(self, query: dict[str, Any]) -> int:
        xapian, words = self._xapian, query["words"]
        asked = {
            "word": lambda: xapian.Query(words[0]),
            "phrase": lambda: xapian.Query(xapian.Query.OP_PHRASE, words, len(words)),
            "near": lambda: xapian.Query(xapian.Query.OP_NEAR, words, query["within"] + 1),
            "prefix": lambda: xapian.Query(
                xapian.Query.OP_WILDCARD, words[0], 0, xapian.Query.WILDCARD_LIMIT_ERROR
            ),
        }[query["kind"]]()
        enquire = xapian.Enquire(self._database)
        enquire.set_query(asked)
        enquire.set_weighting_scheme(xapian.BoolWeight())
        enquire.set_sort_by_value(0, True)
        spies = []
        for slot in range(1, len(FACETS) + 1) if query["facets"] else ():
            spies.append(xapian.ValueCountMatchSpy(slot))
            enquire.add_matchspy(spies[-1])
        # The number of documents to look at makes the total exact.
        found = enquire.get_mset(0, PAGE, self._database.get_doccount())
        [match.docid for match in found]
        for spy in spies:
            [(each.term, each.termfreq) for each in spy.values()]
        return int(found.get_matches_estimated())


def main() -> None:
    """Make the index, say how long it took, and answer."""
    name, folder, lines = sys.argv[1:]
    began = time.monotonic()
    peer = {"fts5": Fts5, "xapian": Xapian}[name](Path(folder), Path(lines))
    print(json.dumps({"seconds": time.monotonic() - began}), flush=True)
    for line in sys.stdin:
        query = json.loads(line)
        began = time.perf_counter()
        total = peer.answer(query)
        milliseconds = (time.perf_counter() - began) * 1000
        print(json.dumps({"milliseconds": milliseconds, "total": total}), flush=True)


if __name__ == "__main__":
    main()
