"""The contract of the bucket port: what every implementation must do, in one suite.

A test class that inherits it provides the fixtures `bucket` (empty) and `clock` (its time). A
bucket that lives by the clock it is given, in a folder or like one, keeps `FolderContract` too.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from archive.bucket import Bucket, LockMode, Retention
from archive.errors import CorruptError, InvalidError, LockedError, NotFoundError
from tests.bucket.doubles import ManualClock, PassingClock

LATER = timedelta(days=30)
MALFORMED = (
    *("", "/a", "a/", "a//b", "../x", "a/../b", ".", "a/.b"),
    *("a b", "a\n", "a\0", "é", "a@", "a\\b", "a:b", "\udc80"),
    *("a" * 201, "/".join(["a" * 100] * 6)),
)


def listed(bucket: Bucket, name: str) -> list[tuple[str, bool]]:
    """The versions of a name, newest first, each with whether it is a delete marker."""
    return [(each.version, each.delete_marker) for each in bucket.versions(name)]


def retention(clock: PassingClock, mode: LockMode = LockMode.GOVERNANCE) -> Retention:
    return Retention(mode, clock.now() + LATER)


class BucketContract:
    SHORT = timedelta(days=30)
    """How long a lock lasts whose end is waited for."""
    MARGIN = timedelta(hours=1)
    """How near to such an end it must still be told from it."""
    PRECISION = timedelta(0)
    """How far the bucket's time may be from the clock's."""

    # Storing and reading

    def test_what_was_put_is_read_in_every_way(self, bucket: Bucket) -> None:
        version = bucket.put("segments/2026/a.seg", b"0123456789")
        for asked in (None, version):
            assert bucket.get("segments/2026/a.seg", version=asked) == b"0123456789"
            assert bucket.get_range("segments/2026/a.seg", 2, 3, version=asked) == b"234"
            assert b"".join(bucket.read("segments/2026/a.seg", version=asked)) == b"0123456789"

    def test_an_empty_object_is_an_object(self, bucket: Bucket) -> None:
        bucket.put("empty", b"")
        assert bucket.get("empty") == b""
        assert list(bucket.read("empty")) == []
        assert bucket.get_range("empty", 0, 0) == b""
        assert bucket.stat("empty").size == 0

    def test_an_iterable_is_stored_as_its_chunks_joined(self, bucket: Bucket) -> None:
        chunks = [bytes([number]) * 700_000 for number in range(5)]
        bucket.put("blobs/large", iter(chunks))
        assert bucket.get("blobs/large") == b"".join(chunks)
        assert max(map(len, bucket.read("blobs/large"))) <= 1 << 20
        assert b"".join(bucket.read("blobs/large")) == b"".join(chunks)

    @pytest.mark.parametrize("error", [RuntimeError("mine"), OSError(5, "mine")])
    def test_an_iterable_that_raises_stores_nothing(self, bucket: Bucket, error: Exception) -> None:
        def chunks() -> Iterator[bytes]:
            yield b"some"
            raise error

        with pytest.raises(type(error)) as raised:
            bucket.put("a", chunks())
        assert raised.value is error
        assert list(bucket.versions("")) == []

    def test_stat_tells_what_is_known(self, bucket: Bucket, clock: PassingClock) -> None:
        wanted = retention(clock)
        version = bucket.put("a", b"12345", retention=wanted, legal_hold=True)
        info = bucket.stat("a")
        assert (info.name, info.version, info.size) == ("a", version, 5)
        assert (info.retention, info.legal_hold) == (wanted, True)
        assert abs(info.created - clock.now()) <= self.PRECISION
        assert bucket.stat("a", version=version) == info

    def test_what_is_not_there_is_not_found(self, bucket: Bucket) -> None:
        bucket.put("a/b", b"x")
        for name, version in (("a", None), ("a/c", None), ("a/b/c", None), ("a/b", "0" * 16)):
            for ask in (bucket.get, bucket.read, bucket.stat):
                with pytest.raises(NotFoundError, match=name):
                    ask(name, version=version)
            with pytest.raises(NotFoundError):
                bucket.get_range(name, 0, 1, version=version)
        for version in ("", "../../a/b", "\udc80", "nonsense"):
            with pytest.raises(NotFoundError):
                bucket.get("a/b", version=version)

    def test_a_range_past_the_end_is_damage(self, bucket: Bucket) -> None:
        bucket.put("a/short", b"0123456789")
        assert bucket.get_range("a/short", 8, 2) == b"89"
        for offset, length in ((8, 3), (10, 1), (99, 1)):
            with pytest.raises(CorruptError, match="a/short"):
                bucket.get_range("a/short", offset, length)
        for offset, length in ((-1, 2), (0, -1)):
            with pytest.raises(InvalidError):
                bucket.get_range("a/short", offset, length)

    def test_what_is_being_read_stays_readable(self, bucket: Bucket) -> None:
        content = bytes(range(256)) * 8192
        version = bucket.put("a", content)
        chunks = bucket.read("a")
        first = next(chunks)
        bucket.put("a", b"new")
        bucket.delete("a", version=version)
        assert first + b"".join(chunks) == content

    # Names

    @pytest.mark.parametrize("name", MALFORMED)
    def test_a_malformed_name_is_refused(self, bucket: Bucket, name: str) -> None:
        with pytest.raises(InvalidError):
            bucket.put(name, b"")
        for ask in (bucket.get, bucket.read, bucket.stat, bucket.delete):
            with pytest.raises(InvalidError):
                ask(name)
        with pytest.raises(InvalidError):
            bucket.get_range(name, 0, 0)
        with pytest.raises(InvalidError):
            bucket.extend_retention(name, "1", Retention(LockMode.GOVERNANCE, bucket.now() + LATER))
        with pytest.raises(InvalidError):
            bucket.set_legal_hold(name, "1", True)

    def test_a_malformed_prefix_is_refused_at_once(self, bucket: Bucket) -> None:
        for prefix in ("/", "..", "a//", "a/../", "a b"):
            with pytest.raises(InvalidError):
                bucket.names(prefix)
            with pytest.raises(InvalidError):
                bucket.versions(prefix)

    def test_names_are_sorted_by_code_points(self, bucket: Bucket) -> None:
        names = ["a-b", "a.b", "a/b", "a/b-", "a/c/d", "a0", "aZ", "B/a", "a=", "log/x001/2.p/5"]
        for name in names:
            bucket.put(name, b"")
        assert list(bucket.names("")) == sorted(names)
        assert [each.name for each in bucket.versions("")] == sorted(names)

    def test_a_prefix_need_not_be_a_folder(self, bucket: Bucket) -> None:
        for name in ("ab/c", "abc", "abd/e", "b"):
            bucket.put(name, b"")
        assert list(bucket.names("ab")) == ["ab/c", "abc", "abd/e"]
        assert list(bucket.names("ab/")) == ["ab/c"]
        assert list(bucket.names("ab/c")) == ["ab/c"]
        assert list(bucket.names("ab/c/")) == []
        assert list(bucket.names("nothing/here")) == []
        assert [each.name for each in bucket.versions("abd/")] == ["abd/e"]

    def test_a_listing_goes_on_after_any_name(self, bucket: Bucket) -> None:
        names = sorted(["a-", "a/1", "a/2", "a/2-", "a/2.p/1", "a0", "b/1"])
        for name in names:
            bucket.put(name, b"")
        for after in [*names, "a/", "a/15", "zz", "A"]:
            assert list(bucket.names("", after=after)) == [name for name in names if name > after]
        assert list(bucket.names("a/", after="a/1")) == ["a/2", "a/2-", "a/2.p/1"]

    # Versions

    def test_putting_again_keeps_both(self, bucket: Bucket) -> None:
        first = bucket.put("a", b"one")
        second = bucket.put("a", b"two")
        third = bucket.put("a", b"two")
        assert listed(bucket, "a") == [(third, False), (second, False), (first, False)]
        assert [each.latest for each in bucket.versions("a")] == [True, False, False]
        assert bucket.get("a") == b"two"
        assert bucket.get("a", version=first) == b"one"
        assert bucket.stat("a", version=first).size == 3
        assert list(bucket.names("")) == ["a"]

    def test_deleting_a_name_hides_it(self, bucket: Bucket) -> None:
        version = bucket.put("a", b"one")
        bucket.delete("a")
        with pytest.raises(NotFoundError):
            bucket.get("a")
        with pytest.raises(NotFoundError):
            bucket.stat("a")
        assert list(bucket.names("")) == []
        assert bucket.get("a", version=version) == b"one"
        (marker, is_marker), kept = listed(bucket, "a")
        assert is_marker
        assert kept == (version, False)
        with pytest.raises(NotFoundError):
            bucket.get("a", version=marker)

    def test_deleting_twice_or_nothing_is_no_error(self, bucket: Bucket) -> None:
        version = bucket.put("a", b"one")
        bucket.delete("a")
        once = listed(bucket, "a")
        bucket.delete("a")
        assert listed(bucket, "a") == once
        bucket.delete("never/there")
        bucket.delete("a", version="never")
        bucket.delete("a", version=version)
        bucket.delete("a", version=version)
        bucket.delete("a/b/c", version=version)
        assert listed(bucket, "a") == once[:1]

    def test_putting_after_deleting_shows_the_new_one(self, bucket: Bucket) -> None:
        first = bucket.put("a", b"one")
        bucket.delete("a")
        second = bucket.put("a", b"two")
        assert bucket.get("a") == b"two"
        assert [marker for _, marker in listed(bucket, "a")] == [False, True, False]
        assert bucket.get("a", version=first) == b"one"
        assert bucket.stat("a").version == second

    def test_removing_a_marker_shows_the_name_again(self, bucket: Bucket) -> None:
        first = bucket.put("a", b"one")
        second = bucket.put("a", b"two")
        bucket.delete("a")
        marker, _ = listed(bucket, "a")[0]
        bucket.delete("a", version=marker)
        assert bucket.get("a") == b"two"
        assert listed(bucket, "a") == [(second, False), (first, False)]

    def test_destroying_the_current_version_shows_the_one_before(self, bucket: Bucket) -> None:
        first = bucket.put("a", b"one")
        second = bucket.put("a", b"two")
        bucket.delete("a", version=second)
        assert bucket.get("a") == b"one"
        assert bucket.stat("a").version == first
        assert listed(bucket, "a") == [(first, False)]

    def test_destroying_down_to_a_marker_hides_the_name(self, bucket: Bucket) -> None:
        first = bucket.put("a", b"one")
        bucket.delete("a")
        second = bucket.put("a", b"two")
        bucket.delete("a", version=second)
        with pytest.raises(NotFoundError):
            bucket.get("a")
        assert [marker for _, marker in listed(bucket, "a")] == [True, False]
        assert bucket.get("a", version=first) == b"one"

    def test_destroying_the_last_version_leaves_nothing(self, bucket: Bucket) -> None:
        for name in ("keys/s/1.keys", "keys/s/2.keys"):
            version = bucket.put(name, b"secret")
            bucket.delete(name, version=version)
        assert list(bucket.versions("")) == []
        assert list(bucket.names("")) == []
        bucket.put("keys/s/1.keys", b"again")
        assert bucket.get("keys/s/1.keys") == b"again"

    def test_versions_of_hidden_names_are_listed_in_order(self, bucket: Bucket) -> None:
        for name in ("b", "a/1", "a-", "c"):
            bucket.put(name, b"")
        bucket.delete("a/1")
        bucket.delete("b")
        assert list(bucket.names("")) == ["a-", "c"]
        found = [(each.name, each.delete_marker, each.latest) for each in bucket.versions("")]
        assert found == [
            ("a-", False, True),
            ("a/1", True, True),
            ("a/1", False, False),
            ("b", True, True),
            ("b", False, False),
            ("c", False, True),
        ]

    # Locks

    @pytest.mark.parametrize("mode", list(LockMode))
    def test_retention_forbids_destroying_until_it_ends(
        self, bucket: Bucket, clock: PassingClock, mode: LockMode
    ) -> None:
        end = clock.now() + self.SHORT
        version = bucket.put("a", b"one", retention=Retention(mode, end))
        clock.wait_until(end - self.MARGIN)
        with pytest.raises(LockedError, match=str(mode)):
            bucket.delete("a", version=version)
        assert bucket.get("a") == b"one"
        clock.wait_until(end)
        bucket.delete("a", version=version)
        assert list(bucket.versions("a")) == []

    def test_a_legal_hold_forbids_destroying_until_it_is_lifted(self, bucket: Bucket) -> None:
        version = bucket.put("a", b"one", legal_hold=True)
        with pytest.raises(LockedError, match="legal hold"):
            bucket.delete("a", version=version)
        bucket.set_legal_hold("a", version, False)
        bucket.set_legal_hold("a", version, True)
        bucket.set_legal_hold("a", version, True)
        with pytest.raises(LockedError):
            bucket.delete("a", version=version)
        bucket.set_legal_hold("a", version, False)
        bucket.set_legal_hold("a", version, False)
        assert not bucket.stat("a").legal_hold
        bucket.delete("a", version=version)
        assert list(bucket.versions("a")) == []

    def test_locks_stay_with_their_version(self, bucket: Bucket, clock: PassingClock) -> None:
        wanted = retention(clock)
        locked = bucket.put("a", b"one", retention=wanted)
        free = bucket.put("a", b"two")
        assert bucket.stat("a").retention is None
        assert bucket.stat("a", version=locked).retention == wanted
        bucket.delete("a")
        for version, marker in listed(bucket, "a"):
            if marker:
                bucket.delete("a", version=version)
        bucket.delete("a", version=free)
        assert bucket.stat("a").retention == wanted
        with pytest.raises(LockedError):
            bucket.delete("a", version=locked)

    def test_a_lock_does_not_hinder_hiding_or_putting(
        self, bucket: Bucket, clock: PassingClock
    ) -> None:
        version = bucket.put("a", b"one", retention=retention(clock), legal_hold=True)
        bucket.delete("a")
        assert list(bucket.names("")) == []
        bucket.put("a", b"two")
        assert bucket.get("a", version=version) == b"one"

    def test_retention_grows_only(self, bucket: Bucket, clock: PassingClock) -> None:
        version = bucket.put("a", b"one")
        short = Retention(LockMode.GOVERNANCE, clock.now() + LATER)
        long = Retention(LockMode.GOVERNANCE, clock.now() + 2 * LATER)
        hard = Retention(LockMode.COMPLIANCE, clock.now() + 2 * LATER)
        for wanted in (short, short, long, hard, hard):
            bucket.extend_retention("a", version, wanted)
            assert bucket.stat("a").retention == wanted
        for refused in (
            long,
            Retention(LockMode.COMPLIANCE, hard.until - timedelta(seconds=1)),
            Retention(LockMode.GOVERNANCE, hard.until + LATER),
        ):
            with pytest.raises(LockedError):
                bucket.extend_retention("a", version, refused)
        assert bucket.stat("a").retention == hard

    def test_retention_that_has_ended_may_be_followed_by_any(
        self, bucket: Bucket, clock: PassingClock
    ) -> None:
        end = clock.now() + self.SHORT
        version = bucket.put("a", b"", retention=Retention(LockMode.GOVERNANCE, end))
        clock.wait_until(end)
        for mode in LockMode:
            wanted = retention(clock, mode)
            bucket.extend_retention("a", version, wanted)
            assert bucket.stat("a").retention == wanted

    def test_retention_must_lie_ahead(self, bucket: Bucket, clock: PassingClock) -> None:
        ended = Retention(LockMode.GOVERNANCE, clock.now())
        with pytest.raises(InvalidError):
            bucket.put("a", b"", retention=ended)
        assert list(bucket.versions("")) == []
        version = bucket.put("a", b"")
        with pytest.raises(InvalidError):
            bucket.extend_retention("a", version, ended)
        with pytest.raises(InvalidError):
            Retention(LockMode.GOVERNANCE, datetime(2999, 1, 1))

    def test_locking_what_is_not_there(self, bucket: Bucket, clock: PassingClock) -> None:
        bucket.put("a", b"")
        bucket.delete("a")
        marker, _ = listed(bucket, "a")[0]
        for name, version in (("b", "1"), ("a", "1"), ("a", marker)):
            with pytest.raises(NotFoundError):
                bucket.extend_retention(name, version, retention(clock))
            with pytest.raises(NotFoundError):
                bucket.set_legal_hold(name, version, True)

    def test_a_hold_and_a_retention_do_not_undo_each_other(
        self, bucket: Bucket, clock: PassingClock
    ) -> None:
        wanted = retention(clock)
        version = bucket.put("a", b"", legal_hold=True)
        bucket.extend_retention("a", version, wanted)
        assert bucket.stat("a").legal_hold
        bucket.set_legal_hold("a", version, False)
        assert bucket.stat("a").retention == wanted
        with pytest.raises(LockedError):
            bucket.delete("a", version=version)

    # Time, place, threads

    def test_the_bucket_tells_its_time_in_utc(self, bucket: Bucket, clock: PassingClock) -> None:
        assert abs(bucket.now() - clock.now()) <= self.PRECISION
        assert bucket.now().tzinfo is UTC

    def test_the_bucket_says_where_it_is(self, bucket: Bucket) -> None:
        assert bucket.describe().partition(":")[0] in ("file", "memory", "s3")

    def test_the_bucket_says_what_it_can(self, bucket: Bucket) -> None:
        assert "It keeps every version of an object." in bucket.check()
        assert list(bucket.versions("")) == []

    def test_threads_lose_nothing_and_see_nothing_halved(self, bucket: Bucket) -> None:
        bodies = [bytes([number]) * 20_000 for number in range(4)]
        bucket.put("shared", bodies[0])
        problems: list[object] = []

        def work(body: bytes) -> None:
            try:
                for number in range(8):
                    bucket.put("shared", body)
                    bucket.put(f"own/{body[0]}/{number}", body)
                    if bucket.get("shared") not in bodies:
                        problems.append("halved")
            except Exception as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(body,)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert len(listed(bucket, "shared")) == 1 + 4 * 8
        assert len(set(listed(bucket, "shared"))) == 1 + 4 * 8
        assert len(list(bucket.names("own/"))) == 4 * 8


class FolderContract(BucketContract):
    def test_an_object_is_no_folder(self, bucket: Bucket) -> None:
        bucket.put("a/b", b"kept")
        for name in ("a", "a/b/c", "a/b/c/d"):
            with pytest.raises(InvalidError):
                bucket.put(name, b"")
        assert list(bucket.names("")) == ["a/b"]
        assert bucket.get("a/b") == b"kept"

    def test_versions_keep_their_order_when_the_clock_goes_back(
        self, bucket: Bucket, clock: ManualClock
    ) -> None:
        first = bucket.put("a", b"one")
        clock.move(hours=-1)
        second = bucket.put("a", b"two")
        bucket.delete("a")
        third = bucket.put("a", b"three")
        assert bucket.get("a") == b"three"
        kept = [version for version, marker in listed(bucket, "a") if not marker]
        assert kept == [third, second, first]

    def test_retention_that_has_ended_may_become_weaker(
        self, bucket: Bucket, clock: ManualClock
    ) -> None:
        version = bucket.put("a", b"", retention=retention(clock, LockMode.COMPLIANCE))
        clock.move(days=31)
        bucket.extend_retention("a", version, retention(clock))
        assert bucket.stat("a").retention == retention(clock)
