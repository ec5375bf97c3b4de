"""Facets as the console lists them: named, in an order that people expect, the long ones cut."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.console.asked import Asked

TITLES = {
    "year": "Year",
    "month": "Month",
    "channel": "Channel",
    "kind": "Kind",
    "direction": "Direction",
    "source": "Source",
    "custodian": "Custodian",
    "sender": "Sender",
    "department": "Department",
    "location": "Place",
    "language": "Language",
    "outcome": "Outcome",
    "has": "Contains",
    "is": "Marked",
}
SHOWN = 6
COUNTED = 100
"""How many values of a facet a search tells; there may be rarer ones."""
_BY_TIME = ("year", "month")


@dataclass(frozen=True, slots=True)
class Group:
    """One facet: its first values with their counts, and `more` that are shown on demand.

    `cut` says that there may be rarer values, which are not told.
    """

    facet: str
    title: str
    values: tuple[tuple[str, int], ...]
    more: tuple[tuple[str, int], ...]
    greatest: int
    cut: bool


def groups(counts: Mapping[str, Mapping[str, int]], asked: Asked, total: int) -> tuple[Group, ...]:
    """Return the facets by which the results can be narrowed further.

    What is the same for all results, or narrowed to already, tells nothing and is left out.
    Months are offered once the results lie within one year.
    """
    within_a_year = len(counts.get("year", {})) == 1
    listed = [
        facet
        for facet in TITLES
        if len(counts.get(facet, {})) > 1 and (facet != "month" or within_a_year)
    ]
    return tuple(
        _group(facet, counts[facet])
        for facet in listed
        if not all(
            count == total or asked.holds(facet, value) for value, count in counts[facet].items()
        )
    )


def overview(counts: Mapping[str, Mapping[str, int]]) -> tuple[Group, ...]:
    """Return every facet that has values; months are left to the years."""
    return tuple(
        _group(facet, counts[facet]) for facet in TITLES if counts.get(facet) and facet != "month"
    )


def _group(facet: str, counts: Mapping[str, int]) -> Group:
    values = list(counts.items())
    if facet in _BY_TIME:
        values.sort(reverse=True)
    shown = 12 if facet in _BY_TIME else SHOWN
    # One more value takes no more room than the line that would hide it.
    shown = len(values) if len(values) == shown + 1 else shown
    return Group(
        facet,
        TITLES[facet],
        tuple(values[:shown]),
        tuple(values[shown:]),
        max(counts.values()),
        len(values) >= COUNTED,
    )
