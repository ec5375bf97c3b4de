"""Advisories of vulnerabilities out of a folder, asked about as OSV is asked.

Each is one file in the form of the Open Source Vulnerability schema, version 1, as JSON or as YAML,
in any folder under the one that is given; a checkout of the Python Packaging Advisory Database, or
of GitHub's, has them so. Whether one names a version is decided as the schema's "Evaluation" says,
in the order of PEP 440: https://ossf.github.io/osv-schema/#evaluation
"""

import json
import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from scripts.support.show import Failed

QUERY: Final = "/v1/query"
_ECOSYSTEM: Final = "PyPI"
_LOWEST: Final = Version("0.dev0")
"""No version of PEP 440 is lower; the schema writes "0" for what is before all versions."""
_FIRST: Final = Version("0")
_RANK: Final = {"fixed": 0, "introduced": 1, "last_affected": 2}
"""At one version what is fixed and introduced again is there; what is introduced may end there."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Range:
    """Versions between events, which are in the order of versions, and below any of the limits."""

    events: tuple[tuple[str, Version], ...]
    limits: tuple[Version, ...]

    def __contains__(self, version: Version) -> bool:
        if self.limits and not any(version < limit for limit in self.limits):
            return False
        inside = False
        for kind, at in self.events:
            if kind == "introduced" and version >= at:
                inside = True
            elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
                inside = False
        return inside


@dataclass(frozen=True)
class Affected:
    """What an advisory says of one package: versions one by one, and ranges of them."""

    package: str
    versions: frozenset[Version]
    ranges: tuple[Range, ...]

    def __contains__(self, version: Version) -> bool:
        # One that names no version at all is let stand for all of them, and not for none.
        if not self.versions and not self.ranges:
            return True
        return version in self.versions or any(version in each for each in self.ranges)

    def sample(self) -> Version | None:
        """Return a version that is affected, of those that are written down; None without one."""
        begins = (at for each in self.ranges for kind, at in each.events if kind == "introduced")
        written = (*sorted(self.versions), *(max(at, _FIRST) for at in begins), _FIRST)
        return next((version for version in written if version in self), None)


@dataclass(frozen=True)
class Advisory:
    """An advisory as it stands in its file, and what it says of packages of PyPI."""

    record: dict[str, Any]
    affected: tuple[Affected, ...]

    def names(self, package: str, version: Version) -> bool:
        """Say whether this version of a package, by its normalised name, is affected."""
        return any(each.package == package and version in each for each in self.affected)


@dataclass(frozen=True)
class Advisories:
    """Those of a folder on some packages, and when the newest of the whole folder was changed."""

    known: tuple[Advisory, ...]
    newest: str

    @property
    def packages(self) -> frozenset[str]:
        """The packages that at least one is about."""
        return frozenset(each.package for advisory in self.known for each in advisory.affected)

    def about(self, package: str, version: Version) -> list[dict[str, Any]]:
        """Return the records that name a version of a package, by its normalised name."""
        return [each.record for each in self.known if each.names(package, version)]

    def samples(self) -> dict[str, tuple[Version, str]]:
        """Return for each package a version that is affected, and the id of an advisory on it."""
        found: dict[str, tuple[Version, str]] = {}
        for advisory in self.known:
            for each in advisory.affected:
                version = each.sample()
                if version is not None:
                    found.setdefault(each.package, (version, advisory.record["id"]))
        return found


def read(folder: Path, packages: Collection[str]) -> Advisories:
    """Read the advisories of a folder on these packages, by their normalised names.

    What is no advisory and what was withdrawn is passed over. `Failed` for a file that cannot be
    read, or an advisory on one of the packages whose versions cannot be told.
    """
    known, newest = [], ""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".json", ".yaml", ".yml") or not path.is_file():
            continue
        record = _record(path)
        if not isinstance(record, dict) or not record.keys() >= {"id", "modified", "affected"}:
            continue
        newest = max(newest, str(record["modified"]))
        if _DATE.match(str(record.get("withdrawn"))):
            continue
        try:
            affected = tuple(_affected(record["affected"], packages))
        except (AttributeError, KeyError, TypeError, InvalidVersion) as error:
            raise Failed(f"{path.name} cannot be judged: {error!r}") from None
        if affected:
            known.append(Advisory(record, affected))
    return Advisories(tuple(known), newest)


@contextmanager
def served(advisories: Advisories) -> Iterator[str]:
    """Answer on loopback as OSV does to one query; gives the address to ask at."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path != QUERY:
                self.send_error(404)
                return
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            package = query["package"]
            found = []
            if package["ecosystem"] == _ECOSYSTEM:
                name = canonicalize_name(package["name"])
                found = advisories.about(name, Version(query["version"]))
            data = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """What is asked is told by who asks."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_address[1]}{QUERY}"
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def _record(path: Path) -> object:
    try:
        text = path.read_text(encoding="utf-8")
        # With the base loader a version such as 1.10 stays what is written and is no number.
        return json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CBaseLoader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Failed(f"{path.name} cannot be read: {type(error).__name__}") from None


def _affected(entries: list[dict[str, Any]], packages: Collection[str]) -> Iterator[Affected]:
    for entry in entries:
        package = entry.get("package") or {}
        name = canonicalize_name(package.get("name", ""))
        if package.get("ecosystem") == _ECOSYSTEM and name in packages:
            ranges = [each for each in entry.get("ranges") or () if each["type"] != "GIT"]
            yield Affected(
                name, frozenset(_versions(entry)), tuple(_range(each["events"]) for each in ranges)
            )


def _versions(entry: dict[str, Any]) -> Iterator[Version]:
    for written in entry.get("versions") or ():
        try:
            yield Version(written)
        except InvalidVersion:
            # One from before PEP 440 is no version that a lock could hold.
            continue


def _range(written: list[dict[str, str]]) -> Range:
    pairs = [pair for event in written for pair in event.items()]
    events = [
        (kind, _LOWEST if (kind, at) == ("introduced", "0") else Version(at))
        for kind, at in pairs
        if kind != "limit"
    ]
    limits = [at for kind, at in pairs if kind == "limit"]
    return Range(
        tuple(sorted(events, key=lambda event: (event[1], _RANK[event[0]]))),
        () if "*" in limits else tuple(map(Version, limits)),
    )
