"""How the console writes what a policy says: its fields by name, and what a change alters. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from api.console.text import label
from archive.events.policy_events import NOTHING, Stage, Terms
from archive.model.period import Period

_NAMES = {
    "clock": "Counted from",
    "minimum": "Kept at least",
    "maximum": "Deleted after",
    "grace": "Grace before it goes",
    "delay": "A change takes effect after",
}
_VALUES = {"occurred": "when it occurred", "captured": "when it was captured"}


class Told(NamedTuple):
    """A field of a policy as people read it; `query` says that the text is one."""

    name: str
    text: str
    query: bool = False


class Compared(NamedTuple):
    """A field before and after a change, None where there was or is none."""

    name: str
    before: str | None
    after: str | None
    query: bool = False

    @property
    def changed(self) -> bool:
        """Whether the change alters it."""
        return self.before != self.after


def told(terms: Terms) -> list[Told]:
    """Return what a policy says, but for its name, in the order of its fields."""
    return list(_told(terms))


def compared(before: Terms | None, after: Terms | None) -> list[Compared]:
    """Return every field that either says, in the order of a policy's fields."""
    was, will_be = (
        {each.name: each for each in told(one)} if one else {} for one in (before, after)
    )
    names = [name for name in map(_named, Terms.model_fields) if name in was or name in will_be]
    return [
        Compared(
            name,
            was[name].text if name in was else None,
            will_be[name].text if name in will_be else None,
            (was.get(name) or will_be[name]).query,
        )
        for name in names
    ]


def _told(terms: Terms) -> Iterator[Told]:
    for field in Terms.model_fields:
        value = getattr(terms, field)
        if field == "name" or value in (None, "", ()):
            continue
        if field == "review":
            text = ", then ".join(map(_stage, value))
        elif isinstance(value, Period):
            text = "none" if value == NOTHING else str(value)
        else:
            text = _VALUES.get(str(value), str(value))
        if field == "clock" and terms.event is not None:
            text = f"the event {terms.event}"
        yield Told(_named(field), text, query=field == "scope")


def _named(field: str) -> str:
    return _NAMES.get(field, label(field))


def _stage(stage: Stage) -> str:
    notes = [] if stage.role is None else [f"decided by {label(stage.role).lower()}"]
    if stage.approve_after is not None:
        notes.append(f"approves by itself after {stage.approve_after}")
    return f"{stage.stage} ({', '.join(notes)})" if notes else stage.stage
