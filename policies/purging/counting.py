"""What records that go count as, and the groups that certificates tell of them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from archive.events.purge_events import PurgedGroup

_Class = tuple[str, str, int, UUID | None]


class Counted(NamedTuple):
    """One record as a certificate counts it; the fields are those of `PurgedGroup`.

    `bytes` is the size of the originals of its versions, and retention was counted from `at`. A
    named tuple, since it is made of every record that goes, and may travel to another process.
    """

    channel: str
    policy: str
    version: int
    started_by: UUID | None
    bytes: int
    at: datetime


def grouped(counted: Iterable[Counted]) -> tuple[PurgedGroup, ...]:
    """Return records by class, policy, version and the event that started the clock, in order."""
    found: dict[_Class, list[Counted]] = defaultdict(list)
    for each in counted:
        found[each[:4]].append(each)
    return tuple(_group(one, found[one]) for one in sorted(found, key=_order))


def merged(groups: Iterable[PurgedGroup]) -> tuple[PurgedGroup, ...]:
    """Return groups with those of one class, policy, version and event made one, in that order."""
    found: dict[_Class, list[PurgedGroup]] = defaultdict(list)
    for group in groups:
        found[group.channel, group.policy, group.version, group.started_by].append(group)
    return tuple(_sum(found[one]) for one in sorted(found, key=_order))


def _order(one: _Class) -> tuple[str, str, int, str]:
    channel, policy, version, started_by = one
    return channel, policy, version, str(started_by or "")


def _group(one: _Class, counted: Sequence[Counted]) -> PurgedGroup:
    channel, policy, version, started_by = one
    times = [each.at for each in counted]
    return PurgedGroup(
        channel=channel,
        policy=policy,
        version=version,
        started_by=started_by,
        records=len(counted),
        bytes=sum(each.bytes for each in counted),
        first_at=min(times),
        last_at=max(times),
    )


def _sum(groups: Sequence[PurgedGroup]) -> PurgedGroup:
    if len(groups) == 1:
        return groups[0]
    return groups[0].model_copy(
        update={
            "records": sum(each.records for each in groups),
            "bytes": sum(each.bytes for each in groups),
            "first_at": min(each.first_at for each in groups),
            "last_at": max(each.last_at for each in groups),
        }
    )
