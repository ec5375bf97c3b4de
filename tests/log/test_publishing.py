"""The log as it is written: which objects, in which order, and what stands after every failure."""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.bucket import open_bucket
from archive.bucket.fake import FakeBucket
from archive.bucket.names import segment_name
from archive.clock import SystemClock
from archive.errors import (
    ConfigurationError,
    ConflictError,
    CorruptError,
    MunimentError,
    UnavailableError,
)
from archive.leadership import DeposedError
from archive.log.publisher import TIDY_SECONDS
from scripts.support.ceph import Gateway
from tests.log.checking import check_log
from tests.log.log_house import House, house_in, persist


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path) as opened:
        yield opened


@pytest.fixture
def each_house(tmp_path: Path, each_database: str | None) -> Iterator[House]:
    with house_in(tmp_path, each_database) as opened:
        yield opened


def tiles(names: list[str]) -> list[str]:
    return [name.removeprefix("log/tile/") for name in names if name.startswith("log/tile/")]


def test_a_checkpoint_is_these_objects_in_this_order(each_house: House) -> None:
    house, publisher = each_house, each_house.publisher()
    house.commit(300)
    house.puts()
    assert publisher.step() == 300
    names = house.puts()
    assert names[0] == "log/vkey"
    assert tiles(names) == [
        *("0/000", "0/001.p/44", "1/000.p/1"),
        *("entries/000", "entries/001.p/44"),
    ]
    assert names[-2].startswith("log/checkpoints/300-") and names[-1] == "log/checkpoint"
    assert len(names) == 8
    house.commit(1)
    house.fake.requests.clear()
    assert publisher.step() == 1 and publisher.step() == 0
    assert [request.operation for request in house.fake.requests] == ["stat", *["put"] * 4]
    assert tiles(house.puts()) == ["0/001.p/45", "entries/001.p/45"]
    house.check(301)


def test_a_full_tree_has_no_partial_tile_below(house: House) -> None:
    house.commit(256)
    house.publisher().step()
    assert tiles(house.puts()) == ["0/000", "1/000.p/1", "entries/000"]
    house.check(256)


def test_the_log_is_empty_before_the_first_event(house: House) -> None:
    assert house.publisher().step() == 0
    assert list(house.bucket.names("log/check")) == [] and house.head.read() is None


def test_a_new_leader_goes_on_where_the_last_one_stood(each_house: House) -> None:
    for count in (1, 255, 1, 300, 700, 3):
        each_house.commit(count)
        assert each_house.publisher().step() == count
        each_house.check(each_house.pointers.last_seq())
    assert each_house.publisher().step() == 0


