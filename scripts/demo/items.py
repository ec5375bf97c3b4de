"""What the demo is made of, before it is written as an export."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scripts.demo.company import Person

SUPPORT = "support"
"""The mailbox that the support desk shares, as a place where copies of mail lie."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that travels with a message."""

    filename: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One message, and in whose mailboxes a copy lies: people's addresses, or `support`."""

    id: str
    sent: datetime
    sender: Person
    to: tuple[Person, ...]
    subject: str
    text: str
    language: str
    mailboxes: tuple[str, ...]
    cc: tuple[Person, ...] = ()
    html: str | None = None
    has_plain: bool = True
    references: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One interaction of a system whose export is NDJSON; `revises` an earlier one of its id."""

    system: str
    document: dict[str, Any]
    revises: bool = False

    @property
    def sent(self) -> datetime:
        """When it took place."""
        return datetime.fromisoformat(self.document["occurred_at"])


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A system no longer shows one of its interactions."""

    system: str
    custodian: str | None
    native_id: str


Item = Mail | Entry | Withdrawal
