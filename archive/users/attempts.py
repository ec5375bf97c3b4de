"""Attempts to sign in, counted in SQL: shared by all processes and hosts, kept over a restart.

An attempt is counted before it is decided, so that many made at once are all counted. After a few
that failed, the next is let through only after a pause, which doubles up to a quarter of an hour.
A count is forgotten an hour after its last attempt. The table is neither evidence nor derived:
without it nothing is lost but the pauses. Its keys are keyed digests; its size is bounded by how
many passwords can be checked in an hour.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

from sqlalchemy import Connection, Engine, delete, update
from sqlalchemy.exc import SQLAlchemyError

from archive.catalog.forgetting import forget
from archive.catalog.inserting import insert_for
from archive.catalog.tables import attempts
from archive.clock import Clock
from archive.errors import ThrottledError, UnavailableError
from archive.events.identity import Identity

FREE = 5
FREE_OF_ADDRESS = 20
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


def pause_after(failures: int, free: int) -> timedelta:
    """Return how long the next attempt waits after so many failures."""
    beyond = failures - free
    if beyond < 0:
        return timedelta(0)
    return min(LONGEST_PAUSE, timedelta(seconds=2 ** min(beyond, 20)))


def whole(address: str) -> str:
    """Return what attempts from an address are counted for: of IPv6, the network of 64 bits.

    Whoever has one address of such a network has them all.
    """
    found = ip_address(address)
    if isinstance(found, IPv4Address):
        return address
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))


class Attempt:
    """One attempt under way; it has failed unless `succeed` is called."""

    def __init__(self) -> None:
        self.succeeded = False

    def succeed(self) -> None:
        """Say that it was right."""
        self.succeeded = True


class Attempts:
    """Counts attempts by subject and by address. Safe for threads and processes."""

    def __init__(self, engine: Engine, identity: Identity, clock: Clock) -> None:
        self._engine = engine
        self._insert = insert_for(engine.dialect)
        self._identity = identity
        self._clock = clock

    @contextmanager
    def counted(self, subject: str, address: str | None = None) -> Iterator[Attempt]:
        """Hold an attempt while it is decided.

        Success forgets the subject's failures, and takes back what it counted for the address; what
        cannot be taken back is forgotten in an hour, and is no reason to refuse whoever is in.

        Raises:
            ThrottledError: too many have failed; nothing may be decided now.
            UnavailableError: the database does not answer.
        """
        limits = {self._identity.attempts(f"subject/{subject}"): FREE}
        if address is not None:
            limits[self._identity.attempts(f"address/{whole(address)}")] = FREE_OF_ADDRESS
        self._count(limits)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            if attempt.succeeded:
                with suppress(SQLAlchemyError):
                    self._take_back(limits)

    def _count(self, limits: dict[bytes, int]) -> None:
        now = self._now()
        wait = 0
        try:
            gone = now - int(FORGOTTEN_AFTER.total_seconds() * 1000)
            forget(self._engine, attempts, gone)
            with self._engine.begin() as connection:
                # Always in one order, so that two transactions never wait for each other.
                found = {key: self._locked(connection, key, now) for key in sorted(limits)}
                for key, (failures, last_at) in found.items():
                    # One that came in between is of later than `now`, and alone no reason to wait.
                    if pause := pause_after(failures, limits[key]):
                        wait = max(wait, last_at + int(pause.total_seconds() * 1000) - now)
                if wait <= 0:
                    for key, (failures, _) in found.items():
                        connection.execute(
                            update(attempts)
                            .where(attempts.c.key == key)
                            .values(failures=failures + 1, last_at=now)
                        )
        except SQLAlchemyError as error:
            raise UnavailableError("Attempts to sign in cannot be counted now.") from error
        if wait > 0:
            seconds = wait / 1000
            raise ThrottledError(
                "Too many attempts to sign in have failed; try again later.", retry_after=seconds
            )

    def _locked(self, connection: Connection, key: bytes, now: int) -> tuple[int, int]:
        """Return failures and last attempt of a key, whose row this transaction then holds."""
        row = connection.execute(
            self._insert(attempts)
            .values(key=key, failures=0, last_at=now)
            .on_conflict_do_update(
                index_elements=[attempts.c.key], set_={"failures": attempts.c.failures}
            )
            .returning(attempts.c.failures, attempts.c.last_at)
        ).one()
        return row[0], row[1]

    def _take_back(self, limits: dict[bytes, int]) -> None:
        subject = next(iter(limits))
        with self._engine.begin() as connection:
            # In the same order as they are counted.
            for key in sorted(limits):
                counted = attempts.c.key == key
                if key == subject:
                    connection.execute(delete(attempts).where(counted))
                else:
                    connection.execute(
                        update(attempts)
                        .where(counted, attempts.c.failures > 0)
                        .values(failures=attempts.c.failures - 1)
                    )

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
