"""Rotating, shredding, erasing and committing at once: no destroyed key comes back, and no other
is lost.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from archive.bucket.fake import FakeBucket
from archive.bucket.names import keyring_name, parse_keys_name
from archive.erasing.keyring_writer import Change, KeyringWriter
from archive.erasing.shredder import Shredder
from archive.errors import ConfigurationError, ConflictError, MunimentError
from archive.events.pointers import PointerRow
from archive.index.snapshots import SnapshotStore
from archive.keyrings import keyring_numbers, read_in_force, read_newest, settle
from archive.sealing.held import HeldKeyring
from archive.sealing.kek import EnvironmentKek, Kek, key_text
from archive.sealing.keyring import Keyring, open_keyring, seal_keyring
from archive.sealing.keys import open_keys
from tests.erasing.house import (
    WHO,
    Fate,
    Host,
    Killed,
    QuickClock,
    TrippingBucket,
    Url,
    host,
    plain,
    readable,
)

ROTATED = Change("rotated", "local")


def kek(number: int) -> Kek:
    return EnvironmentKek("K", {"K": key_text(bytes([number]) * 32)})


def quiet(_doing: str, _done: int) -> None:
    pass


@dataclass
class Keeper:
    """A process that has opened the archive with a KEK, and changes its keys."""

    host: Host
    writer: KeyringWriter
    shredder: Shredder

    @property
    def held(self) -> HeldKeyring:
        return self.host.keyring


class House:
    """An archive in a fake bucket whose KEK everybody is told; `kek` opens it now."""

    def __init__(self, folder: Path, url: Url = None, bucket: FakeBucket | None = None) -> None:
        self.folder, self.url = folder, url
        self.clock = QuickClock()
        self.bucket = bucket or FakeBucket(self.clock)
        self.kek = kek(1)
        self.used = 1
        first = Keyring.generate(self.clock.uuid7(), self.clock)
        self.bucket.put(keyring_name(1), seal_keyring(first, [self.kek], self.clock))

    def keeper(self) -> Keeper:
        found = read_newest(self.bucket, self.kek)
        # SQL must be there before it can be asked which keyring is in force.
        held = HeldKeyring(found)
        made = host(self.folder, self.url, bucket=self.bucket, held=held)
        pointers = made.pointers
        held._current = settle(pointers, self.bucket, self.kek, found)
        held._read = lambda: read_in_force(pointers, self.bucket, self.kek)
        writer = KeyringWriter(pointers, self.bucket, held, made.committer, self.clock)
        shredder = Shredder(
            custody=pointers,
            bucket=self.bucket,
            keyring=held,
            key_objects=made.key_objects,
            writer=writer,
            snapshots=SnapshotStore(self.bucket, held, self.clock),
        )
        return Keeper(made, writer, shredder)

    def rotate(self, keeper: Keeper) -> None:
        self.used += 1
        new = kek(self.used)
        keeper.writer.write(ROTATED, [new])
        self.kek = new
        keeper.writer.destroy_older()

    def shred(self, keeper: Keeper) -> None:
        self.used += 1
        new = kek(self.used)
        stale = frozenset(keeper.held.current.epochs)
        shred(keeper, stale, self.kek, new)
        self.kek = new

    def keyrings(self) -> list[Keyring]:
        """Every keyring in any version in the bucket that any KEK opens that there ever was."""
        found: list[Keyring] = []
        for each in self.bucket.versions("keyring/"):
            if not each.delete_marker:
                data = self.bucket.get(each.name, version=each.version)
                for number in range(1, self.used + 1):
                    with suppress(ConfigurationError):
                        found.append(open_keyring(data, kek(number)))
        return found


def shred(keeper: Keeper, stale: frozenset[int], before: Kek, after: Kek) -> None:
    keeper.shredder.shred(stale, actor="local", before=[before], after=[after], progress=quiet)


def test_a_running_process_goes_on_after_a_rotation(tmp_path: Path, each_database: Url) -> None:
    house = House(tmp_path, each_database)
    one, two = house.keeper(), house.keeper()
    before = two.host.commit(plain())
    house.rotate(one)
    after = two.host.commit(plain())
    assert two.held.current.number == 2
    assert one.host.states(before + after) == two.host.states(before + after)
    assert keyring_numbers(house.bucket) == [2]
    with pytest.raises(ConfigurationError):
        read_newest(house.bucket, kek(1))
    for keeper in (one, two):
        keeper.host.close()


def test_of_two_rotations_the_later_claim_wins(tmp_path: Path, each_database: Url) -> None:
    house = House(tmp_path, each_database)
    one, two = house.keeper(), house.keeper()
    claim = one.host.pointers.claim_keyring(1)
    house.rotate(two)
    assert not one.host.pointers.put_in_force(claim.claimed)
    assert one.host.pointers.keyring_state().in_force == two.held.current.number
    for keeper in (one, two):
        keeper.host.close()


def test_a_writer_that_was_held_up_withdraws_its_keyring(
    tmp_path: Path, each_database: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path, each_database)
    one, two = house.keeper(), house.keeper()
    put = house.bucket.put

    def late(name, data, **locks):
        monkeypatch.undo()
        house.shred(two)
        return put(name, data, **locks)

    monkeypatch.setattr(house.bucket, "put", late)
    with pytest.raises(ConflictError):
        one.writer.write(ROTATED, [kek(9)])
    two.writer.destroy_older()
    assert keyring_numbers(house.bucket) == [two.held.current.number]
    assert all(1 not in keyring.epochs for keyring in house.keyrings())
    for keeper in (one, two):
        keeper.host.close()


def test_an_older_copy_with_the_new_kek_gives_nothing_up(
    tmp_path: Path, each_database: Url
) -> None:
    house = House(tmp_path, each_database)
    keeper = house.keeper()
    rows = keeper.host.commit(plain(), plain())
    old = {
        (each.name, each.version): house.bucket.get(each.name, version=each.version)
        for each in house.bucket.versions("")
    }
    keeper.host.eraser.erase(rows[:1], **WHO)
    # Erased alone, the older copy and today's keyring open it together.
    assert opens(old, rows[0], keeper.held.current)
    keeper.host.commit(plain())
    house.shred(keeper)
    newest = read_newest(house.bucket, house.kek)
    assert not opens(old, rows[0], newest)
    for (name, _), data in old.items():
        if name.startswith("keyring/"):
            with pytest.raises(ConfigurationError):
                open_keyring(data, house.kek)
    assert keeper.host.states(rows) == ["ErasedEvent", "OpenedEvent"]
    keeper.host.close()


def opens(copy: dict[tuple[str, str], bytes], row: PointerRow, keyring: Keyring) -> bool:
    bucket = FakeBucket(QuickClock())
    for (name, _), data in copy.items():
        bucket.put(name, data)
    return readable(bucket, row, keyring)


def run_into(fate: Fate, number: int, folder: Path, what: str) -> bool:
    """Rotate or shred while the bucket fails at a request; False when none failed any more."""
    bucket = TrippingBucket(QuickClock())
    house = House(folder, bucket=bucket)
    keeper = house.keeper()
    rows = keeper.host.commit(plain(), plain()) + keeper.host.commit(plain())
    keeper.host.eraser.erase(rows[:1], **WHO)
    old = kek(1)
    bucket.trip(number, fate)
    with suppress(MunimentError, Killed):
        house.rotate(keeper) if what == "rotate" else house.shred(keeper)
    tripped = bucket.heal_all()
    keeper.host.pointers.close()
    # The archive opens with one of the two.
    for each in (old, kek(2)):
        house.kek = each
        try:
            again = house.keeper()
        except ConfigurationError:
            continue
        break
    else:
        raise AssertionError("no KEK opens the archive")
    assert again.host.states(rows) == ["ErasedEvent", "OpenedEvent", "OpenedEvent"]
    again.host.commit(plain())
    house.used = 3
    stale = frozenset(epoch for epoch in again.held.current.epochs if epoch == 1)
    if what == "shred" and stale:
        shred(again, stale, house.kek, kek(3))
    else:
        again.writer.write(ROTATED, [kek(3)])
        again.writer.destroy_older()
    house.kek = kek(3)
    again.host.close()
    last = house.keeper()
    assert last.host.states(rows) == ["ErasedEvent", "OpenedEvent", "OpenedEvent"]
    assert not readable(bucket, rows[0], *house.keyrings())
    assert keyring_numbers(bucket) == [last.held.current.number]
    if what == "shred":
        assert all(1 not in keyring.epochs for keyring in house.keyrings())
        for held in list(bucket.versions("keys/")):
            # Of no segment that was committed is anything left that no keyring opens any more.
            committed = last.host.pointers.keys_of(parse_keys_name(held.name)[0]) is not None
            if committed and not held.delete_marker:
                open_keys(bucket.get(held.name, version=held.version), last.held)
    last.host.close()
    return tripped


def run_into_all(fate: Fate, folder: Path, what: str, first: int, step: int) -> None:
    number = first
    while True:
        place = folder / str(number)
        place.mkdir()
        if not run_into(fate, number, place, what):
            break
        number += step
    assert number > 8


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("what", ["rotate", "shred"])
def test_where_the_bucket_fails_or_the_process_dies(tmp_path: Path, what: str, fate: Fate) -> None:
    # Each fate meets other requests, so that together they meet all.
    run_into_all(fate, tmp_path, what, list(Fate).index(fate), len(Fate))


@pytest.mark.slow
@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("what", ["rotate", "shred"])
def test_at_whatever_request_the_bucket_fails(tmp_path: Path, what: str, fate: Fate) -> None:
    run_into_all(fate, tmp_path, what, 0, 1)


class Interleavings(RuleBasedStateMachine):
    """Two processes that commit, erase, rotate and shred in any order."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.count = len(list(self.folder.iterdir()))
        place = self.folder / str(self.count)
        place.mkdir()
        self.house = House(place)
        self.keepers = [self.house.keeper(), self.house.keeper()]
        self.live: list[PointerRow] = []
        self.gone: list[PointerRow] = []

    who = st.integers(0, 1)

    @rule(who=who, count=st.integers(1, 3))
    def commit(self, who: int, count: int) -> None:
        self.live += self.keepers[who].host.commit(*(plain() for _ in range(count)))

    @rule(who=who, choose=st.randoms(use_true_random=False))
    def erase(self, who: int, choose) -> None:
        if self.live:
            row = choose.choice(self.live)
            self.live.remove(row)
            self.gone.append(row)
            self.keepers[who].host.eraser.erase([row], **WHO)

    @rule(who=who)
    def rotate(self, who: int) -> None:
        self.house.rotate(self.keepers[who])

    @rule(who=who)
    def shred(self, who: int) -> None:
        self.house.shred(self.keepers[who])

    @rule(who=who)
    def restart(self, who: int) -> None:
        self.keepers[who].host.close()
        self.keepers[who] = self.house.keeper()

    @invariant()
    def destroyed_is_destroyed_and_the_rest_opens(self) -> None:
        for keeper in self.keepers:
            states = keeper.host.states(self.live + self.gone)
            assert states == ["OpenedEvent"] * len(self.live) + ["ErasedEvent"] * len(self.gone)
        keyrings = self.house.keyrings()
        assert not any(readable(self.house.bucket, row, *keyrings) for row in self.gone)

    def teardown(self) -> None:
        for keeper in self.keepers:
            keeper.host.close()


@pytest.fixture
def interleavings(tmp_path: Path) -> Iterator[type[Interleavings]]:
    yield type("InterleavingsHere", (Interleavings,), {"folder": tmp_path})


def test_interleavings(interleavings: type[Interleavings]) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        interleavings,
        settings=settings(max_examples=6, stateful_step_count=10),
    )
