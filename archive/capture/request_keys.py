"""Idempotency keys of requests: which body each stood for, shared by all processes and hosts.

Capture is idempotent by the interaction's identity, so a repeated request never archives twice.
What is kept here is enough to tell a key that comes again with another body, and no more: keyed
digests of key and body. A key is forgotten a day after it came last. The table is neither evidence
nor derived: without it each key counts as new.

A key is bound before its request is captured, so that of two bodies at once one is refused. `uses`
counts the requests that have it: one that failed gives it back, and the last to do so frees it. One
that was captured never does; nor does one whose process ended on the way, of which nobody knows
whether it was captured.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import SQLAlchemyError

from archive.catalog.answering import answering
from archive.catalog.forgetting import forget
from archive.catalog.inserting import insert_for
from archive.catalog.tables import request_keys
from archive.clock import Clock
from archive.events.identity import Identity

FORGOTTEN_AFTER: Final = timedelta(days=1)


class RequestKeys:
    """Binds keys to bodies, each user's for themselves. Safe for threads and processes."""

    def __init__(self, engine: Engine, identity: Identity, clock: Clock) -> None:
        self._engine = engine
        self._insert = insert_for(engine.dialect)
        self._identity = identity
        self._clock = clock

    def bind(self, actor_id: str, key: str, sha256: str) -> bool:
        """Let a key stand for the body of this digest; False where it stands for another.

        Raises UnavailableError when the database does not answer.
        """
        now = int(self._clock.now().timestamp() * 1000)
        statement = self._insert(request_keys).values(
            key=self._identity.request_key(actor_id, key),
            body=self._identity.request_body(actor_id, key, sha256),
            uses=1,
            last_at=now,
        )
        bound = statement.on_conflict_do_update(
            index_elements=[request_keys.c.key],
            set_={"uses": request_keys.c.uses + 1, "last_at": now},
            where=request_keys.c.body == statement.excluded.body,
        ).returning(request_keys.c.uses)
        with answering("request keys"):
            gone = now - int(FORGOTTEN_AFTER.total_seconds() * 1000)
            forget(self._engine, request_keys, gone)
            with self._engine.begin() as connection:
                return connection.execute(bound).first() is not None

    def give_back(self, actor_id: str, key: str) -> None:
        """Say that a request that a key was bound for has failed.

        Where that cannot be noted the key stays bound, and is no reason to fail otherwise.
        """
        row = request_keys.c.key == self._identity.request_key(actor_id, key)
        with suppress(SQLAlchemyError), self._engine.begin() as connection:
            connection.execute(update(request_keys).where(row).values(uses=request_keys.c.uses - 1))
            connection.execute(delete(request_keys).where(row, request_keys.c.uses < 1))
