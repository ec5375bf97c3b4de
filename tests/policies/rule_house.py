"""A small archive for one case of the rules: two officers, a counsel, and a clock that is moved."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from archive.creating import create_archive
from archive.events.policy_events import Terms
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from archive.opening import Archive, open_archive
from policies.answers import RetentionAnswer, Simulation, SimulationAnswer
from policies.desk import governance_of, retention_desk
from policies.governance import Governance
from policies.holds.answers import HoldRequest
from policies.holds.desk import HoldDesk, hold_desk
from policies.policy import Policy
from policies.purging.answers import PurgeAnswer
from policies.purging.certificate import Certificate
from policies.purging.desk import PurgeDesk
from policies.purging.opening import purge_desk
from policies.retention_events.answers import NewRetentionEvent, RetentionEventCorrection
from policies.retention_events.desk import RetentionEventDesk, retention_event_desk
from policies.retention_events.event import RetentionEvent
from tests.archive.house import OPERATIONS, capture, line, settings
from tests.users.conftest import MovableClock

ANN = Actor(str(UUID(int=11)), "Ann", Role.COMPLIANCE_OFFICER)
BO = Actor(str(UUID(int=12)), "Bo", Role.COMPLIANCE_OFFICER)
LEA = Actor(str(UUID(int=13)), "Lea", Role.LEGAL)


@dataclass(frozen=True)
class Template:
    """Two new archives in a folder, of which each case takes a copy of its own."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Template":
        for name in ("sandbox", "plain"):
            create_archive(settings(folder / name), sandbox=name == "sandbox")
        return cls(folder)

    @contextmanager
    def house(self, folder: Path, name: str = "sandbox") -> Iterator["House"]:
        shutil.copytree(self.folder / name, folder)
        clock = MovableClock()
        with open_archive(settings(folder), clock=clock) as archive:
            archive.follow()
            yield House(archive, clock)


@dataclass(frozen=True)
class House:
    """What a case does in its archive; what it proposes, Ann does, and Bo is the second person."""

    archive: Archive
    clock: MovableClock

    @property
    def governance(self) -> Governance:
        return governance_of(self.archive)

    @property
    def holds(self) -> HoldDesk:
        return hold_desk(self.archive)

    @property
    def events(self) -> RetentionEventDesk:
        return retention_event_desk(self.archive)

    @property
    def purges(self) -> PurgeDesk:
        self.archive.follow()
        return purge_desk(self.archive)

    def capture(self, *years: int, text: str = "Good morning", **changes: Any) -> list[UUID]:
        """Capture a record of each of the years."""
        ids = capture(
            self.archive,
            *(
                line(f"{text} {year}", text, occurred_at=f"{year}-03-01T00:00:00Z", **changes)
                for year in years
            ),
        )
        self.archive.follow()
        return ids

    def edit(self, native_id: str, text: str, year: int = 2001) -> None:
        """Have the source say something else of a record, and of another year."""
        capture(self.archive, line(native_id, text, occurred_at=f"{year}-03-01T00:00:00Z"))
        self.archive.follow()

    def capture_unread(self, year: int) -> list[UUID]:
        """Capture a record of which words cannot be read."""
        scan = {"filename": "a.pdf", "media_type": "application/pdf", "data": "JVBERi0="}
        return self.capture(year, text=f"See the scan of {year}", attachments=[scan])

    def propose(self, name: str = "a", scope: str = "*", **terms: Any) -> Policy:
        wanted = {"name": name, "scope": scope, **terms}
        return self.governance.propose(ANN, Terms.model_validate(wanted))

    def in_force(self, name: str = "a", scope: str = "*", **terms: Any) -> Policy:
        """Bring a policy into force at once."""
        policy = self.propose(name, scope, **{"delay": "0d", "grace": "0d"} | terms)
        if policy.versions[-1].shortens:
            policy = self.governance.approve(BO, name)
        return policy

    def simulate(self, **terms: Any) -> SimulationAnswer:
        wanted = Terms.model_validate({"name": "a", "scope": "*"} | terms)
        return retention_desk(self.archive).simulate(ANN, OPERATIONS, wanted)

    def why(self, record: UUID) -> RetentionAnswer:
        return retention_desk(self.archive).why(ANN, OPERATIONS, record)

    def happened(self, query: str, date: str = "2002-01-01", **changes: Any) -> RetentionEvent:
        """Record that somebody left, for whoever is second to approve."""
        given = {"name": "left", "query": query, "date": f"{date}T00:00:00Z", "reason": "a letter"}
        return self.events.record(ANN, NewRetentionEvent.model_validate(given | changes))

    def simulate_event(self, query: str, date: str) -> Simulation:
        given = {"name": "left", "query": query, "date": f"{date}T00:00:00Z", "reason": "a letter"}
        wanted = NewRetentionEvent.model_validate(given)
        return self.events.simulate(ANN, OPERATIONS, wanted)

    def counts(self, query: str, date: str = "2002-01-01") -> RetentionEvent:
        """Record that somebody left, in force at once."""
        return self.events.approve(BO, self.happened(query, date, delay="0d").id)

    def correct(self, event: RetentionEvent, **changes: Any) -> RetentionEvent:
        wanted = RetentionEventCorrection.model_validate({"reason": "another letter"} | changes)
        return self.events.correct(ANN, event.id, wanted)

    def hold(self, name: str, query: str = "*") -> None:
        wanted = HoldRequest(name=name, reason="a case", query=query)
        self.holds.place(LEA, wanted)

    def release(self, name: str) -> None:
        self.holds.release(LEA, name, "it is over")

    def purge(self) -> PurgeAnswer:
        return self.purges.run(LOCAL_ACTOR)

    def dry_run(self) -> PurgeAnswer:
        return self.purges.dry_run(LOCAL_ACTOR, OPERATIONS)

    def certificate(self, purge: PurgeAnswer) -> Certificate:
        assert purge.certificate is not None
        return self.purges.certificate(LOCAL_ACTOR, purge.certificate).certificate

    def here(self, ids: list[UUID]) -> list[bool]:
        """Say of each record whether it can be opened."""
        return [type(each).__name__ == "Loaded" for each in self.archive.records.load_each(ids)]
