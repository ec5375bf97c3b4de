"""Policies for the shows: written, applied, approved by a second person, and judged naively."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.support.home import Home

Period = tuple[int, str]


@dataclass(frozen=True)
class Rule:
    """A policy: a query, how long what it finds is kept at least or at most, and its lock."""

    scope: str
    minimum: Period | None = None
    maximum: Period | None = None
    lock: str = "none"

    def write(self, folder: Path, name: str) -> Path:
        """Write it as YAML, in force at once and without grace."""
        lines = [f"name: {name}", f"scope: '{self.scope}'", "grace: 0d", "delay: 0d"]
        lines.append(f"lock: {self.lock}")
        for field, period in (("minimum", self.minimum), ("maximum", self.maximum)):
            lines += [f"{field}: {period[0]}{period[1]}"] if period else []
        path = folder / f"{name}.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path


def enforce(home: Home, folder: Path, rules: Mapping[str, Rule]) -> None:
    """Bring policies into force; what deletes is approved by a second person."""
    if not any(each["name"] == "Ann" for each in home.told("user", "list")["users"]):
        home.told("user", "add", "Ann", "--role", "compliance-officer")
    token = home.told("token", "create", "Ann")["token"]
    for name, rule in rules.items():
        applied = home.told("policy", "apply", str(rule.write(folder, name)))
        if applied["in_force"] is None:
            home.told("policy", "approve", name, "--by-token", typed=token)


def found(home: Home, query: str) -> dict[str, datetime | None]:
    """Return what a search finds, page by page, with the dates that the mails claim.

    All pages are asked for in this process: where nothing serves, each that starts builds the index
    anew.
    """
    from scripts.support import reading

    with reading.opened(home) as archive:
        results = reading.results(archive, query)
        return {str(each.id): _utc(each.occurred_at) for each in results}


def due(
    rules: Mapping[str, Rule],
    scopes: Mapping[str, Mapping[str, datetime | None]],
    records: Mapping[str, datetime | None],
    captured: datetime,
    at: datetime,
) -> set[str]:
    """Return the records that are due as of a time, as the naive evaluator says."""
    from tests.policies.naive import naive

    going: set[str] = set()
    for id, occurred in records.items():
        policies = [
            {
                "name": name,
                "clock": "occurred",
                "certain": True,
                "grace": (0, "d"),
                "minimum": rule.minimum,
                "maximum": rule.maximum,
            }
            for name, rule in rules.items()
            if id in scopes[name]
        ]
        record = {"occurred": occurred, "captured": captured}
        said: Any = naive(record, policies, (), None, False, at)
        if said["state"] == "due":
            going.add(id)
    return going


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.astimezone(UTC)
