"""The catalog's tables: ids, times, codes and keyed digests, nothing that can be read.

All of them can be thrown away: they are derived from the events, but for `NOT_DERIVED`, such as
`attempts`, without which sign-ins that were held up are not held up any more. `CHANNELS`, `KINDS`,
`DIRECTIONS`, `ROLES` and `PURPOSE_KINDS` give the numbers that stand for closed vocabularies; a
number is never reused.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

from archive.model.interaction import Channel, Direction, Kind
from archive.model.roles import PURPOSES, Role

METADATA = MetaData()


class Octets(LargeBinary):
    """Bytes, which the drivers of both databases take as they are.

    The library would wrap each one first, which takes longer than the driver does: a query of
    thousands of ids spent half of its time so.
    """

    def bind_processor(self, dialect: Dialect) -> None:
        """Return nothing to be done with a value."""


CHANNELS = {channel: number for number, channel in enumerate(Channel, 1)}
KINDS = {kind: number for number, kind in enumerate(Kind, 1)}
DIRECTIONS = {direction: number for number, direction in enumerate(Direction, 1)}
ROLES = {role: number for number, role in enumerate(Role, 1)}
PURPOSE_KINDS = {kind: number for number, kind in enumerate(PURPOSES, 1)}

# A constant, since an index over a part of a table serves only what repeats its condition.
LOST = text("(erased <> 0 OR damaged <> 0)")
"""Of `records`: those that nothing can open."""

records = Table(
    "records",
    METADATA,
    Column("id", Octets(16), primary_key=True),
    Column("first_seq", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", SmallInteger),
    Column("kind", SmallInteger),
    Column("direction", SmallInteger),
    Column("source", Integer),
    Column("custodian", Integer),
    Column("occurred_at", BigInteger, comment="milliseconds since 1970, UTC"),
    Column("captured_at", BigInteger, comment="milliseconds since 1970, UTC"),
    Column("size", BigInteger),
    Column("conversation", Octets(16)),
    Column("duplicate", Octets(16)),
    Column("rethreaded", BigInteger, comment="position as of which it last moved to another"),
    Column("deleted", SmallInteger, nullable=False, default=0),
    Column("erased", SmallInteger, nullable=False, default=0),
    Column("damaged", SmallInteger, nullable=False, default=0),
    Index("records_by_conversation", "conversation"),
    Index("records_by_duplicate", "duplicate"),
    Index("records_by_first_seq", "first_seq"),
    Index("records_lost", "first_seq", "erased", sqlite_where=LOST, postgresql_where=LOST),
    Index(
        "records_by_rethreaded",
        "rethreaded",
        sqlite_where=text("rethreaded IS NOT NULL"),
        postgresql_where=text("rethreaded IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

thread_keys = Table(
    "thread_keys",
    METADATA,
    Column("key", Octets(16), primary_key=True),
    Column("conversation", Octets(16), nullable=False),
    Index("thread_keys_by_conversation", "conversation"),
    sqlite_with_rowid=False,
)

former_conversations = Table(
    "former_conversations",
    METADATA,
    Column("id", Octets(16), primary_key=True, comment="of what was joined to it"),
    Column("conversation", Octets(16), nullable=False),
    Index("former_conversations_by_conversation", "conversation"),
    sqlite_with_rowid=False,
)

record_threads = Table(
    "record_threads",
    METADATA,
    Column("record", Octets(16), primary_key=True),
    Column("keys", Octets(), nullable=False, comment="of thread_keys, one after the other"),
    sqlite_with_rowid=False,
)

departments = Table(
    "departments",
    METADATA,
    Column("record", Octets(16), primary_key=True),
    Column("department", Octets(16), primary_key=True),
    Index("departments_by_department", "department"),
    sqlite_with_rowid=False,
)

tokens = Table(
    "tokens",
    METADATA,
    Column("digest", Octets(32), primary_key=True),
    Column("user_id", Octets(16), nullable=False),
    sqlite_with_rowid=False,
)

users = Table(
    "users",
    METADATA,
    Column("id", Octets(16), primary_key=True),
    Column("role", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    METADATA,
    Column("key", Octets(16), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False, comment="milliseconds since 1970, UTC"),
    sqlite_with_rowid=False,
)

request_keys = Table(
    "request_keys",
    METADATA,
    Column("key", Octets(16), primary_key=True),
    Column("body", Octets(16), nullable=False, comment="keyed digest of what the key stands for"),
    Column("uses", Integer, nullable=False, comment="requests with it that have not failed"),
    Column("last_at", BigInteger, nullable=False, comment="milliseconds since 1970, UTC"),
    Index("request_keys_by_last_at", "last_at"),
    sqlite_with_rowid=False,
)

erasures = Table(
    "erasures",
    METADATA,
    Column("id", Octets(16), primary_key=True),
    Column("newest_epoch", BigInteger, comment="0 where no key was left; null until it is done"),
    sqlite_with_rowid=False,
)

destructions = Table(
    "destructions",
    METADATA,
    Column("record", Octets(16), primary_key=True),
    Column("erasure", Octets(16), nullable=False),
    sqlite_with_rowid=False,
)

redactions = Table(
    "redactions",
    METADATA,
    Column("record", Octets(16), primary_key=True),
    Column("erasure", Octets(16), nullable=False, comment="that destroyed what stood before"),
    Column("seq", BigInteger, nullable=False, comment="of the event that condemned that"),
    sqlite_with_rowid=False,
)

certificates = Table(
    "certificates",
    METADATA,
    Column("erasure", Octets(16), primary_key=True),
    Column("id", Octets(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("certificates_by_seq", "seq"),
    sqlite_with_rowid=False,
)

purges = Table(
    "purges",
    METADATA,
    Column("id", Octets(16), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("completed", SmallInteger, nullable=False, default=0),
    Index("purges_by_seq", "seq"),
    sqlite_with_rowid=False,
)

cases = Table(
    "cases",
    METADATA,
    Column("id", Octets(16), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("ordered", SmallInteger, nullable=False, default=0),
    Column("closed", SmallInteger, nullable=False, default=0),
    Index("cases_by_seq", "seq"),
    sqlite_with_rowid=False,
)

access_requests = Table(
    "access_requests",
    METADATA,
    Column("id", Octets(16), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("closed", SmallInteger, nullable=False, default=0),
    Index("access_requests_by_seq", "seq"),
    sqlite_with_rowid=False,
)

reviews = Table(
    "reviews",
    METADATA,
    Column("record", Octets(16), primary_key=True),
    Column("disposition", Integer, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="of the event that last changed it"),
    Index("reviews_by_disposition", "disposition", "state"),
    Index("reviews_by_state", "state", "seq"),
    sqlite_with_rowid=False,
)

restrictions = Table(
    "restrictions",
    METADATA,
    Column("record", Octets(16), primary_key=True),
    Column("case", Octets(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, comment="event that lifted it; null while it is restricted"),
    sqlite_with_rowid=False,
)

obligations = Table(
    "obligations",
    METADATA,
    Column("record", Octets(16), primary_key=True),
    Column("policies", Octets(16), nullable=False, comment="keyed digest of those in force"),
    Column("as_of", BigInteger, nullable=False, comment="position of the catalog"),
    Column("retain_until", BigInteger, comment="milliseconds since 1970, UTC"),
    Column("delete_at", BigInteger, comment="milliseconds since 1970, UTC"),
    Column("due_at", BigInteger, comment="milliseconds since 1970, UTC, if nothing stops it"),
    Index(
        "obligations_by_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

trail = Table(
    "trail",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, comment="milliseconds since 1970, UTC"),
    Column("actor", Octets(16)),
    Column("action", Octets(16)),
    Column("purpose", SmallInteger),
    Column("detail", Octets(16), comment="of the purpose, such as the matter"),
    Column("address", Octets(16)),
    Column("token", Octets(16)),
    Column("allowed", SmallInteger),
    Index("trail_by_actor", "actor", "at"),
    Index("trail_by_token", "token", "at"),
)

trail_subjects = Table(
    "trail_subjects",
    METADATA,
    Column("subject", Octets(16), primary_key=True, comment="a record or a user"),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

positions = Table(
    "positions",
    METADATA,
    Column("follower", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

log_head = Table(
    "log_head",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False, comment="entries under the newest checkpoint"),
    Column("root", Octets(32), nullable=False),
    Column("tidied", BigInteger, nullable=False, comment="partial tiles are gone up to here"),
    Column("stopped", SmallInteger, nullable=False, default=0),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("ended_at", BigInteger, nullable=False, comment="milliseconds since 1970, UTC"),
    Column("problem", Text, comment="why the last run failed, in a sentence; null if it did not"),
)

hold_mirror = Table(
    "hold_mirror",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("changed", BigInteger, nullable=False, comment="newest event by which a hold changed"),
    Column("seq", BigInteger, nullable=False, comment="records are mirrored up to here"),
)

record_locks = Table(
    "record_locks",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("demands", Octets(16), nullable=False, comment="keyed digest of what is demanded"),
    Column("seq", BigInteger, nullable=False, comment="records are locked up to here"),
    Column("records", BigInteger, nullable=False, comment="found to need a lock on the way"),
    Column("failed", BigInteger, nullable=False, comment="of these, could not be locked"),
    Column("again_at", BigInteger, comment="when all are looked at anew; milliseconds, UTC"),
)

NOT_DERIVED = frozenset({attempts, request_keys, jobs, hold_mirror, record_locks})
"""Tables of which the bucket knows nothing. They can be lost all the same."""
