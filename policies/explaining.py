"""Why a record is still here, in sentences: what must happen before it can go. Pure."""

from collections.abc import Collection
from datetime import UTC, datetime

from policies.evaluation import Demand, Evaluation, State
from policies.reviewing.reviewed import NOT_REVIEWED, Reviewed
from policies.reviewing.telling import awaited, relabelled


def steps(
    found: Evaluation,
    now: datetime,
    uncertain_holds: Collection[str] = (),
    reviewed: Reviewed = NOT_REVIEWED,
) -> tuple[str, ...]:
    """Return what must happen before the record can go, in the order in which it can.

    `uncertain_holds` are those of its holds that could not search it, and `reviewed` is what
    disposition reviews decided of it.
    """
    return tuple(_steps(found, now, uncertain_holds, reviewed))


def _steps(
    found: Evaluation, now: datetime, uncertain_holds: Collection[str], reviewed: Reviewed
) -> list[str]:
    told = []
    if found.unreadable:
        told.append(
            "An event of the policies, the retention events, the holds or the dispositions cannot "
            "be read, so it is not known what they demand; nothing goes until it can."
        )
    told += relabelled(reviewed)
    told += [
        f"It is not known whether it stands in the scope of {name}, because words of it could not "
        "be read: the minimum applies to it, the maximum does not."
        for name in found.uncertain
    ]
    told += [
        f"The minimum of {each.policy} (version {each.version}) is that of an earlier version of "
        "the record: no edit ends it."
        for each in found.demands
        if each.earlier and (each.ends_at is None or now < each.ends_at)
    ]
    told += [_awaited(each) for each in found.demands if each.starts_at is None]
    if found.retain_until is not None and now < found.retain_until:
        behind = _named(found, "minimum")
        told.append(f"It is kept at least until {_day(found.retain_until)}, by {behind}.")
    told += [
        f"The policy {each.policy} (version {each.version}) demands its deletion from "
        f"{_day(each.ends_at)} on, which is before its minimum ends: a conflict, and it is kept."
        for each in found.demands
        if each.conflicting and each.ends_at is not None
    ]
    if found.delete_at is None:
        if not any(each.kind == "maximum" for each in found.demands):
            told.append("No policy in force demands its deletion: it stays until one does.")
        return told + _released(found, uncertain_holds)
    if now < found.delete_at:
        behind = _named(found, "maximum")
        told.append(f"Its deletion is demanded from {_day(found.delete_at)} on, by {behind}.")
    told += _released(found, uncertain_holds)
    if found.holds:
        told.append("Then the grace starts afresh.")
    if found.due_at is not None and now < found.due_at:
        told.append(_still(found.due_at, reviewed))
    told += awaited(found, reviewed)
    if found.state is State.DUE:
        told.append("It is due: every date has passed.")
    return told


def _awaited(demand: Demand) -> str:
    """Tell of a demand whose clock has not started."""
    told = (
        f"Of the event {demand.event}, at which the clock of {demand.policy} (version "
        f"{demand.version}) starts, none is known that reaches it: "
    )
    if demand.kind == "minimum":
        return told + f"until then it is kept, and for {demand.period} from then on."
    return told + f"its deletion is demanded {demand.period} after one."


def _released(found: Evaluation, uncertain_holds: Collection[str]) -> list[str]:
    return [
        f"The hold {hold} must be released: it could not search the record, which therefore counts "
        "as held."
        if hold in uncertain_holds
        else f"The hold {hold} must be released."
        for hold in found.holds
    ]


def _still(due_at: datetime, reviewed: Reviewed) -> str:
    if reviewed.until == due_at:
        return f"A review has extended it: it stays until {_day(due_at)}, and is reviewed anew."
    return f"The grace must pass, which ends on {_day(due_at)}."


def _named(found: Evaluation, kind: str) -> str:
    names = [
        f"{each.policy} (version {each.version}{_started(each)})"
        for each in found.demands
        if each.kind == kind and each.binding
    ]
    return " and ".join(names)


def _started(demand: Demand) -> str:
    if demand.event is None or demand.starts_at is None:
        return ""
    return f", counted from {demand.event} on {_day(demand.starts_at)}"


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
