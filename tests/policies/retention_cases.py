"""The rules of docs/retention.md as named cases, and random ones, for both evaluators.

A policy is written as `A min 3y max 7y grace 0d captured unknown`; one that counts from an event as
`A min 3y event at:2021-06-01 maybe:2022-01-01 not:2023-01-01`, with each event of that name and
whether it reaches the record. Dates are of midnight UTC unless they say more.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from archive.events.policy_events import Terms
from archive.model.period import Period
from policies.evaluation import Evaluation, Governing, Start, counted_from, evaluate
from policies.retention_events.starts import started
from policies.scopes import Standing
from tests.policies.naive import naive


def at(text):
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    name: str
    policies: tuple[str, ...] = ()
    occurred: str | None = "2020-01-01"
    captured: str = "2020-01-02"
    holds: tuple[str, ...] = ()
    released: str | None = None
    extended: str | None = None
    unreadable: bool = False
    now: str = "2024-01-01"
    expected: dict[str, Any] = field(default_factory=dict)


def case(name, *policies, **fields):
    given = {key: fields.pop(key) for key in list(fields) if key in Case.__dataclass_fields__}
    return Case(name, policies, **given, expected=fields)


def written(policies):
    """Read policies as they are written, into what both evaluators take."""
    for version, text in enumerate(policies, 1):
        name, *words = text.split()
        policy = {
            "name": name.lower(),
            "version": version,
            "clock": next((each for each in words if each in ("captured", "event")), "occurred"),
            "events": [
                (at(date), _REACHES[reaches])
                for reaches, _, date in (word.partition(":") for word in words)
                if reaches in _REACHES
            ],
            "certain": "unknown" not in words,
            "minimum": None,
            "maximum": None,
            "grace": (30, "d"),
        }
        for key, short in (("minimum", "min"), ("maximum", "max"), ("grace", "grace")):
            if short in words:
                period = words[words.index(short) + 1]
                policy[key] = (int(period[:-1]), period[-1])
        yield policy


_REACHES = {"at": "yes", "maybe": "unknown", "not": "no"}
_STANDING = {"yes": Standing.IN, "unknown": Standing.UNKNOWN, "no": Standing.OUT}


def start_of(policy):
    """What the program makes of a policy's events."""
    latest_first = sorted(policy["events"], key=lambda each: each[0], reverse=True)
    return started((Start(date, UUID(int=1)), _STANDING[reaches]) for date, reaches in latest_first)


def governing(policy, record):
    """What the program makes of a policy, by each version of the record, the newest first."""
    extended, captured = record.get("extended"), record["captured"]
    if policy.get("shown", True):
        yield governing_one(policy, extended)
    for claimed, events in policy.get("earlier", ()) if policy["minimum"] else ():
        one = governing_one({**policy, "events": events}, extended)
        yield one._replace(earlier_from=counted_from(claimed, captured)[0])


def governing_one(policy, extended):
    periods: dict[str, Any] = {
        key: None if policy[key] is None else Period(*policy[key])
        for key in ("minimum", "maximum", "grace")
    }
    clock = "event:employee-left" if policy["clock"] == "event" else policy["clock"]
    terms = Terms(name=policy["name"], scope="*", clock=clock, **periods)
    return Governing(policy["version"], terms, policy["certain"], start_of(policy), extended)


def both(record, policies, *, holds=(), released=None, unreadable=False, now):
    """Return what the evaluator says and what the naive one says, in one form."""
    found = evaluate(
        record["occurred"],
        record["captured"],
        [one for policy in policies for one in governing(policy, record)],
        now=now,
        holds=holds,
        released_at=released,
        unreadable=unreadable,
    )
    return found, told(found), naive(record, policies, holds, released, unreadable, now)


def told(found: Evaluation):
    return {
        "indefinite": found.indefinite,
        "retain_until": found.retain_until,
        "delete_at": found.delete_at,
        "due_at": found.due_at,
        "conflicts": {demand.policy for demand in found.demands if demand.conflicting},
        "flag": None if found.doubt is None else found.doubt.value,
        "state": found.state.value,
    }


def run(each: Case):
    """Return what both evaluators say of a case, and what the case expects."""
    dates = ("occurred", "captured", "extended")
    record = {name: at(getattr(each, name)) for name in dates}
    _, ours, theirs = both(
        record,
        list(written(each.policies)),
        holds=each.holds,
        released=at(each.released),
        unreadable=each.unreadable,
        now=at(each.now),
    )
    dates = ("retain_until", "delete_at", "due_at")
    expected = {
        key: at(value) if key in dates else set(value.split()) if key == "conflicts" else value
        for key, value in each.expected.items()
    }
    return ours, theirs, expected


