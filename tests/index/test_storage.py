import os
import shutil
from pathlib import Path

import pytest

from archive.errors import ConfigurationError, UnavailableError
from archive.index.documents import build_document
from archive.index.memory import Memory
from archive.index.shared import SharedIndexReader
from archive.index.storage import Generation, IndexDirectory
from archive.query.parser import parse
from tests.query.samples import record

HEADER = "Filename Type Size Used Priority\n"


def memory(tmpfs: Path | None, swaps: str = "", *, alive: bool = True) -> Memory:
    mounts = "/dev/sda1 / ext4 rw 0 0\n"
    if tmpfs is not None:
        escaped = str(tmpfs).replace(" ", "\\040")
        mounts += f"tmpfs {escaped} tmpfs rw 0 0\n"
    return Memory(
        mounts=mounts,
        swaps=HEADER + swaps,
        encrypted_swap=lambda device: "crypt" in device,
        alive=lambda process: alive or process == os.getpid(),
    )


def resolve(home: Path, kernel: Memory, **options: object) -> IndexDirectory | None:
    chosen, shared = options.get("chosen"), options.get("shared_memory")
    return IndexDirectory.resolve(
        home,
        chosen=chosen if isinstance(chosen, Path) else None,
        on_disk_allowed=bool(options.get("on_disk_allowed")),
        memory=kernel,
        shared_memory=shared if isinstance(shared, Path) else home / "shared memory",
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "shared memory").mkdir()
    return tmp_path


def fill(generation: Generation, *numbers: int) -> None:
    writer = generation.index.writer(15_000_000, 1)
    for number in numbers:
        writer.add_document(build_document(record(number, text="fee")))
    writer.commit()
    writer.wait_merging_threads()
    generation.publish(max(numbers))


def total(reader: SharedIndexReader) -> tuple[int, int]:
    searcher, position = reader.searcher()
    hits = searcher.search(parse("fee"), as_of=position, limit=1, settle=lambda ids: iter(()))
    return hits.total, position


def test_the_default_is_a_private_folder_on_tmpfs(home: Path) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None
    assert directory.path.parent == home / "shared memory"
    directory.new_generation()
    assert directory.path.stat().st_mode & 0o777 == 0o700
    again = resolve(home, memory(home / "shared memory"))
    assert again is not None
    assert again.path == directory.path


def test_without_tmpfs_the_index_stays_in_memory(home: Path) -> None:
    assert resolve(home, memory(None)) is None


def test_open_swap_is_refused_and_encrypted_swap_is_not(home: Path) -> None:
    tmpfs = home / "shared memory"
    with pytest.raises(ConfigurationError, match="/dev/sda2"):
        resolve(home, memory(tmpfs, "/dev/crypt1 partition 1 0 -2\n/dev/sda2 partition 1 0 -3\n"))
    assert resolve(home, memory(tmpfs, "/dev/crypt1 partition 1 0 -2\n")) is not None
    assert resolve(home, memory(tmpfs, "/dev/sda2 partition 1 0 -2\n"), on_disk_allowed=True)


def test_a_chosen_folder_on_disk_needs_leave(home: Path) -> None:
    chosen = home / "disk" / "index"
    with pytest.raises(ConfigurationError, match="MUNIMENT_INDEX_ON_DISK"):
        resolve(home, memory(home / "shared memory"), chosen=chosen)
    assert not chosen.exists()
    directory = resolve(home, memory(None), chosen=chosen, on_disk_allowed=True)
    assert directory is not None
    directory.new_generation()
    assert chosen.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_a_link_is_refused(home: Path) -> None:
    elsewhere = home / "shared memory" / "elsewhere"
    elsewhere.mkdir()
    chosen = home / "shared memory" / "index"
    chosen.symlink_to(elsewhere)
    with pytest.raises(ConfigurationError, match="somebody else"):
        resolve(home, memory(home / "shared memory"), chosen=chosen)


def test_readers_follow_commits_and_generations(home: Path) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None
    reader = SharedIndexReader(directory)
    with pytest.raises(UnavailableError):
        reader.searcher()
    with pytest.raises(UnavailableError):
        reader.position()

    first = directory.new_generation()
    first.make_current()
    assert total(reader) == (0, 0)
    fill(first, 1, 2)
    assert total(reader) == (2, 2)

    second = directory.new_generation()
    fill(second, 1, 2, 3)
    assert total(reader) == (2, 2)
    second.make_current()
    assert total(reader) == (3, 3)
    assert reader.position() == 3
    assert not first.folder.exists()


