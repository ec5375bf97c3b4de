"""Where policies are asked about and simulated, audited like every question about records."""

from uuid import UUID

from archive.clock import Clock
from archive.events.audit import Audit
from archive.events.policy_events import Terms
from archive.locking.securing import Securing
from archive.model.period import Period
from archive.model.roles import Actor, Purpose
from archive.opening import Archive
from policies.answers import DemandAnswer, RetentionAnswer, SimulationAnswer
from policies.book import policy_book
from policies.evaluation import Demand, evaluate
from policies.explaining import steps
from policies.governance import Governance
from policies.holds.book import HoldReader, hold_reader
from policies.holds.reach import Holds
from policies.locks.needs import demanded
from policies.locks.telling import LockSurvey, lock_steps, told
from policies.records import GovernedRecords, governed_records
from policies.rules import RuleReader, rule_reader
from policies.simulating import Simulator, simulator


class RetentionDesk:
    """Says why a record is still here, and what a change of a policy would do.

    Raises, in every method, ForbiddenError (audited) where the actor does not govern, and
    UnavailableError where a part does not answer or the question cannot be recorded.
    """

    def __init__(
        self,
        governance: Governance,
        rules: RuleReader,
        simulator: Simulator,
        records: GovernedRecords,
        holds: HoldReader,
        audit: Audit,
        clock: Clock,
        securing: Securing,
        longest_lock: Period,
    ) -> None:
        self._governance = governance
        self._rules = rules
        self._simulator = simulator
        self._records = records
        self._holds = holds
        self._audit = audit
        self._clock = clock
        self._securing = securing
        self._longest_lock = longest_lock

    def why(self, actor: Actor, purpose: Purpose, record_id: UUID) -> RetentionAnswer:
        """Return when a record may go and what is behind it, without its content.

        Only the purpose is taken down: it shows no content, whatever it is.

        Raises NotFoundError, GoneError where there is no such record or it has been erased, and
        CorruptError where its stored bytes do not check.
        """
        self._governance.require(actor, "why", purpose)
        found = self._records.load(record_id)
        book, held = self._rules.read(), Holds(self._holds.read()).held(record_id, found)
        now = self._clock.now()
        rules = book.in_force(now)
        occurred_at, captured_at = found.record.content.occurred_at, found.record.captured_at
        evaluation = evaluate(
            occurred_at,
            captured_at,
            rules.governing(found),
            now=now,
            holds=held.holds,
            released_at=held.released_at,
            unreadable=book.unreadable or held.unreadable or found.reviewed.unreadable,
        )
        wanted = demanded(evaluation, rules.policies, now, self._longest_lock)
        locked = self._securing.locks(record_id)
        self._audit.record(actor, purpose, "why", records=[record_id])
        return RetentionAnswer(
            id=record_id,
            evaluated_at=now,
            state=evaluation.state,
            indefinite=evaluation.indefinite,
            retain_until=evaluation.retain_until,
            delete_at=evaluation.delete_at,
            due_at=evaluation.due_at,
            conflict=evaluation.conflict,
            occurred_at=occurred_at,
            captured_at=captured_at,
            doubt=evaluation.doubt,
            demands=tuple(map(_told, evaluation.demands)),
            uncertain=evaluation.uncertain,
            holds=evaluation.holds,
            uncertain_holds=held.uncertain,
            restricted_by=self._records.restricted_by(record_id),
            unreadable=evaluation.unreadable,
            lock=told(wanted, locked),
            steps=steps(evaluation, now, held.uncertain, found.reviewed)
            + lock_steps(wanted, locked),
        )

    def simulate(self, actor: Actor, purpose: Purpose, terms: Terms) -> SimulationAnswer:
        """Return what a change would do if it were approved now; nothing is altered.

        Raises InvalidError where the terms cannot be; `column` says where in the scope. Raises
        CorruptError where a policy or a retention event cannot be read.
        """
        self._governance.require(actor, "policy.simulate", purpose)
        change = self._governance.planned(terms)
        starts = self._rules.readable().in_force(self._clock.now()).starts
        locks = LockSurvey(self._securing, self._longest_lock)
        answer = self._simulator.simulate(change.under(starts), locks)
        self._audit.record(
            actor,
            purpose,
            "policy.simulate",
            query=change.new.terms.scope,
            as_of=answer.as_of,
            total=answer.in_scope_after,
        )
        lock = locks.told(change.new.terms)
        return SimulationAnswer(policy=change.policy, lock=lock, **dict(answer))


def governance_of(archive: Archive) -> Governance:
    """Return what changes the policies of an archive."""
    return Governance(
        policy_book(archive),
        archive.committer,
        archive.audit,
        archive.clock,
        archive.settings.timezone,
        archive.settings.lock_maximum,
    )


def retention_desk(archive: Archive) -> RetentionDesk:
    """Return what answers questions about retention in an archive."""
    return RetentionDesk(
        governance_of(archive),
        rule_reader(archive),
        simulator(archive),
        governed_records(archive),
        hold_reader(archive),
        archive.audit,
        archive.clock,
        archive.securing,
        archive.settings.lock_maximum,
    )


def _told(demand: Demand) -> DemandAnswer:
    return DemandAnswer(
        policy=demand.policy,
        version=demand.version,
        kind=demand.kind,
        period=demand.period,
        starts_at=demand.starts_at,
        ends_at=demand.ends_at,
        event=demand.event,
        started_by=demand.started_by,
        binding=demand.binding,
        conflicting=demand.conflicting,
        due_at=demand.due_at,
        review=demand.review,
        earlier=demand.earlier,
    )
