"""What the archive of a show stands on: a folder and SQLite, or an S3 server and PostgreSQL.

A show stands on the embedded parts, all inside its home folder, unless its environment names
servers (`S3` and `POSTGRES`, with `AWS_*` for the first): then each archive has a bucket and a
database of its own on them. Objects and rows are read here as an outsider would read them, by
none of the program's own code.
"""

import os
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

S3 = "MUNIMENT_SHOW_S3"
POSTGRES = "MUNIMENT_SHOW_POSTGRES"
DERIVED = (
    *("records", "thread_keys", "tokens", "users", "trail", "trail_subjects", "positions"),
    *("departments", "log_head", "record_threads", "former_conversations"),
    *("obligations", "purges", "destructions", "certificates"),
)
"""The tables of the catalog, which is made again where it is missing."""
_TOPS = ("segments", "keys", "blobs", "commits", "relocations", "keyring", "index", "log")

Row = tuple[Any, ...]


class Place(ABC):
    """Where one archive's objects and rows are. `settings` is what its home needs to find them."""

    settings: Mapping[str, str]

    @abstractmethod
    def names(self, prefix: str = "") -> list[str]:
        """Return the names of the archive's objects, in order."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return an object's bytes."""

    @abstractmethod
    def overwrite(self, name: str, data: bytes) -> None:
        """Put other bytes in an object's place."""

    @abstractmethod
    def copied(self, home: Path) -> "Place":
        """Return a place with the same content, for a home whose folder has been copied."""

    @abstractmethod
    def remove(self) -> None:
        """Take away what stands outside the home folder."""

    @abstractmethod
    def select(self, table: str, columns: str = "*") -> list[Row]:
        """Return rows of a table, as plain numbers, texts and bytes."""

    @abstractmethod
    def columns(self) -> list[tuple[str, str]]:
        """Return table and name of every column there is."""

    @abstractmethod
    def drop_catalog(self) -> None:
        """Empty the catalog, so that it is made again."""

    @abstractmethod
    def lose_database(self) -> None:
        """Destroy all of SQL: every table, and what it stands in."""


