"""What purges take from, such as the records that policies govern: what of it may go, and how."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from archive.events.purge_events import CertificateIssued, PolicyVersion, PurgedGroup, PurgedKind
from policies.purging.kept import Kept
from policies.purging.purge import Purge
from policies.purging.reading import Destruction, Traces

CandidateT = TypeVar("CandidateT")

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Planned:
    """How many candidates there are, and by which versions of policies they may go."""

    candidates: int
    policies: tuple[PolicyVersion, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """What became of candidates: how many may go, as what they count, and how many stay."""

    due: int
    groups: Sequence[PurgedGroup]
    kept: Kept


class Purgeable(ABC, Generic[CandidateT]):
    """One kind of what is purged; candidates are named as the kind needs it.

    Methods raise CorruptError where it cannot be known what may go, and UnavailableError where a
    part does not answer.
    """

    of: PurgedKind

    @abstractmethod
    def candidates(
        self, at: datetime, stopped: Stopped, size: int
    ) -> Iterator[Sequence[CandidateT]]:
        """Yield batches of what may be due as of a time, in the order in which it came in."""

    def expect(self, candidates: Sequence[CandidateT], at: datetime) -> None:
        """Prepare for candidates that are to be destroyed next, if their kind can."""

    def rest(self) -> None:
        """Let go of what was prepared."""

    @abstractmethod
    def look(self, candidates: Sequence[CandidateT], at: datetime) -> Sorted:
        """Judge candidates as of a time, now if that has passed; nothing is altered."""

    @abstractmethod
    def plan(self, at: datetime) -> Planned:
        """Return what the plan of a purge as of a time tells."""

    @abstractmethod
    def destroy(self, purge: Purge, candidates: Sequence[CandidateT]) -> tuple[Sorted, str | None]:
        """Judge candidates and destroy the keys of those that may go, as `condemn`."""

    @abstractmethod
    def destroy_latecomers(self, purge: Purge, traces: Traces) -> list[str]:
        """Destroy what came in while its kin was condemned; say in sentences what is left."""

    @abstractmethod
    def issue(
        self,
        certificate_id: UUID,
        purge: Purge,
        destructions: Sequence[Destruction],
        traces: Traces,
        kept: Kept,
        now: datetime,
    ) -> CertificateIssued:
        """Return the certificate of a purge, all of whose keys are destroyed."""
