"""The rules of docs/retention.md that take an archive to be seen, as named cases.

Each case says by its docstring what it shows, and asserts it in an archive of its own.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archive.capture.withdrawal import withdraw
from archive.errors import CorruptError, ForbiddenError, InvalidError, LockedError, UnavailableError
from archive.model.roles import LOCAL_ACTOR
from policies.form import read_policy
from policies.presets import preset
from policies.purging.opening import obligations_of
from policies.reviewing.answers import ApproveRequest, ExtendRequest, RelabelRequest
from policies.rules import rule_reader
from tests.archive.house import OPERATIONS, found, line
from tests.policies import reviewing_house as reviewing
from tests.policies.rule_house import ANN, BO, House

RULES: dict[str, Callable[[House], None]] = {}
PLAIN: set[str] = set()
"""Those that take an archive that is no sandbox."""


def rule(function: Callable[[House], None]) -> Callable[[House], None]:
    name = (function.__doc__ or "").rstrip(".")
    assert name and name not in RULES
    RULES[name] = function
    return function


def no_sandbox(function: Callable[[House], None]) -> Callable[[House], None]:
    PLAIN.add((function.__doc__ or "").rstrip("."))
    return rule(function)


# Holds, and conflicts.


@rule
def _(house: House) -> None:
    """Everything but deletion goes on under a hold."""
    (record,) = house.capture(2001)
    house.in_force(maximum="1y")
    house.hold("smith")
    revised = line("Good morning 2001", "It was edited", occurred_at="2001-03-01T00:00:00Z")
    house.archive.intake.capture(LOCAL_ACTOR, [revised])
    house.archive.follow()
    assert found(house.archive, "edited") == {record}
    assert house.purge().held == 1 and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """The release of one of two holds lets nothing go."""
    (record,) = house.capture(2001)
    house.in_force(maximum="1y")
    house.hold("smith")
    house.hold("jones")
    house.release("smith")
    house.clock.move(days=400)
    assert house.purge().held == 1 and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """What another hold still keeps counts as held, however lately one was released."""
    (held,) = house.capture(2001, text="The fee")
    (free,) = house.capture(2001)
    house.in_force(maximum="1y", grace="30d")
    house.hold("smith", "fee")
    house.hold("jones", "fee")
    house.release("smith")
    assert house.why(held).holds == ("jones",)
    assert (house.dry_run().held, house.dry_run().kept) == (1, {})
    done = house.purge()
    told = house.certificate(done)
    assert (done.destroyed, done.held, done.kept) == (1, 1, {})
    assert (told.hold_check.held, told.kept, house.here([held, free])) == (1, {}, [True, False])


@rule
def _(house: House) -> None:
    """The release of the last hold begins the grace afresh."""
    (record,) = house.capture(2001)
    house.in_force(maximum="1y", grace="30d")
    house.hold("smith")
    house.release("smith")
    house.clock.move(days=29)
    assert house.purge().destroyed == 0 and house.here([record]) == [True]
    house.clock.move(days=1)
    assert house.purge().destroyed == 1


@rule
def _(house: House) -> None:
    """A conflict is shown to the compliance officer, with the policies named."""
    (record,) = house.capture(2001)
    house.in_force("long", minimum="90y")
    house.in_force("short", maximum="1y")
    told = house.why(record)
    assert told.conflict and [each.policy for each in told.demands if each.conflicting] == ["short"]
    assert any("short (version 1)" in step and "conflict" in step for step in told.steps)


@rule
def _(house: House) -> None:
    """A record in conflict is kept by a purge."""
    (record,) = house.capture(2001)
    house.in_force("long", minimum="90y")
    house.in_force("short", maximum="1y")
    assert house.purge().planned == 0 and house.here([record]) == [True]


# Edited records.


@rule
def _(house: House) -> None:
    """An edit out of the scope of a minimum ends it for nobody."""
    (record,) = house.capture(2001, text="The fee")
    house.in_force("long", "fee", minimum="90y")
    house.in_force("short", maximum="1y")
    before = house.why(record)
    house.edit("The fee 2001", "Lunch")
    after = house.why(record)
    assert (after.state, after.retain_until, after.conflict) == ("kept", before.retain_until, True)
    assert [each.earlier for each in after.demands] == [True, False]
    assert any("that of an earlier version" in step for step in after.steps)
    done = house.purge()
    assert (done.planned, done.destroyed, house.here([record])) == (0, 0, [True])


@rule
def _(house: House) -> None:
    """An edit that dates a record earlier ends no minimum."""
    dated_earlier, as_before = house.capture(2015, 2016)
    house.in_force(minimum="20y", maximum="20y")
    house.edit("Good morning 2015", "Good morning", 2001)
    told = house.why(dated_earlier)
    assert told.retain_until == datetime(2035, 3, 1, tzinfo=UTC) == told.delete_at
    assert (told.conflict, house.why(as_before).conflict) == (True, False)
    assert house.purge().planned == 0 and house.here([dated_earlier]) == [True]
    house.clock.move(days=7305)
    assert house.purge().destroyed == 2


@rule
def _(house: House) -> None:
    """An edit that dates a record later keeps it longer."""
    (record,) = house.capture(2001)
    house.in_force(minimum="20y", maximum="20y")
    house.edit("Good morning 2001", "Good morning", 2015)
    told = house.why(record)
    assert told.retain_until == datetime(2035, 3, 1, tzinfo=UTC) == told.delete_at
    assert [each.earlier for each in told.demands] == [False, False] and not told.conflict


@rule
def _(house: House) -> None:
    """What is taken back at its source is kept as long as before."""
    (record,) = house.capture(2001)
    house.in_force("long", "NOT is:deleted", minimum="90y")
    house.in_force("short", "is:deleted", maximum="1y")
    withdraw(house.archive, LOCAL_ACTOR, "desk", None, "Good morning 2001")
    house.archive.follow()
    assert (house.why(record).state, house.why(record).conflict) == ("kept", True)
    assert house.purge().planned == 0 and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """A maximum goes by the newest version alone."""
    left, joined = house.capture(2001, text="The fee") + house.capture(2001, text="Lunch")
    house.in_force(scope="fee", maximum="1y")
    house.edit("The fee 2001", "Dinner")
    house.edit("Lunch 2001", "The fee")
    assert [house.why(each).state for each in (left, joined)] == ["ungoverned", "due"]
    assert house.purge().destroyed == 1 and house.here([left, joined]) == [True, False]


@rule
def _(house: House) -> None:
    """An event that reaches a record since it was edited starts no clock of what it said before."""
    (record,) = house.capture(2001, text="Case 15")
    house.in_force(clock="event:left", minimum="1y", maximum="1y")
    house.counts('"case 12"')
    house.edit("Case 15 2001", "Case 12")
    told = house.why(record)
    assert told.indefinite and [each.starts_at is None for each in told.demands] == [True, False]
    assert house.purge().planned == 0 and house.here([record]) == [True]
    house.counts('"case 15"', "2003-01-01")
    assert house.why(record).retain_until == datetime(2004, 1, 1, tzinfo=UTC)
    assert house.purge().destroyed == 1


@rule
def _(house: House) -> None:
    """Where an earlier version could not be searched, its minimum applies."""
    (record,) = house.capture_unread(2001)
    house.in_force("long", "guarantee", minimum="90y")
    house.in_force("short", maximum="1y")
    house.edit("See the scan of 2001 2001", "Lunch")
    assert (house.why(record).state, house.why(record).uncertain) == ("kept", ("long",))
    assert house.purge().planned == 0 and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """A simulation counts what an earlier version keeps."""
    house.capture(2001, text="The fee")
    house.in_force("short", maximum="1y")
    house.edit("The fee 2001", "Lunch")
    told = house.simulate(name="long", scope="fee", minimum="90y")
    assert (told.in_scope_after, told.longer.records) == (1, 1)
    house.in_force("long", "fee", minimum="90y")
    told = house.simulate(name="long", scope="fee", minimum="1y")
    assert (told.sooner.records, told.due.records) == (1, 1)


# Named events.


@rule
def _(house: House) -> None:
    """An event that waits for a second person starts no clock."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", maximum="1y")
    event = house.happened("*")
    assert event.versions[0].shortens and house.why(record).delete_at is None
    with pytest.raises(ForbiddenError):
        house.events.approve(ANN, event.id)


