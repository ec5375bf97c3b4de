"""Listing the folder bucket in the order of code points over whole names.

A folder is sorted among its siblings with its slash (`a-b` before `a/b`), so a walk that sorts
each folder by itself yields all names in order, holding one folder's entries at each depth.
"""

import heapq
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from archive.bucket.history import VERSIONS


def names(root: Path, prefix: str, after: str) -> Iterator[str]:
    """Yield the names of the plain files: the objects that are visible. Raises `OSError`."""
    return _walk(root, _folder(prefix), prefix, after)


def names_with_history(root: Path, prefix: str) -> Iterator[str]:
    """Yield each name that is visible or has a history, once. Raises `OSError`."""
    merged = heapq.merge(
        _walk(root, _folder(prefix), prefix, ""),
        _walk(root / VERSIONS, _folder(prefix), prefix, ""),
    )
    return (name for name, _ in groupby(merged))


def _folder(prefix: str) -> str:
    return prefix[: prefix.rfind("/") + 1]


def _walk(root: Path, folder: str, prefix: str, after: str) -> Iterator[str]:
    for name in _sorted(root, folder):
        if not name.endswith("/"):
            if name.startswith(prefix) and name > after:
                yield name
        elif (name.startswith(prefix) or prefix.startswith(name)) and (
            name > after or after.startswith(name)
        ):
            yield from _walk(root, name, prefix, after)


def _sorted(root: Path, folder: str) -> list[str]:
    """Return what is in `folder`, sorted: names of objects, and folders with their slash."""
    found = []
    try:
        with os.scandir(root / folder) as items:
            for item in items:
                if item.name.startswith("."):
                    continue  # The bucket's own.
                if item.name.endswith("@"):
                    found.append(folder + item.name[:-1])  # The history of one name.
                else:
                    found.append(folder + item.name + ("/" if item.is_dir() else ""))
    except (FileNotFoundError, NotADirectoryError):
        return []  # Nothing has that prefix, or no longer.
    return sorted(found)