class Embedded(Place):
    """A folder bucket and SQLite files inside the home folder."""

    settings: Mapping[str, str] = {}

    def __init__(self, home: Path) -> None:
        self._home = home
        self._bucket = home / "bucket"

    def names(self, prefix: str = "") -> list[str]:
        tops = [prefix.partition("/")[0]] if prefix else _TOPS
        found = (path for top in tops for path in (self._bucket / top).rglob("*"))
        # What the folder bucket keeps beside them for itself is no object.
        names = (path.relative_to(self._bucket).as_posix() for path in found if path.is_file())
        return sorted(name for name in names if name.startswith(prefix))

    def read(self, name: str) -> bytes:
        return (self._bucket / name).read_bytes()

    def overwrite(self, name: str, data: bytes) -> None:
        (self._bucket / name).write_bytes(data)

    def copied(self, home: Path) -> "Embedded":
        return Embedded(home)

    def remove(self) -> None:
        """All of it is inside the home folder."""

    def select(self, table: str, columns: str = "*") -> list[Row]:
        for path in sorted(self._home.glob("*.db")):
            with closing(sqlite3.connect(path)) as connection:
                if (table,) in connection.execute("SELECT name FROM sqlite_master"):
                    return connection.execute(f"SELECT {columns} FROM {table}").fetchall()
        return []

    def columns(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for path in sorted(self._home.glob("*.db")):
            with closing(sqlite3.connect(path)) as connection:
                found += connection.execute(
                    "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c"
                    " WHERE t.type = 'table'"
                )
        return found

    def drop_catalog(self) -> None:
        for derived in self._home.glob("catalog.db*"):
            derived.unlink()

    def lose_database(self) -> None:
        for file in self._home.glob("*.db*"):
            file.unlink()


class Servers(Place):
    """A bucket with Object Lock on an S3 server, and a PostgreSQL database."""

    def __init__(self, endpoint: str, server: str, name: str) -> None:
        self._endpoint = endpoint
        self._server = server
        self._name = name
        self.settings = {
            "MUNIMENT_BUCKET": f"s3://{name}",
            "MUNIMENT_S3_ENDPOINT": endpoint,
            "MUNIMENT_DATABASE_URL": self._url(name),
        }

    @classmethod
    def new(cls, endpoint: str, server: str) -> "Servers":
        """Make an empty bucket and an empty database."""
        place = cls(endpoint, server, f"show-{uuid4().hex[:12]}")
        place._make_bucket()
        place._administer(f'CREATE DATABASE "{place._name}"')
        return place

    def names(self, prefix: str = "") -> list[str]:
        pages = self._client.get_paginator("list_objects_v2")
        return sorted(
            each["Key"]
            for page in pages.paginate(Bucket=self._name, Prefix=prefix)
            for each in page.get("Contents", ())
        )

    def read(self, name: str) -> bytes:
        data: bytes = self._client.get_object(Bucket=self._name, Key=name)["Body"].read()
        return data

    def overwrite(self, name: str, data: bytes) -> None:
        put = self._client.put_object(Bucket=self._name, Key=name, Body=data)
        # Readers pass over a version that does not check, if the one before it is still there.
        pages = self._client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._name, Prefix=name):
            for each in page.get("Versions", ()):
                if each["Key"] == name and each["VersionId"] != put["VersionId"]:
                    self._client.delete_object(
                        Bucket=self._name, Key=name, VersionId=each["VersionId"]
                    )

    def copied(self, home: Path) -> "Servers":
        copy = Servers(self._endpoint, self._server, f"show-{uuid4().hex[:12]}")
        copy._make_bucket()
        with ThreadPoolExecutor(8) as pool:
            # The server copies; only reading the answers raises what went wrong.
            for _ in pool.map(partial(copy._take_over, self._name), self.names()):
                pass
        copy._administer(f'CREATE DATABASE "{copy._name}" TEMPLATE "{self._name}"')
        return copy

    def remove(self) -> None:
        # The bucket ends with its server, which no show outlives.
        self._administer(f'DROP DATABASE "{self._name}" WITH (FORCE)')

    def select(self, table: str, columns: str = "*") -> list[Row]:
        with self._connected() as connection:
            rows: list[Row] = connection.execute(
                f"SELECT {columns} FROM muniment.{table}"
            ).fetchall()
            return rows

    def columns(self) -> list[tuple[str, str]]:
        with self._connected() as connection:
            found: list[tuple[str, str]] = connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            return found

    def drop_catalog(self) -> None:
        with self._connected() as connection:
            connection.execute(f"TRUNCATE {', '.join(f'muniment.{name}' for name in DERIVED)}")

    def lose_database(self) -> None:
        with self._connected() as connection:
            connection.execute("DROP SCHEMA muniment CASCADE")

    @cached_property
    def _client(self) -> Any:
        import boto3

        return boto3.client("s3", endpoint_url=self._endpoint)

    def _make_bucket(self) -> None:
        self._client.create_bucket(Bucket=self._name, ObjectLockEnabledForBucket=True)

    def _take_over(self, bucket: str, name: str) -> None:
        self._client.copy_object(
            Bucket=self._name, Key=name, CopySource={"Bucket": bucket, "Key": name}
        )

    def _url(self, database: str) -> str:
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{database}"))

    def _connected(self) -> AbstractContextManager[Any]:
        import psycopg

        return psycopg.connect(self._url(self._name), autocommit=True)

    def _administer(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


def new_place(home: Path) -> Place:
    """Make room for a new archive, on the parts that the environment names."""
    endpoint, server = os.environ.get(S3), os.environ.get(POSTGRES)
    if endpoint and server:
        return Servers.new(endpoint, server)
    return Embedded(home)


def copy_home(home: Path, to: Path, place: Place) -> Place:
    """Copy a home folder that nobody uses, with all that its archive stands on."""
    shutil.copytree(home, to)
    return place.copied(to)


@contextmanager
def servers() -> Iterator[Mapping[str, str]]:
    """Start both servers; what is given is the environment in which shows stand on them."""
    from tempfile import TemporaryDirectory

    from scripts.support import ceph, postgres

    with (
        TemporaryDirectory(prefix="muniment-ceph-") as folder,
        ceph.gateway(Path(folder)) as gateway,
        postgres.Postgres() as server,
    ):
        yield {**gateway.environment, S3: gateway.endpoint, POSTGRES: server.url("postgres")}


def sole(rows: Sequence[Row]) -> list[Any]:
    """Return the values of rows that have one each."""
    return [value for (value,) in rows]
