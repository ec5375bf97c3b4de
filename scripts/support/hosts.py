"""Several hosts over one archive: each has a home folder of its own, and they share the rest."""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.support.home import Home
from scripts.support.parts import POSTGRES, S3, Embedded, Row
from scripts.support.show import Failed


class FolderAndPostgres(Embedded):
    """A folder bucket, which hosts share as a network folder, and a PostgreSQL database."""

    def __init__(self, home: Path, url: str) -> None:
        super().__init__(home)
        self._url = url
        self.settings = {
            "MUNIMENT_BUCKET": f"file:{home / 'bucket'}",
            "MUNIMENT_DATABASE_URL": url,
        }

    def select(self, table: str, columns: str = "*") -> list[Row]:
        import psycopg

        with psycopg.connect(self._url) as connection:
            return connection.execute(f"SELECT {columns} FROM muniment.{table}".encode()).fetchall()


@contextmanager
def first_host(path: Path) -> Iterator[Home]:
    """Make an archive that several hosts can share, on the servers that the environment names.

    Where it names none, a PostgreSQL is started, and the bucket is a folder.
    """
    from scripts.support import postgres

    if os.environ.get(S3) and os.environ.get(POSTGRES):
        yield Home.new(path)
        return
    if postgres.missing():
        raise Failed(str(postgres.missing()))
    with postgres.Postgres() as server:
        home = Home(path, FolderAndPostgres(path, server.fresh_url()))
        made = home.run("init", "--json")
        if made.status:
            raise Failed(f"init failed: {made.err.strip()}")
        home.legal = made.json()["legal_token"]
        yield home


def another_host(first: Home, path: Path) -> Home:
    """Return a host with an empty home folder that knows bucket, database and key."""
    place = copy.copy(first.place)
    place.settings = {**first.place.settings, "MUNIMENT_KEK": f"file:{first.path / 'kek.key'}"}
    home = Home(path, place)
    home.legal = first.legal
    return home
