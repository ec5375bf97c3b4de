"""What a restricted user sees: in the index, one by one, and in SQL.

It is the records of some custodians, those in which some departments take part, and those that
stand in some matters: each widens what is seen. Names are compared as the query language compares
them. All three ways must agree; what cannot be told to be theirs is not seen.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from archive.catalog.conversations import Seen
from archive.events.codebook import CUSTODIAN, Codebook
from archive.events.identity import Identity
from archive.model.record import Record
from archive.model.roles import Actor
from archive.query.analysis import value
from archive.query.attributes import Known, departments
from archive.query.matcher import matches
from archive.query.tree import EVERYTHING, Named, Node, Not, Value, disjunction

_WILD: Final = re.compile(r"[\\*?]")


def within(actor: Actor, matters: Sequence[Named] = ()) -> Node:
    """Return the query that finds what the actor sees; `matters` are what stands in theirs."""
    if not actor.restricted:
        return EVERYTHING
    granted = [
        *_values(actor.custodians or (), "custodian"),
        *_values(actor.departments or (), "department"),
        *matters,
    ]
    return disjunction(granted) if granted else Not(EVERYTHING)


def sees(
    actor: Actor,
    record: Record,
    matters: Sequence[Named] = (),
    conversation: Known = (),
) -> bool:
    """Say whether a record is one that the actor sees; `matters` are what stands in theirs.

    `conversation` are the ids of the archive's own thread, which a matter may ask for.
    """
    if not actor.restricted:
        return True
    if record.custodian is not None and value(record.custodian) in _compared(actor.custodians):
        return True
    if not _compared(actor.departments).isdisjoint(departments(record.content)):
        return True
    return any(matches(each, record, conversation=conversation) for each in matters)


def seen(
    actor: Actor, codebook: Codebook, identity: Identity, records: Collection[int] = ()
) -> Seen | None:
    """Return what stands in SQL for what the actor sees; None for everything.

    `records` are those that stand in their matters, by the first sequence number of each.
    """
    if not actor.restricted:
        return None
    wanted = _compared(actor.custodians)
    named = codebook.names(CUSTODIAN).items() if wanted else ()
    return Seen(
        custodians=frozenset(code for name, code in named if value(name) in wanted),
        departments=frozenset(map(identity.department, _compared(actor.departments))),
        records=frozenset(records),
    )


def _values(names: Iterable[str], field: str) -> list[Node]:
    return [Value(_WILD.sub(r"\\\g<0>", name), field) for name in sorted(names)]


def _compared(names: Iterable[str] | None) -> frozenset[str]:
    return frozenset(map(value, names or ()))
