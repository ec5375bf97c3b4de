"""What is asked and told of requests for access: the same at every door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from archive.access.answers import Original
from archive.access.search_answers import SearchResult
from archive.asked import Asked
from archive.events.access_request_events import (
    LONGEST_STATEMENT,
    MOST_FILES,
    AccessRequestPackaged,
    Inclusion,
    Withheld,
)
from archive.events.case_events import MOST_ALIASES, MOST_RECORDS, Alias
from archive.model.interaction import Frozen
from policies.access_requests.case import AccessCase, Decided
from policies.requests.answers import PersonCaseAnswer, told_of
from policies.requests.case import FoundAs

Proposed = Literal["include", "withhold", "none"]
"""What is proposed for a record; `none` is left to somebody who looks."""
FileName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class AccessDecision(Asked):
    """What is decided: of `records`, or else of all that are `proposed` so and not decided yet.

    Without either it is all that are not decided. Without a decision it is what is proposed.
    `ground` is why they are withheld. `files` are given as they are with the one record that is
    included: parts of attachments, or `original`.
    """

    decision: Inclusion | None = None
    records: Annotated[tuple[UUID, ...], Field(max_length=MOST_RECORDS)] = ()
    proposed: Proposed | None = None
    ground: Literal[Withheld.RIGHTS_OF_OTHERS, Withheld.EXEMPTION, Withheld.UNRELATED] | None = None
    files: Annotated[tuple[FileName, ...], Field(max_length=MOST_FILES)] = ()
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class AccessStatement(Asked):
    """What the organisation tells of itself: purposes, rights, the authority, transfers."""

    statement: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_STATEMENT)]


class AccessOthers(Asked):
    """Others whom records tell of and in which they do not take part: their names or addresses."""

    others: Annotated[tuple[Alias, ...], Field(min_length=1, max_length=MOST_ALIASES)]


class PackageAnswer(Frozen):
    """A package that was made: `sha256` in hex, `size` in bytes, as of sequence number `as_of`."""

    as_of: int
    sha256: str
    size: int
    records: int
    files: int
    by: str
    at: datetime

    @classmethod
    def of(cls, package: AccessRequestPackaged, names: Mapping[str, str]) -> Self:
        """Tell of a package; `names` are those of people by id."""
        return cls(
            as_of=package.as_of,
            sha256=package.sha256,
            size=package.bytes,
            records=package.records,
            files=package.files,
            by=names.get(package.by, package.by),
            at=package.made_at,
        )


class AccessRequestAnswer(PersonCaseAnswer):
    """A case of a request for access; `included` and `withheld` are what was decided."""

    statement: str
    others: tuple[str, ...]
    included: int
    withheld: int
    erased: int
    packages: tuple[PackageAnswer, ...]

    @classmethod
    def of(
        cls, case: AccessCase, erased: set[UUID], names: Mapping[str, str], now: datetime
    ) -> Self:
        """Tell of a case as of a time; `erased` are those of its records that are gone."""
        decided = {
            decision: set(case.decided_to(decision)).difference(erased) for decision in Inclusion
        }
        return cls(
            **told_of(case, names, now),
            undecided=len(case.found.keys() - case.decided.keys() - erased),
            statement=case.statement,
            others=case.others,
            included=len(decided[Inclusion.INCLUDE]),
            withheld=len(decided[Inclusion.WITHHOLD]),
            erased=len(erased),
            packages=tuple(PackageAnswer.of(each, names) for each in case.packages),
        )


class AccessDecidedAnswer(Frozen):
    """What was decided of a record, why, by whom and when."""

    decision: Inclusion
    ground: Withheld | None
    files: tuple[str, ...]
    reason: str
    by: str
    at: datetime

    @classmethod
    def of(cls, decided: Decided, names: Mapping[str, str]) -> Self:
        """Tell of a decision; `names` are those of people by id."""
        return cls(
            decision=decided.decision,
            ground=decided.ground,
            files=decided.files,
            reason=decided.reason,
            by=names.get(decided.act.by, decided.act.by),
            at=decided.act.at,
        )


class AccessFile(Frozen):
    """A file that came with a record: what names it in a decision, its type and size in bytes."""

    name: str
    media_type: str
    size: int


class AccessRecord(Frozen):
    """A record of a case: what is proposed and why, what was decided.

    `record` is who, when and through what, without anything that was said; null where it is erased
    or cannot be opened. Of an erased one nothing is proposed.
    """

    id: UUID
    found: FoundAs
    erased: bool
    record: SearchResult | None
    files: tuple[AccessFile, ...]
    proposed: Proposed | None
    ground: Withheld | None
    decided: AccessDecidedAnswer | None


class AccessRecordsAnswer(Frozen):
    """A page of a case's records in the order of finding; `total` is of all pages."""

    total: int
    records: tuple[AccessRecord, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Package:
    """A package as a stream, which is checked against its hash as it is read."""

    told: PackageAnswer
    file: Original
