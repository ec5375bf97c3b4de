"""Partial tiles that nobody needs any more: remembered as they are written, removed later.

A partial tile is needed until the full one is there and a signed checkpoint covers it; a reader
that asks for it a little later takes the full one, as C2SP tlog-tiles says. SQL knows up to which
size none are left, so that after a crash only the tiles since then are looked through.
"""

from collections.abc import Iterator

from archive.bucket.names import LOG_CHECKPOINT, LOG_TILES
from archive.bucket.port import Bucket, VersionInfo
from archive.log.tiles import HEIGHT, WIDTH, Tile

Written = tuple[str, str]
"""The name and the version of an object."""


class Partials:
    """The partial tiles and bundles since the size up to which none are left."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        # By the size at which the full tile is there.
        self._waiting: dict[int, list[Written]] = {}

    def note(self, tile: Tile, name: str, version: str) -> None:
        """Remember an object that was written; full ones stay for ever."""
        if tile.width < WIDTH:
            self._waiting.setdefault(_full_at(tile), []).append((name, version))

    def find(self, tidied: int, size: int) -> None:
        """Remember what stands there of a tree of `size` since it was tidied at `tidied`."""
        level = 0
        while size >> HEIGHT * level:
            first, end = (each >> HEIGHT * (level + 1) for each in (tidied, size))
            for index in range(first, end + 1):
                self._find(Tile(level, index))
            level += 1

    def _find(self, full: Tile) -> None:
        paths = (full.path, full.bundle_path) if full.level == 0 else (full.path,)
        for path in paths:
            found = [
                (each.name, each.version) for each in self._bucket.versions(f"{LOG_TILES}{path}.p/")
            ]
            if found:
                self._waiting.setdefault(_full_at(full), []).extend(found)

    def remove(self, size: int) -> bool:
        """Remove what a tree of this size, which was signed, does not need; say if there was any.

        UnavailableError leaves the rest for another time.
        """
        over = sorted(full_at for full_at in self._waiting if full_at <= size)
        for full_at in over:
            for name, version in self._waiting[full_at]:
                self._bucket.delete(name, version=version)
            del self._waiting[full_at]
        return bool(over)


def _full_at(tile: Tile) -> int:
    return (tile.index + 1) << HEIGHT * (tile.level + 1)


def versions_of_newest(bucket: Bucket) -> Iterator[VersionInfo]:
    """Give the versions of the newest checkpoint's one name, newest first."""
    for each in bucket.versions(LOG_CHECKPOINT):
        # All checkpoints have a name that begins so; this one sorts before the others.
        if each.name != LOG_CHECKPOINT:
            return
        yield each