@rule
def _(house: House) -> None:
    """An approved event starts its clocks after seven days."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", maximum="1y")
    house.events.approve(BO, house.happened("*").id)
    house.clock.move(days=6, hours=23)
    assert house.why(record).delete_at is None
    house.clock.move(hours=1)
    assert house.why(record).state == "due"


@rule
def _(house: House) -> None:
    """A record that joins an event's query later counts from it too."""
    house.in_force(clock="event:left", minimum="90y")
    house.counts("custodian:ann")
    (record,) = house.capture(2015, custodian="Ann")
    (demand,) = house.why(record).demands
    assert demand.starts_at is not None and demand.starts_at.year == 2002


@rule
def _(house: House) -> None:
    """An event reaches the records of its query alone."""
    ann, bob = (house.capture(2001, text=name, custodian=name)[0] for name in ("Ann", "Bob"))
    house.in_force(clock="event:left", minimum="1y")
    house.counts("custodian:ann")
    assert [house.why(each).indefinite for each in (ann, bob)] == [False, True]


@rule
def _(house: House) -> None:
    """An event of another name starts nothing."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:case-closed", maximum="1y")
    house.counts("*")
    assert house.purge().planned == 0 and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """An event corrected to a later date keeps longer at once."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", maximum="1y")
    house.correct(house.counts("*"), date="2999-01-01T00:00:00Z")
    assert house.purge().planned == 0 and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """An event corrected to an earlier date waits for a second person."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", maximum="1y")
    event = house.counts("*", "2999-01-01")
    changed = house.correct(event, date="2001-01-01T00:00:00Z", delay="0d")
    assert changed.versions[1].shortens == "the date becomes earlier"
    assert house.why(record).state == "kept"
    house.events.approve(BO, event.id)
    assert house.why(record).state == "due"


@rule
def _(house: House) -> None:
    """What a cancelled event let go is kept indefinitely again."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", minimum="1y")
    event = house.counts("*")
    assert not house.why(record).indefinite
    house.events.cancel(ANN, event.id, "she stays")
    assert house.why(record).indefinite