def test_what_was_never_finished_is_removed_but_for_the_current_one(home: Path) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None
    current = directory.new_generation()
    current.make_current()
    (directory.path / "gen-999999-1").mkdir()
    (directory.path / f"gen-{os.getpid()}-77").mkdir()
    (directory.path / "keep-me").mkdir()
    after_crash = resolve(home, memory(home / "shared memory", alive=False))
    assert after_crash is not None
    new = after_crash.new_generation()
    assert not (directory.path / "gen-999999-1").exists()
    assert not (directory.path / f"gen-{os.getpid()}-77").exists()
    assert (directory.path / "keep-me").exists()
    assert current.folder.exists()
    assert new.folder != current.folder


def test_no_index_outlives_a_leader_that_stops(home: Path) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None
    directory.new_generation().make_current()
    reader = SharedIndexReader(directory)
    assert total(reader) == (0, 0)
    directory.remove()
    assert [path.name for path in directory.path.iterdir()] == ["users.lock"]
    with pytest.raises(UnavailableError):
        reader.searcher()


def test_an_index_goes_though_the_library_locks_it_meanwhile(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None
    generation = directory.new_generation()
    generation.make_current()
    remove, locked = shutil.rmtree, list[Path]()

    def locking(folder: Path, *, ignore_errors: bool) -> None:
        remove(folder, ignore_errors=ignore_errors)
        if folder == generation.folder and not locked:
            folder.mkdir()
            lock = folder / ".tantivy-meta.lock"
            lock.touch()
            locked.append(lock)

    monkeypatch.setattr(shutil, "rmtree", locking)
    directory.remove()
    assert locked
    assert not directory.path.exists()


def test_a_leader_that_nobody_reads_from_leaves_nothing(home: Path) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None
    directory.new_generation().make_current()
    directory.remove()
    assert not directory.path.exists()
    directory.new_generation().make_current()
    assert total(SharedIndexReader(directory)) == (0, 0)
    directory.remove()


def test_folders_that_killed_services_left_are_removed_and_others_are_not(home: Path) -> None:
    kernel = memory(home / "shared memory", alive=False)
    abandoned, read, filled, own = (
        resolve(home / name, kernel, shared_memory=home / "shared memory")
        for name in ("abandoned", "read", "filled", "own")
    )
    assert abandoned and read and filled and own
    (abandoned.path / "gen-999999-1").mkdir(parents=True)
    (filled.path / f"gen-{os.getpid()}-1").mkdir(parents=True)
    (home / "shared memory" / "somebody-else").mkdir()
    read.new_generation().make_current()
    reader = SharedIndexReader(read)
    assert total(reader) == (0, 0)
    # The leader dies, and its reader lives on.
    read._presence.leave()
    (read.path / f"gen-{os.getpid()}-1").rename(read.path / "gen-999999-1")
    own.new_generation()
    own.remove_abandoned()
    left = {path.name for path in (home / "shared memory").iterdir()}
    assert left == {read.path.name, filled.path.name, own.path.name, "somebody-else"}
    reader._presence.leave()
    own.remove_abandoned()
    assert not read.path.exists()


def test_a_process_alone_has_a_folder_that_is_removed_like_any(home: Path) -> None:
    kernel = memory(home / "shared memory", alive=False)
    shared = resolve(home, kernel)
    assert shared is not None
    one, other = shared.apart(), shared.apart()
    assert one and other and len({shared.path, one.path, other.path}) == 3
    one.remove()  # It was never made.
    other.new_generation()
    one.remove_abandoned()
    assert other.path.exists()
    # The process is killed.
    other._presence.leave()
    (other.path / f"gen-{os.getpid()}-1").rename(other.path / "gen-999999-1")
    one.remove_abandoned()
    assert list((home / "shared memory").iterdir()) == []


def test_beside_a_chosen_folder_nothing_is_left_to_be_found(home: Path) -> None:
    chosen = resolve(home, memory(None), chosen=home / "index", on_disk_allowed=True)
    assert chosen is not None and chosen.apart() is None


def test_notes_are_of_the_current_generation(home: Path) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None
    reader = SharedIndexReader(directory)
    assert reader.notes() == ()
    first = directory.new_generation()
    first.tell(["It was built.", "It is well."])
    first.make_current()
    assert reader.notes() == ("It was built.", "It is well.")
    first.tell([])
    assert reader.notes() == ()


def test_files_that_are_no_index_leave_nothing(home: Path) -> None:
    directory = resolve(home, memory(home / "shared memory"))
    assert directory is not None

    def fill(folder: Path) -> None:
        (folder / "meta.json").write_text("{}")

    with pytest.raises(UnavailableError):
        directory.new_generation(fill)
    assert [path.name for path in directory.path.iterdir()] == ["users.lock"]


def test_two_archives_may_choose_one_folder(home: Path) -> None:
    one, other = (
        resolve(home / name, memory(None), chosen=home / "index", on_disk_allowed=True)
        for name in ("one", "other")
    )
    assert one is not None and other is not None
    generations = [each.new_generation() for each in (one, other)]
    assert one.path != other.path
    assert {each.folder.parent for each in generations} == {one.path, other.path}
