"""Versions of what people decide on: which is in force, which is pending. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar


class VersionState(StrEnum):
    """Where a version stands."""

    WAITING = "waiting"
    SCHEDULED = "scheduled"
    IN_FORCE = "in-force"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Act:
    """Who did something, by id, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is known of any version, whatever it says.

    `effective_at` is None while a version that shortens waits for a second person.
    """

    number: int
    shortens: str
    proposed: Act
    effective_at: datetime | None
    approved: Act | None = None
    withdrawn: Act | None = None

    def effective(self, now: datetime) -> bool:
        """Say whether it has taken effect, whatever came after."""
        return self.withdrawn is None and self.effective_at is not None and self.effective_at <= now


DecidedT = TypeVar("DecidedT", bound=Decided)


def in_force(versions: Sequence[DecidedT], now: datetime) -> DecidedT | None:
    """Return the version that counts, the newest that has taken effect; None if none has."""
    return next((each for each in reversed(versions) if each.effective(now)), None)


def pending(versions: Sequence[DecidedT], now: datetime) -> DecidedT | None:
    """Return the version that has yet to take effect, None if there is none."""
    newest = versions[-1]
    return newest if newest.withdrawn is None and not newest.effective(now) else None


def state(versions: Sequence[DecidedT], version: DecidedT, now: datetime) -> VersionState:
    """Return where one of the versions stands."""
    if version.withdrawn is not None:
        return VersionState.WITHDRAWN
    if version.effective_at is None:
        return VersionState.WAITING
    if version.effective_at > now:
        return VersionState.SCHEDULED
    newest = in_force(versions, now)
    return VersionState.IN_FORCE if version == newest else VersionState.REPLACED
