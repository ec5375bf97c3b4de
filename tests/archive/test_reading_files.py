"""What an import's reader does with files that nobody has looked into before."""

from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest

from archive.capture.batches import Plan, Rejected, Tally, capture_batch
from archive.capture.prepare import Sender
from archive.capture.slices import UNTOLD, Slice, find, items
from archive.capture.workers import WorkerPool
from archive.opening import Archive
from tests.archive import house

MAIL = b"Message-ID: <%d@example.com>\nFrom: ann@example.com\nSubject: Tender\n\nNumber %d.\n"
FROM_LINE = b"From ann@example.com Wed May  1 09:00:00 2024\n"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    house.create(tmp_path)
    with house.opened(tmp_path) as opened:
        yield opened


def untold(path: Path, content: bytes, *, length: int | None = None) -> Slice:
    path.write_bytes(content)
    return Slice(path.name, str(path), UNTOLD, 0, length or len(content), "")


def captured(archive: Archive, *slices: Slice) -> Tally:
    return capture_batch(archive.intake, Plan("files", Sender("local")), slices)


def test_a_file_of_many_items_gives_each_of_them(archive: Archive, tmp_path: Path) -> None:
    mailbox = b"".join(FROM_LINE + MAIL % (n, n) + b"\n" for n in range(3))
    tally = captured(
        archive, untold(tmp_path / "box", mailbox), untold(tmp_path / "one", MAIL % (7, 7))
    )
    assert (tally.archived, tally.rejected, tally.slices) == (4, [], 2)


def test_what_is_not_recognised_is_listed(archive: Archive, tmp_path: Path) -> None:
    tally = captured(archive, untold(tmp_path / "x", b"\x00\x01\x02"))
    reason = "The file is not recognised; no format claims what it holds."
    assert tally.rejected == [Rejected("x", "", reason)]


def test_a_file_that_became_shorter_stops_nobody(archive: Archive, tmp_path: Path) -> None:
    """A file may change between being found and being read."""
    shorter = untold(tmp_path / "gone", MAIL % (1, 1), length=10_000)
    tally = captured(archive, shorter, untold(tmp_path / "there", MAIL % (2, 2)))
    assert tally.archived == 1
    assert [each.path for each in tally.rejected] == ["gone"]
    assert "changed while it was being read" in tally.rejected[0].reason


def test_readers_end_in_peace_when_the_import_is_stopped(archive: Archive) -> None:
    with WorkerPool(archive, Plan("files", Sender("local")), 2):
        # Stopped before they have said that they are ready.
        readers = [each for each in active_children() if each.exitcode is None]
    assert [each.exitcode for each in readers] == [0, 0]


def test_an_item_of_a_file_is_not_cut_again(tmp_path: Path) -> None:
    """A batch whose reader died is taken apart, and may hold some of a mailbox's items."""
    box = tmp_path / "box"
    box.write_bytes(b"".join(FROM_LINE + MAIL % (n, n) + b"\n" for n in range(3)))
    found = list(find([box], None))
    assert [each.item for each in found] == ["#1", "#2", "#3"]
    assert [list(items(each)) for each in found] == [[each] for each in found]