def test_much_that_waits_goes_under_several_checkpoints(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.log.publisher.MOST_ENTRIES", 512)
    house.commit(1_500)
    publisher = house.publisher()
    assert [publisher.step() for _ in range(4)] == [512, 512, 476, 0]
    house.check(1_500)


WRITES = ("log/tile/0/", "log/tile/1/", "log/tile/entries/", "log/checkpoints/")


@pytest.mark.parametrize("restarted", [False, True], ids=["goes on", "restarted"])
@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept"])
@pytest.mark.parametrize("prefix", [*WRITES, "log/vkey"])
def test_a_write_that_fails(house: House, prefix: str, kept: bool, restarted: bool) -> None:
    publisher = house.publisher()
    if prefix != "log/vkey":
        house.commit(250)
        publisher.step()
    house.commit(300)
    house.fake.fail("put", prefix, kept=kept)
    with pytest.raises(UnavailableError):
        publisher.step()
    if prefix != "log/vkey":
        check_log(house.objects(), settled=False)
    if restarted:
        publisher = house.publisher()
    persist(publisher.step)
    house.commit(1)
    persist(publisher.step)
    house.check(house.pointers.last_seq())


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_swap_in_sql_that_fails(
    each_house: House, kept: bool, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, left = each_house, times
    house.commit(10)
    house.publisher().step()
    swap = house.head.swap

    def failing(old: Any, new: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            if kept:
                swap(old, new)
            raise UnavailableError("The test's database failed.")
        swap(old, new)

    monkeypatch.setattr(house.head, "swap", failing)
    house.commit(500)
    publisher = house.publisher()
    with pytest.raises(UnavailableError):
        publisher.step()
    assert len(check_log(house.objects())) == 10, "nothing may be signed before SQL has it"
    persist(publisher.step)
    house.check(510)


class Killed(BaseException):
    """The process is gone."""


def test_killed_before_and_after_any_request(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.commit(200)
    house.publisher().step()
    request, left = FakeBucket._request, [0]

    def counted(self: FakeBucket, operation: Any, name: str) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return request(self, operation, name)

    monkeypatch.setattr(FakeBucket, "_request", counted)
    for place in range(1, 30):
        left[0] = 0
        house.commit(60)
        left[0] = place
        with suppress(Killed):
            house.publisher().step()
        left[0] = 0
        check_log(house.objects(), settled=False)
        if place % 3 == 0:
            persist(house.publisher().step)
            house.check(house.pointers.last_seq())
    persist(house.publisher().step)
    house.check(house.pointers.last_seq())


def test_a_deposed_leader_signs_nothing(each_house: House) -> None:
    publisher = each_house.publisher()
    each_house.commit(5)
    publisher.step()
    each_house.commit(5)
    each_house.leads = False
    with pytest.raises(DeposedError):
        publisher.step()
    each_house.check(5)
    each_house.leads = True
    persist(publisher.step)
    each_house.check(10)


def test_of_two_that_think_that_they_lead_one_signs(each_house: House) -> None:
    one, two = each_house.publisher(), each_house.publisher()
    each_house.commit(5)
    one.step()
    two.step()
    each_house.commit(5)
    assert one.step() == 5
    each_house.commit(5)
    with pytest.raises(ConflictError):
        two.step()
    each_house.check(10)
    persist(two.step)
    persist(one.step)
    each_house.check(15)


@pytest.mark.parametrize("known", [10, 300, 600])
def test_sql_that_knows_less_takes_over_what_the_bucket_has(each_house: House, known: int) -> None:
    """As after a rebuild (it knows nothing), or with an older copy of the catalog."""
    house, publisher = each_house, each_house.publisher()
    rows = {}
    for count in (10, 290, 300, 45):
        house.commit(count)
        publisher.step()
        rows[house.pointers.last_seq()] = house.head.read()
    older = rows[known]
    assert older is not None
    house.forget_head()
    if known > 10:
        house.leads = True
        house.head.swap(None, publisher._checkpoint(older.size, older.root))
    house.commit(5)
    persist(house.publisher().step)
    house.check(650)


def test_the_largest_of_all_checkpoints_is_taken_over(house: House) -> None:
    house.commit(9)
    publisher = house.publisher()
    publisher.step()
    older = house.bucket.get("log/checkpoint")
    house.commit(2)
    publisher.step()
    house.bucket.put("log/checkpoint", older)
    for name in (f"log/checkpoints/99-{bytes(32).hex()}", "log/checkpoints/notes.txt"):
        # Nobody signed the one, and the other is no checkpoint.
        house.bucket.put(name, older.replace(b"\n9\n", b"\n99\n"))
    house.forget_head()
    assert house.publisher().step() == 0
    assert house.reader.newest().checkpoint.size == 11 == house.head.position()


def test_a_fork_stops_the_log(house: House) -> None:
    house.commit(9)
    publisher = house.publisher()
    publisher.step()
    fork = publisher._checkpoint(9, bytes(32))
    house.bucket.put(f"log/checkpoints/9-{bytes(32).hex()}", fork.sign(publisher._signer).encode())
    house.forget_head()
    with pytest.raises(CorruptError, match="fork"):
        house.publisher().step()


def test_other_events_than_were_signed_stop_the_log(tmp_path: Path) -> None:
    """An older database was put back, and written to."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with house_in(tmp_path / "one") as one, house_in(tmp_path / "two") as two:
        one.commit(300)
        one.publisher().step()
        two.keyring, two.bucket, two.head = one.keyring, one.bucket, one.head
        two.commit(200)
        with pytest.raises(ConfigurationError, match="event 200, and the log at 300"):
            two.publisher().step()
        two.commit(200)
        before = list(one.bucket.names("log/checkpoints/"))
        for _ in range(2):
            with pytest.raises(CorruptError, match="do not lead to the root"):
                two.publisher().step()
        assert list(one.bucket.names("log/checkpoints/")) == before
        two.publisher().note_stopped()
        assert "stopped" in one.head.notes()[0]
        one.commit(1)
        assert one.publisher().step() == 1 and one.head.notes() == ()


def test_a_running_log_meets_a_database_that_went_back(house: House) -> None:
    house.commit(20)
    publisher = house.publisher()
    publisher.step()
    house.pointers.last_seq = lambda: 15  # type: ignore[method-assign]  # As after a restore.
    with pytest.raises(ConfigurationError, match="older copy"):
        publisher.step()


def test_damaged_tiles_do_not_stop_the_log(house: House) -> None:
    house.commit(700)
    house.publisher().step()
    house.bucket.put("log/tile/1/000.p/2", b"x" * 64)
    house.commit(100)
    assert house.publisher().step() == 100
    house.check(800)


def test_what_is_not_acknowledged_is_not_in_the_log(house: House) -> None:
    house.commit(5)
    house.fake.fail("put", "commits/", times=None)
    with pytest.raises(MunimentError):
        house.commit(5)
    publisher = house.publisher()
    assert publisher.step() == 5 and publisher.step() == 0
    house.check(5)
    house.fake.heal()
    house.engine.recover()
    assert publisher.step() == 5
    house.check(10)


def test_a_frame_that_cannot_be_read_does_not_stop_the_log(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pointers that were rebuilt do not know the digests of their frames."""
    select = house.pointers.select_pointers_from
    digests = []
    for _ in range(3):
        house.commit(100)
    rows = select(1, 300)
    digests = [row.pointer.digest for row in rows]
    lost, changed = rows[100].pointer.segment_id, rows[250].pointer
    house.bucket.delete(segment_name(lost))
    whole = house.bucket.get(segment_name(changed.segment_id))
    at = changed.offset + 5
    other = bytes([whole[at] ^ 1])
    house.bucket.put(segment_name(changed.segment_id), whole[:at] + other + whole[at + 1 :])

    def rebuilt(*arguments: Any, **named: Any) -> Any:
        return [without_digest(row) for row in select(*arguments, **named)]

    monkeypatch.setattr(house.pointers, "select_pointers_from", rebuilt)
    assert house.publisher().step() == 300
    unknown = [n for n, entry in enumerate(check_log(house.objects())) if entry[17:] == bytes(32)]
    assert unknown == [*range(100, 200), 250]
    entries = check_log(house.objects())
    assert entries[0][17:] == digests[0] and entries[299][17:] == digests[299]


def without_digest(row: Any) -> Any:
    return row._replace(pointer=row.pointer._replace(digest=None))


def test_partial_tiles_go_a_while_after_the_full_one_came(each_house: House) -> None:
    house, publisher = each_house, each_house.publisher()

    def partials() -> list[str]:
        return [name for name in tiles(list(house.bucket.names("log/tile/"))) if ".p/" in name]

    for count in (100, 100, 100):
        house.commit(count)
        publisher.step()
    assert len(partials()) == 7
    house.clock.later += TIDY_SECONDS
    publisher.step()
    assert len(partials()) == 7, "those who have the last checkpoint may still read them"
    publisher = house.publisher()
    publisher.step()
    house.clock.later += TIDY_SECONDS
    publisher.step()
    assert partials() == ["0/001.p/44", "1/000.p/1", "entries/001.p/44"]
    house.check(300)
    assert len([each for each in house.bucket.versions("log/tile/") if ".p/" in each.name]) == 3
    publisher.step()
    house.fake.requests.clear()
    house.clock.later += TIDY_SECONDS
    publisher.step()
    assert not house.fake.requested("delete"), "there is nothing left to do"


def test_older_versions_of_the_newest_checkpoint_go(house: House) -> None:
    publisher = house.publisher()
    for _ in range(5):
        house.commit(1)
        publisher.step()
    late = house.bucket.get("log/checkpoint")
    house.commit(1)
    publisher.step()
    house.bucket.put("log/checkpoint", late)
    house.clock.later += TIDY_SECONDS
    house.fake.fail("delete", times=1)
    with pytest.raises(UnavailableError):
        publisher.step()
    house.commit(1)
    publisher.step()
    house.commit(1)
    house.clock.later += TIDY_SECONDS
    publisher.step()
    versions = [each for each in house.bucket.versions("log/") if each.name == "log/checkpoint"]
    assert len(versions) == 1
    house.check(8)


def test_numbers_without_an_event_do_not_stop_the_log(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebuilt without events whose commit record was lost: some under a checkpoint, some not."""
    house.commit(280)
    house.publisher().step()
    house.commit(20)
    select = house.pointers.select_pointers_from
    lost = {*range(100, 110), 270, 290}

    def incomplete(*arguments: Any, **named: Any) -> Any:
        return [without_digest(row) for row in select(*arguments, **named) if row.seq not in lost]

    digests = [row.pointer.digest for row in select(1, 300)]
    monkeypatch.setattr(house.pointers, "select_pointers_from", incomplete)
    house.forget_head()
    assert house.publisher().step() == 20
    entries = check_log(house.objects())
    digests[289] = bytes(32)
    assert [entry[17:] for entry in entries] == digests
    tile = house.bucket.get("log/tile/0/001.p/44")
    assert tile[33 * 32 : 34 * 32] == sha256(b"\0" + entries[289]).digest()
    house.commit(1)
    assert house.publisher().step() == 1
    check_log(house.objects())


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept"])
def test_where_calls_are_better_made_at_once(house: House, kept: bool) -> None:
    house.bucket.at_once = 4
    house.commit(700)
    publisher = house.publisher()
    house.fake.fail("put", "log/tile/0/001", kept=kept)
    with pytest.raises(UnavailableError):
        publisher.step()
    assert not list(house.bucket.names("log/checkpoint"))
    persist(publisher.step)
    assert house.puts()[-1] == "log/checkpoint"
    house.check(700)


@pytest.mark.servers
def test_the_log_stands_on_a_real_server(tmp_path: Path, s3: Gateway) -> None:
    s3.make_bucket("log")
    bucket = open_bucket("s3://log", SystemClock(), endpoint=s3.endpoint)
    with house_in(tmp_path, bucket=bucket) as house:
        publisher = house.publisher()
        for count in (100, 250, 450, 1):
            house.commit(count)
            assert publisher.step() == count
            house.check(house.pointers.last_seq())
        house.publisher().step()
        for _ in range(2):
            house.clock.later += TIDY_SECONDS
            publisher.step()
        house.check(801)
        names = list(bucket.names("log/tile/"))
        assert [name for name in names if ".p/" in name] == [
            *("log/tile/0/003.p/32", "log/tile/0/003.p/33", "log/tile/1/000.p/1"),
            *("log/tile/1/000.p/3", "log/tile/entries/003.p/32", "log/tile/entries/003.p/33"),
        ]
        assert len([v for v in bucket.versions("log/checkpoint") if v.name[-1] == "t"]) == 1


def test_a_tile_that_was_restored_is_believed_again(house: House) -> None:
    house.commit(300)
    house.publisher().step()
    newest, name = house.reader.newest(), "log/tile/0/000"
    right = house.bucket.get(name)
    house.bucket.put(name, right[:32] + bytes(32) + right[64:])
    for prove in (
        lambda: house.reader.inclusion(0, newest),
        lambda: house.reader.consistency(1, 2),
    ):
        with pytest.raises(CorruptError):
            prove()
    house.bucket.put(name, right)
    assert house.reader.inclusion(0, newest).leaf == right[:32]
    assert house.reader.consistency(1, 2) == [right[32:64]]
