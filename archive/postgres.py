"""Connections to PostgreSQL: one pool a process, for the events and the catalog alike.

An archive has a schema of its own, and a database holds one archive. A password never comes out
of here: not in errors, not in what a connection calls itself.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from archive.errors import ConflictError, SettingError, UnavailableError

SCHEMA = "muniment"
# What the address may set otherwise. A host that is gone is noticed within seconds on both sides.
_DEFAULTS = {
    "application_name": "muniment",
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
# Nobody waits for ever for a lock, and a process that hangs in a transaction lets go of its own.
# Writers take turns at a row, and each must see what the one before it wrote.
_OPTIONS = (
    f"-c search_path={SCHEMA} -c default_transaction_isolation=read\\ committed"
    " -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)
# A server may be set up to acknowledge before it has written; an archive may not.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
_PORTS = re.compile(r"[0-9,]*")
_RETRY_SECONDS = 5.0


class Server:
    """A PostgreSQL database, named by `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`."""

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error:
            # Its words are not repeated: they could hold a piece of a password.
            raise SettingError(
                "MUNIMENT_DATABASE_URL is not of the form "
                "postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
            ) from None
        # libpq asks for the host's address first, and then speaks as if that did not answer.
        if not _PORTS.fullmatch(str(given.get("port") or "")):
            raise SettingError("MUNIMENT_DATABASE_URL: the port must be a number.")
        self._parameters = _DEFAULTS | {name: str(value) for name, value in given.items()}
        self._parameters["options"] = f"{given.get('options') or ''} {_OPTIONS}".strip()

    def describe(self) -> str:
        """Return where the database is, for people; never holds a secret."""
        get = self._parameters.get
        place = f"{get('host', 'localhost')}:{get('port', '5432')}"
        return f"database {get('dbname') or get('user', '')} at {place}"

    def connect(self, *, autocommit: bool = False) -> "psycopg.Connection[tuple[Any, ...]]":
        """Open a connection; psycopg.Error when that fails."""
        connection = psycopg.connect(make_conninfo(**self._parameters), autocommit=True)
        connection.execute(_DURABLE)
        connection.set_autocommit(autocommit)
        return connection

    def engine(self) -> Engine:
        """Return a pool of connections. One that died while it was idle is replaced unseen."""
        return create_engine(
            "postgresql+psycopg://",
            creator=self.connect,
            hide_parameters=True,
            paramstyle="format",
            pool_pre_ping=True,
            pool_size=4,
            max_overflow=16,
            pool_timeout=30,
        )

    @contextmanager
    def told_apart(self) -> Iterator[None]:
        """Turn the library's errors into ConflictError for a broken rule, else UnavailableError."""
        try:
            yield
        except IntegrityError as error:
            raise ConflictError("An event exists already, or a tracking goes back.") from error
        except (SQLAlchemyError, psycopg.Error) as error:
            raise self.unavailable(error) from error

    def unavailable(self, error: Exception) -> UnavailableError:
        """Return the error that says in one sentence why the database did not answer."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        lines = str(cause).strip().splitlines()
        reason = lines[0] if isinstance(cause, psycopg.Error) and lines else type(cause).__name__
        password = self._parameters.get("password")
        if password:
            reason = reason.replace(password, "***")
        return UnavailableError(
            f"The {self.describe()} does not answer: {reason}", retry_after=_RETRY_SECONDS
        )