@rule
def _(house: House) -> None:
    """To cancel an event waits for a second person where an earlier one would count."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", maximum="1y")
    house.counts("*", "2002-01-01")
    later = house.happened("*", "2999-01-01")
    assert not later.versions[0].shortens
    cancelled = house.events.cancel(ANN, later.id, "she came back")
    assert cancelled.versions[1].shortens and house.why(record).state == "kept"


@rule
def _(house: House) -> None:
    """A query for words starts no clock of a record that it could not search."""
    (record,) = house.capture_unread(2001)
    house.in_force(clock="event:left", maximum="1y")
    house.counts("guarantee")
    assert house.purge().planned == 0 and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """An explanation names the event that a record waits for."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", minimum="6y")
    (demand,) = house.why(record).demands
    assert (demand.event, demand.started_by, demand.ends_at) == ("left", None, None)
    assert "the event left" in house.why(record).steps[0]


@rule
def _(house: House) -> None:
    """An explanation names the event that started the clock."""
    (record,) = house.capture(2001)
    house.in_force(clock="event:left", minimum="90y")
    event = house.counts("*")
    (demand,) = house.why(record).demands
    assert demand.started_by == event.id
    assert "counted from left on 2002-01-01" in house.why(record).steps[0]


@rule
def _(house: House) -> None:
    """Nothing goes while a retention event cannot be read."""
    (record,) = house.capture(2001)
    house.in_force(maximum="1y")
    house.happened("*")
    stream = house.archive.identity.stream("retention-events")
    rows = house.archive.pointers.select_pointers_of([stream])
    house.archive.eraser.erase(rows, actor="local", ground="a test")
    with pytest.raises(CorruptError):
        house.purge()
    assert house.here([record]) == [True]


# Change control.


@rule
def _(house: House) -> None:
    """An explanation names the version of a policy."""
    (record,) = house.capture(2001)
    house.in_force(minimum="3y")
    house.in_force(minimum="6y")
    assert [(each.policy, each.version) for each in house.why(record).demands] == [("a", 2)]


