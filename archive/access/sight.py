"""What a restricted user sees: the records of some custodians, in the index, one by one, in SQL.

Custodians are compared as the query language compares them. All three ways must agree; what cannot
be told to be theirs is not seen.
"""

import re
from typing import Final

from archive.access.roles import Actor
from archive.events.codebook import CUSTODIAN, Codebook
from archive.index.analysis import value
from archive.model.record import Record
from archive.query.tree import EVERYTHING, Node, Not, Value, disjunction

_WILD: Final = re.compile(r"[\\*?]")


def within(actor: Actor) -> Node:
    """Return the query that finds what the actor sees."""
    if actor.custodians is None:
        return EVERYTHING
    if not actor.custodians:
        return Not(EVERYTHING)
    escaped = [_WILD.sub(r"\\\g<0>", name) for name in sorted(actor.custodians)]
    return disjunction([Value(name, "custodian") for name in escaped])


def sees(actor: Actor, record: Record) -> bool:
    """Say whether a record is one that the actor sees."""
    if actor.custodians is None:
        return True
    return record.custodian is not None and value(record.custodian) in _compared(actor)


def codes(actor: Actor, codebook: Codebook) -> frozenset[int] | None:
    """Return the codes that stand in SQL for the custodians the actor sees; None for all."""
    if actor.custodians is None:
        return None
    wanted = _compared(actor)
    named = codebook.names(CUSTODIAN).items()
    return frozenset(code for name, code in named if value(name) in wanted)


def _compared(actor: Actor) -> set[str]:
    return {value(name) for name in actor.custodians or ()}
