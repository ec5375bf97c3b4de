"""A shared index is loaded anew only where it changed, and asked only for what is in question."""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.index.asked import Hits
from archive.index.documents import CURRENT, build_document, document_key
from archive.index.searcher import Searcher
from archive.index.shared import SharedIndexReader
from archive.index.storage import Generation, IndexDirectory
from archive.model.interaction import Attachment
from archive.model.record import Record
from archive.model.unreadable import Unreadable
from archive.query.parser import parse
from archive.query.tree import EVERYTHING, Node
from tests.index.test_storage import memory, resolve
from tests.query.samples import record

SCAN = Attachment(filename="scan.pdf", size=1, sha256="bb", part="3", unreadable=Unreadable.NO_TEXT)
EARLY = parse("sent<2001-01-05")

STEPS = st.lists(
    st.sampled_from(["add", "unread", "revise", "erase", "publish", "trail", "search"]),
    max_size=12,
)


def new_directory(home: Path) -> IndexDirectory:
    """Return the index folder of an archive of a test's own, in a shared memory of its own."""
    shared_memory = home / "shared memory"
    shared_memory.mkdir()
    directory = resolve(home, memory(shared_memory))
    assert directory is not None
    return directory


class Leader:
    """Writes an index as the follower does, and publishes when it is told to."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.seq = 0
        self.current: dict[int, Record] = {}
        self._writer = generation.index.writer(15_000_000, 1)

    def do(self, step: str) -> None:
        match step:
            case "add" | "unread":
                self.seq += 1
                files = (SCAN,) if step == "unread" else ()
                new = record(self.seq, text="fee", attachments=files)
                self.current[self.seq] = new
                self._writer.add_document(build_document(new))
            case "revise" if self.current:
                self.seq += 1
                number, older = self.current.popitem()
                self._delete(older)
                self._writer.add_document(build_document(older, until=self.seq))
                newer = record(number, text="fee", version=older.version + 1, seq=self.seq)
                self.current[number] = newer
                self._writer.add_document(build_document(newer))
            case "erase" if self.current:
                self.seq += 1
                self._delete(self.current.popitem()[1])
            case "trail":
                self.seq += 1
            case _:
                return
        if step != "trail":
            self._writer.commit()

    def close(self) -> None:
        self._writer.wait_merging_threads()

    def _delete(self, gone: Record) -> None:
        self._writer.delete_documents_by_term("key", document_key(gone.id, gone.version))


def settle(ids: Sequence[UUID]) -> Iterator[Record]:
    return iter(())


def led(directory: IndexDirectory) -> tuple[Generation, Leader, SharedIndexReader]:
    """Make a current generation; return it with who writes it and who reads it."""
    generation = directory.new_generation()
    generation.make_current()
    return generation, Leader(generation), SharedIndexReader(directory)


def answer(searcher: Searcher, as_of: int, within: Node = EVERYTHING) -> Hits:
    return searcher.search(
        parse("fee"), as_of=as_of, limit=3, settle=settle, within=within, most_hashed=None
    )


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_what_is_read_is_what_an_index_opened_just_now_says(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        generation, leader, reader = led(new_directory(Path(folder)))
        for step in [*steps, "publish", "search"]:
            leader.do(step)
            if step == "publish":
                generation.publish(leader.seq)
            elif step == "search":
                searcher, position = reader.searcher()
                assert position == reader.position()
                fresh = tantivy.Index.open(str(generation.folder))
                fresh.reload()
                # What is there and not published yet, either may have come to.
                stands = {position, position // 2} if position == leader.seq else ()
                for as_of, within in product(stands, (EVERYTHING, EARLY)):
                    there = answer(Searcher(fresh), as_of, within)
                    assert answer(searcher, as_of, within) == there
                    # The second time it may know what it counted before.
                    assert answer(searcher, as_of, within) == there
        leader.close()


def test_what_is_published_is_there_and_what_is_not_may_wait(tmp_path: Path) -> None:
    generation, leader, reader = led(new_directory(tmp_path))
    assert answer(reader.searcher()[0], CURRENT).total == 0
    leader.do("add")
    generation.publish(1)
    searcher, position = reader.searcher()
    assert (answer(searcher, position).total, position) == (1, 1)
    leader.do("erase")
    generation.publish(2)
    assert answer(reader.searcher()[0], 2).total == 0
    # A searcher goes on in what it was given.
    assert answer(searcher, position).total == 1


@pytest.mark.parametrize("step", ["trail", "add"])
def test_an_index_is_loaded_again_only_for_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    generation, leader, reader = led(new_directory(tmp_path))
    leader.do("add")
    generation.publish(leader.seq)
    before = reader.searcher()[0]
    leader.do(step)
    generation.publish(leader.seq)
    after, position = reader.searcher()
    assert position == 2
    assert (before._engine is after._engine) == (step == "trail")


def test_another_generation_of_the_same_name_and_position_is_not_taken_for_the_first(
    tmp_path: Path,
) -> None:
    """A worker that is started anew may have the number of the one before."""
    directory = new_directory(tmp_path)
    first, leader, reader = led(directory)
    leader.do("trail")
    first.publish(1)
    assert answer(reader.searcher()[0], 1).total == 0
    leader.close()
    second = directory.new_generation()
    filled = Leader(second)
    filled.do("add")
    filled.close()
    second.publish(1)
    first.remove()
    second.folder.rename(first.folder)
    searcher, position = reader.searcher()
    assert (answer(searcher, position).total, position) == (1, 1)