@rule
def _(house: House) -> None:
    """A simulation counts the records and bytes that could go, by class and year."""
    house.capture(2001, 2001, 2002, text="One")
    house.capture(2001, text="Two")
    told = house.simulate(maximum="1y").sooner
    groups = [(each.channel, each.year, each.records) for each in told.groups]
    assert groups == [("chat", 2001, 2), ("chat", 2002, 1)] and told.records == 3
    assert told.bytes == sum(each.bytes for each in told.groups) > 0


@rule
def _(house: House) -> None:
    """A simulation counts what would be newly kept."""
    house.capture(2001, 2002)
    house.in_force(minimum="3y")
    told = house.simulate(minimum="90y")
    assert (told.longer.records, told.sooner.records) == (2, 0)


@rule
def _(house: House) -> None:
    """A simulation shows some of the records."""
    ids = house.capture(2001, 2002)
    sample = house.simulate(maximum="1y").due.sample
    assert [each.id for each in sample] == ids and sample[0].delete_at_before is None


@rule
def _(house: House) -> None:
    """A simulation alters nothing but the trail."""
    house.capture(2001)
    before = house.archive.pointers.last_seq()
    house.simulate(maximum="1y")
    rows = house.archive.pointers.select_pointers_from(before, 10, inclusive_of_start=False)
    assert [row.type for row in rows] == ["access.recorded"]
    assert house.governance.book(ANN).policies == {}


@rule
def _(house: House) -> None:
    """A simulation tells of records that an event lets go under the new policy."""
    house.capture(2001, text="Ann", custodian="Ann")
    house.capture(2001, text="Bob", custodian="Bob")
    house.counts("custodian:ann")
    assert house.simulate(clock="event:left", maximum="1y").due.records == 1


@rule
def _(house: House) -> None:
    """A simulation of an event counts the records that it would let go."""
    house.capture(2001, text="Ann", custodian="Ann")
    house.capture(2001, 2002, text="Bob", custodian="Bob")
    house.in_force(clock="event:left", maximum="1y")
    told = house.simulate_event("custodian:bob", "2002-06-01")
    assert (told.records, told.in_scope_after, told.shortens != "") == (3, 2, True)
    assert (told.sooner.records, told.due.records) == (2, 2)
    assert house.simulate_event("custodian:bob", "2999-01-01").due.records == 0
    assert house.events.book(ANN).events == {}


@rule
def _(house: House) -> None:
    """A change takes effect seven days after its proposal unless it says otherwise."""
    (record,) = house.capture(2001)
    house.propose(minimum="3y")
    house.clock.move(days=6, hours=23)
    assert house.why(record).retain_until is None
    house.clock.move(hours=1)
    assert house.why(record).retain_until is not None


@rule
def _(house: House) -> None:
    """A delay is counted from the approval where one is needed."""
    (record,) = house.capture(2001)
    house.propose(maximum="1y", grace="0d")
    house.clock.move(days=30)
    house.governance.approve(BO, "a")
    assert house.why(record).state == "ungoverned"
    house.clock.move(days=7)
    assert house.why(record).state == "due"


@rule
def _(house: House) -> None:
    """Who proposed what shortens does not approve it."""
    house.propose(maximum="1y", delay="0d")
    with pytest.raises(ForbiddenError):
        house.governance.approve(ANN, "a")
    policy = house.governance.policy(ANN, "a")
    assert policy.in_force(house.clock.now()) is None


@rule
def _(house: House) -> None:
    """What keeps longer needs no second person."""
    policy = house.propose(minimum="3y", delay="0d")
    assert policy.versions[0].shortens == "" and policy.in_force(house.clock.now())


SHORTENING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "To drop a minimum": ({"minimum": "3y", "maximum": "9y"}, {"maximum": "9y"}),
    "A shorter minimum": ({"minimum": "3y"}, {"minimum": "2y"}),
    "A new maximum": ({"minimum": "3y"}, {"minimum": "3y", "maximum": "9y"}),
    "A shorter maximum": ({"maximum": "9y"}, {"maximum": "8y"}),
    "A shorter grace": ({"maximum": "9y"}, {"maximum": "9y", "grace": "0d"}),
    "A clock of dates in place of an event": (
        {"minimum": "3y", "clock": "event:left"},
        {"minimum": "3y", "clock": "captured"},
    ),
    "A clock of an event in place of a date": (
        {"minimum": "3y", "clock": "captured"},
        {"minimum": "3y", "clock": "event:left"},
    ),
    "A narrower scope of a minimum": ({"minimum": "3y"}, {"minimum": "3y", "scope": "fee"}),
    "A wider scope of a maximum": ({"maximum": "3y", "scope": "fee"}, {"maximum": "3y"}),
}


