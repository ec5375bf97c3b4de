"""A second evaluator, written from the rules alone, as plainly as can be; it shares no code.

Records and policies are dictionaries, periods are pairs such as (7, "y"). The calendar is counted
out step by step.
"""

from datetime import UTC, datetime, timedelta

TOO_EARLY = datetime(1971, 1, 1, tzinfo=UTC)


def later(start, period):
    """The moment a period after another."""
    count, unit = period
    if unit == "d":
        return start + timedelta(hours=24 * count)
    year, month = start.year, start.month
    for _ in range(count * 12 if unit == "y" else count):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    day = start.day
    while True:
        try:
            return start.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1


def believed(record):
    """The date that a claim counts from, and why it is not the claim."""
    claimed, captured = record["occurred"], record["captured"]
    if claimed is None:
        return captured, "undated"
    if claimed > captured:
        return captured, "dated-after-capture"
    if claimed < TOO_EARLY:
        return captured, "dated-too-early"
    return claimed, None


def event_date(events):
    """The date that a clock starts at that starts at an event; None if it has not started.

    Events are pairs: the date, and whether it reaches the record ("yes", "no" or "unknown").
    """
    if not any(reaches == "yes" for _, reaches in events):
        return None
    return max(date for date, reaches in events if reaches != "no")


def beginning(policy, record):
    """The date that a policy counts from; None if it has not begun."""
    if policy["clock"] == "event":
        return event_date(policy["events"])
    return believed(record)[0] if policy["clock"] == "occurred" else record["captured"]


def versions(policy, record):
    """The policy and the record as each version of it is that stands in the scope.

    Earlier ones are pairs: the date that the source claimed, and the events.
    """
    if policy.get("shown", True):
        yield policy, record
    for claimed, events in policy.get("earlier", ()):
        yield {**policy, "events": events}, {**record, "occurred": claimed}


def naive(record, policies, holds, released, unreadable, now):
    """Both dates, when it is due, its state, and the policies that are in conflict."""
    retain_until, forever = None, False
    for policy in policies:
        if policy["minimum"] is None:
            continue
        for each, version in versions(policy, record):
            start = beginning(each, version)
            if start is None:
                forever = True
                continue
            end = later(start, policy["minimum"])
            if retain_until is None or end > retain_until:
                retain_until = end
    delete_at, due_at, conflicts = None, None, set()
    for policy in policies:
        if policy["maximum"] is None or not policy["certain"]:
            continue
        if not policy.get("shown", True):
            continue
        start = beginning(policy, record)
        if start is None:
            continue
        end = later(start, policy["maximum"])
        if forever:
            conflicts.add(policy["name"])
            continue
        if retain_until is not None and retain_until > end:
            conflicts.add(policy["name"])
            end = retain_until
        if delete_at is None or end < delete_at:
            delete_at = end
        waits_from = released if released is not None and released > end else end
        due = later(waits_from, policy["grace"])
        extended = record.get("extended")
        if extended is not None and due < extended:
            due = extended
        if due_at is None or due < due_at:
            due_at = due
    stopped = bool(holds) or unreadable
    if stopped:
        due_at = None
    if delete_at is None or now < delete_at:
        state = "kept"
    elif stopped:
        state = "held"
    elif now < due_at:
        state = "grace"
    else:
        state = "due"
    governed = any(
        policy.get("shown", True) or (policy["minimum"] and policy["earlier"])
        for policy in policies
    )
    if not governed and not unreadable:
        state = "ungoverned"
    return {
        "indefinite": forever,
        "retain_until": None if forever else retain_until,
        "delete_at": delete_at,
        "due_at": due_at,
        "conflicts": conflicts,
        "flag": believed(record)[1],
        "state": state,
    }