_PERIODS = [(0, "d"), (1, "d"), (28, "d"), (30, "d"), (365, "d"), (366, "d"), (1, "m"), (6, "m")]
_PERIODS += [(12, "m"), (18, "m"), (1, "y"), (3, "y"), (6, "y"), (7, "y"), (100, "y")]
_EDGES = [datetime(2000, 2, 29, tzinfo=UTC), datetime(2023, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
_EDGES += [datetime(1970, 1, 1, tzinfo=UTC), datetime(1971, 1, 1, tzinfo=UTC)]


def random_moment(random):
    if random.random() < 0.2:
        return random.choice(_EDGES)
    start = datetime(1969, 1, 1, tzinfo=UTC)
    return start + timedelta(seconds=random.randrange(60 * 365 * 86_400))


def random_events(random):
    return [
        (random_moment(random), random.choice(["yes", "yes", "no", "unknown"]))
        for _ in range(random.randrange(4))
    ]


def random_case(random):
    """Return what `both` takes, drawn so that dates meet often."""
    captured = random_moment(random)
    near = timedelta(days=random.choice([-400, -30, -1, 0, 0, 1]))
    occurred = random.choice([None, captured, captured + near, random_moment(random)])
    policies = []
    for number in range(random.randrange(5)):
        minimum, maximum = (
            random.choice(_PERIODS[1:]) if random.random() < 0.6 else None for _ in range(2)
        )
        policies.append(
            {
                "name": f"p{number}",
                "version": random.randrange(1, 9),
                "clock": random.choice(["occurred", "captured", "event"]),
                "events": random_events(random),
                "shown": random.random() < 0.85,
                "earlier": [
                    (random.choice([None, random_moment(random)]), random_events(random))
                    for _ in range(random.choice([0, 0, 1, 2]))
                ],
                "certain": random.random() < 0.85,
                "minimum": minimum,
                "maximum": maximum,
                "grace": random.choice(_PERIODS[:8]),
            }
        )
    rest = {
        "holds": random.choice([(), (), (), ("h1",), ("h1", "h2")]),
        "released": random.choice([None, None, random_moment(random)]),
        "unreadable": random.random() < 0.05,
        "now": random_moment(random) + timedelta(days=random.choice([0, 3650])),
    }
    extended = random.choice([None, None, None, random_moment(random)])
    return {"occurred": occurred, "captured": captured, "extended": extended}, policies, rest


CASES = [
    # Two dates.
    case("no policy: never deleted", retain_until=None, delete_at=None, state="ungoverned"),
    case("no policy, a hundred years later", now="2120-01-01", due_at=None, state="ungoverned"),
    case("a minimum alone is never deleted", "A min 3y", retain_until="2023-01-01", delete_at=None),
    case("a minimum alone, long after its end", "A min 3y", now="2099-01-01", state="kept"),
    case("a maximum alone: no retain-until", "A max 3y", retain_until=None, delete_at="2023-01-01"),
    case(
        "both in one policy",
        "A min 3y max 7y",
        retain_until="2023-01-01",
        delete_at="2027-01-01",
        due_at="2027-01-31",
    ),
    case("the latest minimum counts", "A min 3y", "B min 6y", retain_until="2026-01-01"),
    case("in whatever order", "A min 6y", "B min 3y", retain_until="2026-01-01"),
    case("the earliest maximum counts", "A max 7y", "B max 3y", delete_at="2023-01-01"),
    case("maximums in the other order", "A max 3y", "B max 7y", delete_at="2023-01-01"),
    case("no policy wins: the same twice", "A min 3y", "B min 3y", retain_until="2023-01-01"),
    case(
        "a minimum of one, a maximum of another",
        "A min 3y",
        "B max 7y",
        retain_until="2023-01-01",
        delete_at="2027-01-01",
        conflicts="",
    ),
    # Conflicts.
    case(
        "a minimum beyond a maximum: kept",
        "A min 7y",
        "B max 3y",
        retain_until="2027-01-01",
        delete_at="2027-01-01",
        conflicts="b",
    ),
    case("in conflict after the maximum: kept", "A min 7y", "B max 3y", state="kept"),
    case(
        "in conflict, grace counts from retain-until",
        "A min 7y",
        "B max 3y grace 10d",
        due_at="2027-01-11",
    ),
    case(
        "two maximums, one in conflict",
        "A min 5y",
        "B max 3y",
        "C max 9y",
        delete_at="2025-01-01",
        conflicts="b",
    ),
    case("two maximums, both in conflict", "A min 9y", "B max 3y", "C max 4y", conflicts="b c"),
    case("a minimum that ends with a maximum", "A min 3y", "B max 3y", conflicts=""),
    case("one day beyond is a conflict", "A min 366d", "B max 365d", conflicts="b"),
    case(
        "clocks alone can make a conflict",
        "A min 3y captured",
        "B max 3y",
        conflicts="b",
        delete_at="2023-01-02",
    ),
    # The clock.
    case("occurred is what the source claims", "A min 1y", retain_until="2021-01-01"),
    case("captured is the archive's", "A min 1y captured", retain_until="2021-01-02"),
    case("undated counts from capture", "A min 1y", occurred=None, retain_until="2021-01-02"),
    case("undated is flagged", "A min 1y", occurred=None, flag="undated"),
    case(
        "undated, where the clock is captured", "A min 1y captured", occurred=None, flag="undated"
    ),
    case(
        "dated after capture counts from capture",
        "A min 1y",
        occurred="2020-01-03",
        retain_until="2021-01-02",
        flag="dated-after-capture",
    ),
    case("dated far into the future", "A max 1y", occurred="2999-01-01", delete_at="2021-01-02"),
    case(
        "dated a second after capture",
        "A min 1y",
        occurred="2020-01-02T00:00:01",
        flag="dated-after-capture",
    ),
    case("dated as it is captured is believed", "A min 1y", occurred="2020-01-02", flag=None),
    case(
        "dated at zero counts from capture",
        "A max 1y",
        occurred="1970-01-01",
        delete_at="2021-01-02",
        flag="dated-too-early",
    ),
    case(
        "the last moment that is too early", occurred="1970-12-31T23:59:59", flag="dated-too-early"
    ),
    case(
        "the first that is not",
        "A max 1y",
        occurred="1971-01-01",
        delete_at="1972-01-01",
        flag=None,
    ),
    case("an old date is believed", "A min 1y", occurred="1995-06-01", retain_until="1996-06-01"),
    case("a believed date has no flag", "A min 1y", flag=None),
    # Clocks that start at events.
    case("an event starts the clock", "A min 3y event at:2021-06-01", retain_until="2024-06-01"),
    case(
        "no event yet: kept indefinitely",
        "A min 3y event",
        indefinite=True,
        retain_until=None,
        delete_at=None,
        state="kept",
    ),
    case("no event yet, a hundred years later", "A min 3y event", now="2120-01-01", state="kept"),
    case(
        "no event yet: a maximum demands nothing",
        "A max 3y event grace 0d",
        now="2120-01-01",
        indefinite=False,
        delete_at=None,
        due_at=None,
        state="kept",
    ),
    case(
        "no event yet, both in one policy: no conflict",
        "A min 3y max 7y event",
        indefinite=True,
        delete_at=None,
        conflicts="",
    ),
    case(
        "the event begins both",
        "A min 3y max 7y event at:2021-06-01",
        indefinite=False,
        retain_until="2024-06-01",
        delete_at="2028-06-01",
        due_at="2028-07-01",
    ),
    case(
        "an event before the record",
        "A min 1y event at:2010-01-01",
        retain_until="2011-01-01",
        state="kept",
    ),
    case(
        "what joins after the maximum has passed may go",
        "A max 1y event grace 0d at:2010-01-01",
        delete_at="2011-01-01",
        state="due",
    ),
    case(
        "an event to come",
        "A min 1y event at:2030-01-01",
        indefinite=False,
        retain_until="2031-01-01",
        state="kept",
    ),
    case(
        "a maximum from an event to come",
        "A max 1y event grace 0d at:2030-01-01",
        now="2030-12-31T23:59:59",
        delete_at="2031-01-01",
        state="kept",
    ),
    case(
        "of two events the latest counts",
        "A min 1y event at:2021-01-01 at:2022-01-01",
        retain_until="2023-01-01",
    ),
    case(
        "of two events, the latest first",
        "A max 1y event at:2022-01-01 at:2021-01-01",
        delete_at="2023-01-01",
    ),
    case("an event for other records", "A min 1y event not:2021-01-01", indefinite=True),
    case(
        "a later event for other records",
        "A min 1y event at:2021-01-01 not:2022-01-01",
        retain_until="2022-01-01",
    ),
    case(
        "an event that may reach it starts no clock",
        "A min 1y event maybe:2021-01-01",
        indefinite=True,
        retain_until=None,
    ),
    case(
        "nor that of a maximum",
        "A max 1y event grace 0d maybe:2021-01-01",
        delete_at=None,
        state="kept",
    ),
    case(
        "a later event that may reach it keeps longer",
        "A min 1y event at:2021-01-01 maybe:2022-01-01",
        retain_until="2023-01-01",
    ),
    case(
        "an earlier event that may reach it changes nothing",
        "A min 1y event at:2022-01-01 maybe:2021-01-01",
        retain_until="2023-01-01",
    ),
    case(
        "an event counts for the undated too",
        "A min 1y event at:2021-01-01",
        occurred=None,
        retain_until="2022-01-01",
        flag="undated",
    ),
    case(
        "a year after an event on 29 February",
        "A min 1y event at:2020-02-29",
        retain_until="2021-02-28",
    ),
    case(
        "the time of day of an event stays",
        "A min 1y event at:2021-01-01T12:30:00",
        retain_until="2022-01-01T12:30:00",
    ),
    case(
        "a minimum without an end is the latest",
        "A min 100y",
        "B min 1d event",
        indefinite=True,
        retain_until=None,
    ),
    case(
        "a minimum without an end beyond a maximum: a conflict",
        "A min 1y event",
        "B max 3y grace 0d",
        now="2099-01-01",
        conflicts="b",
        delete_at=None,
        due_at=None,
        state="kept",
    ),
    case("a maximum not begun is in no conflict", "A min 7y", "B max 3y event", conflicts=""),
    case(
        "a maximum by date while another has not begun",
        "A max 3y",
        "B max 1d event",
        delete_at="2023-01-01",
    ),
    case(
        "once it has happened, the conflict has an end",
        "A min 6y event at:2021-01-01",
        "B max 3y",
        conflicts="b",
        retain_until="2027-01-01",
        delete_at="2027-01-01",
    ),
    case(
        "a minimum from an event that ends before a maximum",
        "A min 1y event at:2020-06-01",
        "B max 3y",
        conflicts="",
        delete_at="2023-01-01",
        state="due",
    ),
    case(
        "grace counts from the end by the event",
        "A max 1y event grace 10d at:2022-12-25",
        delete_at="2023-12-25",
        due_at="2024-01-04",
        state="grace",
    ),
    case(
        "a hold stops what an event lets go",
        "A max 1y event at:2021-01-01",
        holds=("h",),
        state="held",
        due_at=None,
    ),
    case(
        "release starts grace afresh after an event too",
        "A max 1y event grace 30d at:2021-01-01",
        released="2023-12-20",
        due_at="2024-01-19",
        state="grace",
    ),
    case(
        "an unread event stops deletion",
        "A max 1y event at:2021-01-01",
        unreadable=True,
        state="held",
        due_at=None,
    ),
    case(
        "where the scope is unknown, a minimum waits for its event",
        "A min 1y event unknown",
        indefinite=True,
    ),
    case(
        "where the scope is unknown, an event begins no maximum",
        "A max 1y event unknown at:2021-01-01",
        delete_at=None,
    ),
    case(
        "three clocks",
        "A min 1y captured",
        "B min 1y event at:2021-06-01",
        "C max 2y",
        retain_until="2022-06-01",
        delete_at="2022-06-01",
        conflicts="c",
    ),
    # The calendar.
    case(
        "a year after 29 February",
        "A min 1y",
        occurred="2016-02-29",
        retain_until="2017-02-28",
    ),
    case("four years after it", "A min 4y", occurred="2016-02-29", retain_until="2020-02-29"),
    case("twelve months after it", "A min 12m", occurred="2016-02-29", retain_until="2017-02-28"),
    case("a month after 31 January", "A min 1m", occurred="2019-01-31", retain_until="2019-02-28"),
    case("and in a leap year", "A min 1m", occurred="2016-01-31", retain_until="2016-02-29"),
    case("a month after 30 November", "A min 3m", occurred="2018-11-30", retain_until="2019-02-28"),
    case(
        "a month over the end of the year",
        "A min 1m",
        occurred="2018-12-15",
        retain_until="2019-01-15",
    ),
    case("days are days", "A min 365d", occurred="2016-02-29", retain_until="2017-02-28"),
    case(
        "a year of days in a leap year",
        "A min 365d",
        occurred="2016-01-01",
        retain_until="2016-12-31",
    ),
    case("18 months", "A min 18m", occurred="2018-07-31", retain_until="2020-01-31"),
    case(
        "the year 1900 has no leap day, 2100 neither",
        "A min 100y",
        occurred="2000-02-29",
        retain_until="2100-02-28",
    ),
    case(
        "the time of day stays",
        "A min 1y",
        occurred="2019-03-01T23:59:59",
        retain_until="2020-03-01T23:59:59",
    ),
    case("a hundred years", "A min 100y", retain_until="2120-01-01"),
    # Grace.
    case("grace is 30 days", "A max 3y", due_at="2023-01-31"),
    case("grace of nothing", "A max 3y grace 0d", due_at="2023-01-01"),
    case("grace in months", "A max 3y grace 1m", occurred="2019-12-31", due_at="2023-01-31"),
    case("before delete-at", "A max 4y", now="2023-12-31T23:59:59", state="kept"),
    case("at delete-at grace begins", "A max 4y", now="2024-01-01", state="grace"),
    case("the last moment of grace", "A max 4y", now="2024-01-30T23:59:59", state="grace"),
    case("after grace it is due", "A max 4y", now="2024-01-31", state="due"),
    case("without grace it is due at once", "A max 4y grace 0d", now="2024-01-01", state="due"),
    case(
        "each counts its own grace",
        "A max 3y grace 90d",
        "B max 1155d grace 0d",
        delete_at="2023-01-01",
        due_at="2023-03-01",
    ),
    case(
        "the first grace to end counts",
        "A max 3y grace 90d",
        "B max 3y grace 1d",
        due_at="2023-01-02",
    ),
    case("a minimum alone has no grace", "A min 3y grace 0d", due_at=None),
    # Holds.
    case("a hold stops deletion", "A max 3y", holds=("h",), state="held", due_at=None),
    case(
        "a hold changes no date",
        "A min 1y max 3y",
        holds=("h",),
        retain_until="2021-01-01",
        delete_at="2023-01-01",
    ),
    case("several holds", "A max 3y", holds=("h", "i"), state="held"),
    case("a hold before delete-at", "A max 7y", holds=("h",), state="kept"),
    case("a hold has no end of its own", "A max 3y", holds=("h",), now="2099-01-01", state="held"),
    case("a hold on what no policy governs", holds=("h",), state="ungoverned"),
    case("a hold stops what is in grace", "A max 4y", holds=("h",), now="2024-01-02", state="held"),
    case(
        "release starts grace afresh",
        "A max 3y",
        released="2023-12-20",
        due_at="2024-01-19",
        state="grace",
    ),
    case("and then it is due", "A max 3y", released="2023-12-20", now="2024-01-19", state="due"),
    case(
        "a release before delete-at changes nothing",
        "A max 3y",
        released="2022-01-01",
        due_at="2023-01-31",
    ),
    case("a release within grace", "A max 4y", released="2024-01-10", due_at="2024-02-09"),
    case("a hold after a release", "A max 3y", released="2023-02-01", holds=("h",), state="held"),
    # Extensions by a review.
    case(
        "what a review extended is not due before",
        "A max 3y grace 0d",
        extended="2024-02-01",
        delete_at="2023-01-01",
        due_at="2024-02-01",
        state="grace",
    ),
    case(
        "an extension that has passed changes nothing",
        "A max 3y",
        extended="2023-01-10",
        due_at="2023-01-31",
        state="due",
    ),
    # What cannot be known.
    case("an unread policy stops deletion", "A max 3y", unreadable=True, state="held", due_at=None),
    case("it governs every record", unreadable=True, state="kept"),
    case(
        "it changes no date that is known",
        "A min 1y max 3y",
        unreadable=True,
        retain_until="2021-01-01",
    ),
    case(
        "where the scope is unknown, the minimum applies",
        "A min 3y unknown",
        retain_until="2023-01-01",
    ),
    case("and the maximum does not", "A max 3y unknown", delete_at=None, state="kept"),
    case("of one policy too", "A min 1y max 3y unknown", retain_until="2021-01-01", delete_at=None),
    case("another's maximum still applies", "A max 3y unknown", "B max 5y", delete_at="2025-01-01"),
    case(
        "an unknown minimum makes a conflict",
        "A min 7y unknown",
        "B max 3y",
        conflicts="b",
        delete_at="2027-01-01",
    ),
    case("an unknown maximum makes none", "A min 7y", "B max 3y unknown", conflicts=""),
    # Three that overlap.
    case(
        "three policies that overlap",
        "A min 3y",
        "B min 6y captured",
        "C max 5y grace 0d",
        retain_until="2026-01-02",
        delete_at="2026-01-02",
        due_at="2026-01-02",
        conflicts="c",
    ),
    case(
        "and at last they are due",
        "A min 3y",
        "B min 6y captured",
        "C max 5y grace 0d",
        now="2026-01-02",
        state="due",
    ),
]