def _waits(name: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    def shortens(house: House) -> None:
        house.in_force(**{"grace": "30d"} | old)
        policy = house.propose(**{"grace": "30d", "delay": "0d"} | new)
        assert policy.versions[1].shortens and policy.versions[1].effective_at is None

    shortens.__doc__ = f"{name} waits for a second person."
    rule(shortens)


for _name, (_old, _new) in SHORTENING.items():
    _waits(_name, _old, _new)


@rule
def _(house: House) -> None:
    """A pending change can be withdrawn and never takes effect."""
    (record,) = house.capture(2001)
    house.propose(minimum="3y")
    house.governance.withdraw(BO, "a")
    house.clock.move(days=30)
    assert house.why(record).state == "ungoverned"


@rule
def _(house: House) -> None:
    """After the preservation lock nothing gets shorter."""
    house.in_force(minimum="3y")
    house.governance.lock(ANN, "a")
    with pytest.raises(LockedError):
        house.propose(minimum="2y")


@rule
def _(house: House) -> None:
    """After the preservation lock a policy can get longer."""
    house.in_force(minimum="3y")
    house.governance.lock(ANN, "a")
    assert house.propose(minimum="4y").versions[1].shortens == ""


@rule
def _(house: House) -> None:
    """After the preservation lock a scope can get wider, not narrower."""
    house.in_force(minimum="3y", scope="a OR b")
    house.governance.lock(ANN, "a")
    with pytest.raises(LockedError):
        house.propose(minimum="3y", scope="a")
    assert len(house.propose(minimum="3y", scope="a OR b OR c").versions) == 2


@rule
def _(house: House) -> None:
    """Nobody disables a locked policy, two people neither."""
    house.in_force(minimum="3y")
    house.governance.lock(ANN, "a")
    for actor in (ANN, BO):
        with pytest.raises(LockedError):
            house.governance.disable(actor, "a")


@rule
def _(house: House) -> None:
    """A locked policy goes on counting from events."""
    (record,) = house.capture(2001)
    house.in_force(minimum="1y", clock="event:left")
    house.governance.lock(ANN, "a")
    house.counts("*")
    assert not house.why(record).indefinite


@rule
def _(house: House) -> None:
    """A scope is a query, kept in the form that means the same wherever it is read."""
    house.in_force(minimum="3y", scope="sent:2001 fee")
    version = house.governance.policy(ANN, "a").versions[0]
    assert version.terms is not None
    assert version.terms.scope == "sent:2001-01-01T00:00:00Z..2001-12-31T23:59:59Z AND fee"


@rule
def _(house: House) -> None:
    """Whether a record stands in a scope holds as of the time that the explanation records."""
    (record,) = house.capture(2001, text="Lunch")
    house.in_force(minimum="90y", scope="fee")
    before = house.why(record)
    house.clock.move(days=1)
    house.edit("Lunch 2001", "The fee")
    after = house.why(record)
    assert (before.state, after.state) == ("ungoverned", "kept")
    assert after.evaluated_at > before.evaluated_at


@rule
def _(house: House) -> None:
    """Importing what was purged does not revive it."""
    (record,) = house.capture(2001)
    house.in_force(maximum="1y")
    house.purge()
    house.archive.follow()
    again = line("Good morning 2001", occurred_at="2001-03-01T00:00:00Z")
    (result,) = house.archive.intake.capture(LOCAL_ACTOR, [again])
    assert (result.status, result.id) == ("erased", record) and house.here([record]) == [False]


@rule
def _(house: House) -> None:
    """Importing what was purged is answered with its certificate."""
    house.capture(2001)
    house.in_force(maximum="1y")
    purge = house.purge()
    house.archive.follow()
    again = line("Good morning 2001", occurred_at="2001-03-01T00:00:00Z")
    (result,) = house.archive.intake.capture(LOCAL_ACTOR, [again])
    assert result.certificate == purge.certificate is not None


PRESETS = {
    "sec-17a-4-3y": ("3y", None, "17 CFR 240.17a-4(b)(4)"),
    "sec-17a-4-6y": ("6y", None, "17 CFR 240.17a-4"),
    "finra-4511": ("6y", None, "4511"),
    "cftc-1-31": ("5y", None, "17 CFR 1.31"),
    "mifid-ii-5y": ("5y", None, "2014/65/EU"),
    "mifid-ii-7y": ("7y", None, "2014/65/EU"),
    "hipaa": ("6y", None, "45 CFR 164.316"),
    "plain": ("3y", "7y", ""),
}


def _demands(name: str, minimum: str, maximum: str | None, citation: str) -> None:
    def takes_effect(house: House) -> None:
        terms = read_policy(preset(name))
        periods = [None if each is None else each.text for each in (terms.minimum, terms.maximum)]
        assert periods == [minimum, maximum] and citation in terms.citation
        assert house.governance.propose(ANN, terms).versions[0].terms == terms

    takes_effect.__doc__ = f"The preset {name} demands what its rule asks for."
    rule(takes_effect)


for _name, (_minimum, _maximum, _citation) in PRESETS.items():
    _demands(_name, _minimum, _maximum, _citation)


@rule
def _(house: House) -> None:
    """The preset gdpr-storage-limitation deletes after a period that its user chooses."""
    text = preset("gdpr-storage-limitation")
    with pytest.raises(InvalidError, match="neither"):
        read_policy(text)
    terms = read_policy(text.replace("# maximum: 3y", "maximum: 18m"))
    assert terms.minimum is None and "5(1)(e)" in terms.citation
    assert house.governance.propose(ANN, terms).versions[0].shortens


# Execution.


@no_sandbox
def _(house: House) -> None:
    """A purge as of a time to come is refused."""
    house.capture(2999)
    house.in_force(maximum="1y")
    later = house.clock.now() + timedelta(days=2_000)
    with pytest.raises(InvalidError):
        house.purges.run(LOCAL_ACTOR, later)


@no_sandbox
def _(house: House) -> None:
    """A purge as of a time to come is a dry run."""
    ids = house.capture(2001)
    house.in_force(maximum="90y")
    later = datetime(2100, 1, 1, tzinfo=UTC)
    told = house.purges.dry_run(LOCAL_ACTOR, OPERATIONS, later)
    assert (told.planned, told.destroyed, told.dry_run) == (1, 0, True) and house.here(ids)[0]


@rule
def _(house: House) -> None:
    """In a sandbox a purge can be of a time to come."""
    ids = house.capture(2001)
    house.in_force(maximum="90y")
    later = datetime(2100, 1, 1, tzinfo=UTC)
    assert house.purges.run(LOCAL_ACTOR, later).destroyed == 1 and not house.here(ids)[0]


@rule
def _(house: House) -> None:
    """The certificates of a sandbox show that it is one."""
    house.capture(2001)
    house.in_force(maximum="1y")
    assert house.certificate(house.purge()).sandbox is True


@no_sandbox
def _(house: House) -> None:
    """The certificates of an archive show that it is no sandbox."""
    house.capture(2001)
    house.in_force(maximum="1y")
    assert house.certificate(house.purge()).sandbox is False


def _between(house: House, act: Callable[[], object]) -> None:
    """Let something be done between the look at records and their condemning."""
    erase, acts = house.archive.eraser.erase, [act]

    def later(*arguments: Any, **named: Any) -> Any:
        while acts:
            acts.pop()()
        return erase(*arguments, **named)

    house.archive.eraser.erase = later  # type: ignore[method-assign]


@rule
def _(house: House) -> None:
    """A hold that is placed within the purge step keeps what it reaches."""
    ids = house.capture(2001, 2002)
    house.in_force(maximum="1y")
    _between(house, lambda: house.hold("smith", "sent:2002"))
    done = house.purge()
    assert (done.destroyed, done.held) == (1, 1) and house.here(ids) == [False, True]


@rule
def _(house: House) -> None:
    """An event that is corrected within the purge step keeps what it is about."""
    ids = house.capture(2001)
    house.in_force(clock="event:left", maximum="1y")
    event = house.counts("*")
    _between(house, lambda: house.correct(event, date="2999-01-01T00:00:00Z"))
    done = house.purge()
    assert (done.destroyed, done.kept) == (0, {"not-due": 1}) and house.here(ids) == [True]


@rule
def _(house: House) -> None:
    """A record that a hold for words could not search counts as held."""
    (record,) = house.capture_unread(2001)
    house.in_force(maximum="1y")
    house.hold("smith", "guarantee")
    done = house.purge()
    assert (done.destroyed, done.held) == (0, 1) and house.here([record]) == [True]


@rule
def _(house: House) -> None:
    """Nothing goes while a policy cannot be read."""
    ids = house.capture(2001)
    house.in_force(maximum="1y")
    rows = house.archive.pointers.select_pointers_of([house.archive.identity.stream("policies")])
    house.archive.eraser.erase(rows[:1], actor="local", ground="a test")
    with pytest.raises(CorruptError):
        house.purge()
    assert house.here(ids) == [True]


@rule
def _(house: House) -> None:
    """Nothing goes while a hold cannot be read."""
    ids = house.capture(2001)
    house.in_force(maximum="1y")
    house.hold("smith", "nothing")
    rows = house.archive.pointers.select_pointers_of([house.archive.identity.stream("holds")])
    house.archive.eraser.erase(rows[:1], actor="local", ground="a test")
    assert house.purge().held == 1 and house.here(ids) == [True]


@rule
def _(house: House) -> None:
    """What is due is found page by page, each record once."""
    ids = house.capture(*range(1990, 1997))
    house.in_force(maximum="1y")
    assert house.dry_run().planned == 7
    now, seen, after = house.clock.now(), list[Any](), 0
    digest = obligations_of(house.archive).settle(rule_reader(house.archive).readable(), now)
    assert digest is not None
    while page := house.archive.obligations.due(digest, now, after, 2):
        assert len(page) <= 2
        seen += [each.id for each in page]
        after = page[-1].first_seq
    assert seen == ids


@rule
def _(house: House) -> None:
    """What is purged cannot be opened or found, and the log keeps its leaves."""
    ids = house.capture(2001, text="Xanthippe")
    house.in_force(maximum="1y")
    told = house.certificate(house.purge())
    house.archive.follow()
    assert house.here(ids) == [False] and found(house.archive, "xanthippe") == set()
    assert house.archive.catalog.rows(ids)[ids[0]].erased
    assert len(told.leaves) == told.events == told.keys.destroyed == 1


@rule
def _(house: House) -> None:
    """The certificate tells what became of the records in every store."""
    house.capture(2001)
    house.in_force(maximum="1y")
    stores = {each.store for each in house.certificate(house.purge()).stores}
    assert {"keys", "segments", "blobs", "index", "index snapshots", "catalog", "log"} <= stores


@rule
def _(house: House) -> None:
    """A delete that fails stays pending, is told, and is done when the bucket answers again."""
    ids = house.capture(2001)
    house.in_force(maximum="1y")

    def refuse(*_: Any, **__: Any) -> None:
        raise UnavailableError("The bucket is away.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.archive.bucket, "delete", refuse)
        with pytest.raises(UnavailableError):
            house.purge()
    house.archive.follow()
    (purge,) = house.purges.purges(LOCAL_ACTOR, 10).purges
    assert (purge.failed, purge.destroyed, purge.certificate) == (1, 0, None)
    assert house.archive.health().erasures_pending == 1
    assert house.purge().destroyed == 1 and house.here(ids) == [False]


@rule
def _(house: House) -> None:
    """A dry run shows exactly what the run does."""
    house.capture(2001, 2002, 2999)
    house.capture(2003, text="the guarantee")
    house.in_force(maximum="1y")
    house.hold("smith", "guarantee")
    dry, done = house.dry_run(), house.purge()
    assert (dry.planned, dry.held, dry.kept, dry.groups) == (
        done.destroyed,
        done.held,
        done.kept,
        done.groups,
    )
    assert (dry.planned, dry.held) == (2, 1)


@rule
def _(house: House) -> None:
    """A purge run again destroys nothing more."""
    house.capture(2001)
    house.in_force(maximum="1y")
    assert (house.purge().destroyed, house.purge().planned) == (1, 0)


@rule
def _(house: House) -> None:
    """A review has up to five stages."""
    stages = [{"stage": str(number)} for number in range(6)]
    with pytest.raises(ValueError, match="at most 5"):
        house.propose(maximum="1y", review=stages)
    assert house.propose(maximum="1y", review=stages[:5]).versions


@rule
def _(house: House) -> None:
    """What a policy asks a review of is not purged without it."""
    ids = house.capture(2001)
    house.in_force(maximum="1y", review=[{"stage": "counsel"}])
    done = house.purge()
    assert (done.destroyed, done.kept) == (0, {"review": 1}) and house.here(ids) == [True]


@rule
def _(house: House) -> None:
    """A purge takes what every stage of its review approved."""
    ids = house.capture(2001)
    reviewing.reviewed(house.archive, reviewing.TWO)
    reviewing.opened(house.archive)
    reviewing.approve(house.archive, reviewing.OFFICER, "records manager")
    assert house.purge().destroyed == 0
    reviewing.approve(house.archive, reviewing.LAWYER, "counsel")
    assert house.purge().destroyed == 1 and house.here(ids) == [False]


@rule
def _(house: House) -> None:
    """A review approves a record alone, or all of its batch."""
    ids = house.capture(2001, 2002, 2003)
    reviewing.reviewed(house.archive, reviewing.ONE)
    reviewing.opened(house.archive)
    one = reviewing.approve(house.archive, reviewing.OFFICER, "records manager", ids[1:2])
    assert (one.records, house.purge().destroyed) == (1, 1)
    assert house.here(ids) == [True, False, True]
    rest = reviewing.approve(house.archive, reviewing.OFFICER, "records manager")
    assert (rest.records, house.purge().destroyed) == (2, 2)


@rule
def _(house: House) -> None:
    """What a review extends is kept until then, and reviewed anew."""
    ids = house.capture(2001)
    reviewing.reviewed(house.archive, reviewing.ONE)
    reviewing.opened(house.archive)
    later = house.clock.now() + timedelta(days=100)
    stage = "records manager"
    reviewing.extend(house.archive, reviewing.OFFICER, stage=stage, until=later)
    assert house.purge().planned == 0 and reviewing.opened(house.archive).opened == ()
    house.clock.move(days=100)
    assert reviewing.opened(house.archive).opened == (2,) and house.here(ids) == [True]


@rule
def _(house: House) -> None:
    """What a review re-labels stands under the other policy."""
    ids = house.capture(2001)
    reviewing.reviewed(house.archive, reviewing.ONE)
    house.in_force("longer", scope="nothing", minimum="90y")
    reviewing.opened(house.archive)
    stage = "records manager"
    reviewing.relabel(house.archive, reviewing.OFFICER, stage=stage, policy="longer")
    house.archive.follow()
    kept = house.why(ids[0]).retain_until
    assert kept is not None and kept.year == 2091 and house.purge().planned == 0


@rule
def _(house: House) -> None:
    """No decision of a review is without a comment."""
    for request in (ApproveRequest, ExtendRequest, RelabelRequest):
        with pytest.raises(ValueError, match="comment"):
            request.model_validate({"stage": "a", "until": "2100-01-01T00:00:00Z", "policy": "a"})


@rule
def _(house: House) -> None:
    """A stage approves by itself after its time, if the policy says so."""
    ids = house.capture(2001)
    reviewing.reviewed(house.archive, reviewing.TWO)
    reviewing.opened(house.archive)
    reviewing.approve(house.archive, reviewing.OFFICER, "records manager")
    house.clock.move(days=29)
    reviewing.opened(house.archive)
    assert house.purge().destroyed == 0
    house.clock.move(days=1)
    reviewing.opened(house.archive)
    assert house.purge().destroyed == 1 and house.here(ids) == [False]


@rule
def _(house: House) -> None:
    """No reviewer approves alone what they own."""
    ids = house.capture(2001)
    reviewing.reviewed(house.archive, reviewing.ONE)
    reviewing.opened(house.archive)
    with pytest.raises(ForbiddenError, match="own"):
        reviewing.approve(house.archive, reviewing.ANN, "records manager", ids)
    assert house.purge().destroyed == 0
    reviewing.approve(house.archive, reviewing.OFFICER, "records manager", ids)
    assert house.purge().destroyed == 1
