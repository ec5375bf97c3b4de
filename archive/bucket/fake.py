"""A bucket in memory, for tests and for shows that must see a store fail.

It keeps the port's contract to the letter, judges retention by the clock it is given, remembers
every request, and fails on demand in the two ways that a real store does: before the request has
taken effect, and after it, so that only the answer is lost.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Literal, NamedTuple, Self

from archive.bucket.port import Bucket, ObjectInfo, Retention, VersionInfo
from archive.bucket.rules import (
    check_destroyable,
    check_extension,
    check_name,
    check_not_ended,
    check_prefix,
    check_range,
    whole_range,
)
from archive.clock import Clock
from archive.errors import InvalidError, NotFoundError, UnavailableError

Operation = Literal[
    "put",
    "get",
    "get_range",
    "read",
    "stat",
    "names",
    "versions",
    "delete",
    "extend_retention",
    "set_legal_hold",
]

_CHUNK = 1 << 20


class Request(NamedTuple):
    """One call that reached the bucket; for listings `name` is the prefix."""

    operation: Operation
    name: str


@dataclass
class _Fault:
    operation: Operation
    prefix: str
    left: int | None
    kept: bool
    fails: bool
    seconds: float


@dataclass
class _Version:
    version: str
    data: bytes | None
    """None for a delete marker."""
    created: datetime
    retention: Retention | None = None
    legal_hold: bool = False


class FakeBucket(Bucket):
    """An empty bucket in memory. Safe for threads; not shared between processes."""

    def __init__(self, clock: Clock) -> None:
        self.requests: list[Request] = []
        """Every call so far, in order, also those that failed; clear it as you like."""
        self._clock = clock
        self._lock = threading.RLock()
        self._serial = count(1)
        # Of each name its versions and markers, newest first.
        self._objects: dict[str, list[_Version]] = {}
        self._folders: set[str] = set()
        self._faults: list[_Fault] = []

    # Faults and their traces

    def fail(
        self,
        operation: Operation,
        prefix: str = "",
        *,
        times: int | None = 1,
        kept: bool = False,
    ) -> Self:
        """Let the next `times` (None: all) such requests for names with `prefix` fail.

        They raise `UnavailableError`: without any effect, or, with `kept`, after taking effect.
        Faults that fit one request are used up in the order in which they were set.
        """
        self._faults.append(_Fault(operation, prefix, times, kept, True, 0.0))
        return self

    def slow(
        self, operation: Operation, prefix: str = "", *, seconds: float, times: int | None = None
    ) -> Self:
        """Let such requests take `seconds` of the clock longer."""
        self._faults.append(_Fault(operation, prefix, times, True, False, seconds))
        return self

    def heal(self) -> Self:
        """Forget all faults."""
        self._faults.clear()
        return self

    def requested(self, operation: Operation, prefix: str = "") -> list[str]:
        """Return the names that such requests were for, in order."""
        return [
            request.name
            for request in self.requests
            if request.operation == operation and request.name.startswith(prefix)
        ]

    @contextmanager
    def _request(self, operation: Operation, name: str) -> Iterator[None]:
        with self._lock:
            self.requests.append(Request(operation, name))
            faults = self._due(operation, name)
        for fault in faults:
            self._clock.sleep(fault.seconds)
        failing = next((fault for fault in faults if fault.fails), None)
        if failing is None or failing.kept:
            with self._lock:
                yield
        if failing is not None:
            raise UnavailableError(f"The fake bucket was told to fail at {operation} {name}.")

    def _due(self, operation: Operation, name: str) -> list[_Fault]:
        """Return the delays, and the first failure, that are for this request; use them up."""
        due: list[_Fault] = []
        for fault in self._faults:
            fits = fault.operation == operation and name.startswith(fault.prefix)
            spent = fault.left == 0 or (fault.fails and any(other.fails for other in due))
            if fits and not spent:
                due.append(fault)
                if fault.left is not None:
                    fault.left -= 1
        return due

    # The port

    def now(self) -> datetime:
        return self._clock.now()

    def describe(self) -> str:
        return "memory:"

    def check(self) -> tuple[str, ...]:
        return ("It keeps every version of an object.", "It can lock objects.", "It is not kept.")

    def put(
        self,
        name: str,
        data: bytes | Iterable[bytes],
        *,
        retention: Retention | None = None,
        legal_hold: bool = False,
    ) -> str:
        check_name(name)
        check_not_ended(retention, self.now())
        content = data if isinstance(data, bytes) else b"".join(data)
        version = _Version("", content, self.now(), retention, legal_hold)
        with self._request("put", name):
            self._make_folders(name)
            version.version = f"{next(self._serial):016x}"
            self._objects.setdefault(name, []).insert(0, version)
        return version.version

    def get(self, name: str, *, version: str | None = None) -> bytes:
        check_name(name)
        with self._request("get", name):
            return self._find(name, version)[1]

    def get_range(
        self, name: str, offset: int, length: int, *, version: str | None = None
    ) -> bytes:
        check_name(name)
        check_range(offset, length)
        with self._request("get_range", name):
            found = self._find(name, version)[1][offset : offset + length]
            return whole_range(name, offset, length, found)

    def read(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        check_name(name)
        with self._request("read", name):
            content = self._find(name, version)[1]
            return (content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK))

    def stat(self, name: str, *, version: str | None = None) -> ObjectInfo:
        check_name(name)
        with self._request("stat", name):
            found, content = self._find(name, version)
            return ObjectInfo(
                name=name,
                version=found.version,
                size=len(content),
                created=found.created,
                retention=found.retention,
                legal_hold=found.legal_hold,
            )

    def names(self, prefix: str, *, after: str = "") -> Iterator[str]:
        check_prefix(prefix)
        with self._request("names", prefix):
            found = [name for name in self._objects if name.startswith(prefix) and name > after]
            return iter(sorted(name for name in found if self._visible(name)))

    def versions(self, prefix: str) -> Iterator[VersionInfo]:
        check_prefix(prefix)
        with self._request("versions", prefix):
            found = [
                VersionInfo(
                    name=name,
                    version=each.version,
                    size=len(each.data or b""),
                    created=each.created,
                    latest=number == 0,
                    delete_marker=each.data is None,
                )
                for name in sorted(self._objects)
                if name.startswith(prefix)
                for number, each in enumerate(self._objects[name])
            ]
            return iter(found)

    def delete(self, name: str, *, version: str | None = None) -> None:
        check_name(name)
        with self._request("delete", name):
            if version is None:
                self._hide(name)
            else:
                self._destroy(name, version)

    def extend_retention(self, name: str, version: str, retention: Retention) -> None:
        check_name(name)
        with self._request("extend_retention", name):
            found, _ = self._find(name, version)
            check_extension(name, found.retention, retention, self.now())
            found.retention = retention

    def set_legal_hold(self, name: str, version: str, on: bool) -> None:
        check_name(name)
        with self._request("set_legal_hold", name):
            self._find(name, version)[0].legal_hold = on

    # The caller holds the lock.

    def _find(self, name: str, version: str | None) -> tuple[_Version, bytes]:
        versions = self._objects.get(name, [])
        wanted = versions[:1] if version is None else versions
        for each in wanted:
            if each.data is not None and version in (None, each.version):
                return each, each.data
        raise NotFoundError(f"There is no {name} in the bucket.")

    def _visible(self, name: str) -> bool:
        return name in self._objects and self._objects[name][0].data is not None

    def _make_folders(self, name: str) -> None:
        """Refuse what a folder on disk would: a name that is an object and a folder of others."""
        parts = name.split("/")
        folders = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
        if name in self._folders or any(map(self._visible, folders)):
            raise InvalidError(f"{name} cannot be an object and a folder of others.")
        self._folders.update(folders)

    def _hide(self, name: str) -> None:
        if self._visible(name):
            marker = _Version(f"{next(self._serial):016x}", None, self.now())
            self._objects[name].insert(0, marker)

    def _destroy(self, name: str, version: str) -> None:
        versions = self._objects.get(name, [])
        for each in versions:
            if each.version == version:
                check_destroyable(name, each.retention, each.legal_hold, self.now())
                versions.remove(each)
                break
        if not versions:
            self._objects.pop(name, None)
