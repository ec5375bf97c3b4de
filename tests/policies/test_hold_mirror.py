"""Holds in a bucket under WORM: placed, lifted, and healed after a failure anywhere."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from archive.creating import create_archive
from archive.errors import CorruptError, LockedError, UnavailableError
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive, open_archive
from archive.settings import Settings
from policies.holds.answers import HoldRequest, ScopeRequest
from policies.holds.desk import HoldDesk, hold_desk
from policies.holds.mirror import HoldMirror, hold_mirror
from policies.jobs import schedule_of
from tests.archive.house import capture, line

BIG = "QUFB" * 40_000


def settings(folder: Path, worm: str) -> Settings:
    environ = {"MUNIMENT_HOME": str(folder / "home"), "MUNIMENT_WORM": worm}
    return Settings.load(environ, folder)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    chosen = settings(tmp_path, "governance:1d")
    create_archive(chosen)
    with open_archive(chosen) as archive:
        archive.follow()
        yield archive


@pytest.fixture
def desk(archive: Archive) -> HoldDesk:
    return hold_desk(archive)


@pytest.fixture
def mirror(archive: Archive) -> HoldMirror:
    return hold_mirror(archive)


def request(name: str, **scope: object) -> HoldRequest:
    return HoldRequest.read({"name": name, "reason": "a case", **scope})


def flagged(archive: Archive) -> set[str]:
    """The names of all objects that are under a legal hold in the bucket."""
    found = set()
    for top in ("segments/", "keys/", "blobs/"):
        for name in archive.bucket.names(top):
            if archive.bucket.stat(name).legal_hold:
                found.add(name)
    return found


def one_by_one(archive: Archive, *lines: bytes) -> list[UUID]:
    """Capture each in a commit, and so in a segment, of its own."""
    ids = [capture(archive, each)[0] for each in lines]
    archive.follow()
    return ids


def test_what_is_held_is_flagged_and_freed(
    archive: Archive, desk: HoldDesk, mirror: HoldMirror
) -> None:
    ids = one_by_one(archive, line("1", "the fee", original=BIG), line("2", "x"), line("3", "fee"))
    objects = archive.record_locks.objects
    assert mirror.run() == (0, 0)
    desk.place(LOCAL_ACTOR, request("fees", query="fee"))
    desk.place(LOCAL_ACTOR, request("one", records=[ids[0]]))
    archive.follow()
    assert mirror.run() == (5, 0)
    assert flagged(archive) == objects([ids[0], ids[2]])
    with pytest.raises(LockedError):
        archive.eraser.erase_records(ids[:1], actor="local", ground="policy a")
    desk.release(LOCAL_ACTOR, "fees", "over")
    archive.follow()
    assert mirror.run()[1] == 2
    assert flagged(archive) == objects([ids[0]])
    desk.release(LOCAL_ACTOR, "one", "over")
    archive.follow()
    assert mirror.run() == (0, 5)
    assert flagged(archive) == set()


def test_what_arrives_later_is_flagged(
    archive: Archive, desk: HoldDesk, mirror: HoldMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one(archive, line("1", "x"))
    desk.place(LOCAL_ACTOR, request("fees", query="fee"))
    archive.follow()
    assert mirror.run() == (0, 0)
    (later, _) = one_by_one(archive, line("2", "the fee"), line("3", "x"))
    # Only what is new is looked at.
    monkeypatch.setattr(mirror, "_compare", None)
    assert mirror.run() == (2, 0)
    assert flagged(archive) == archive.record_locks.objects([later])
    (revised,) = one_by_one(archive, line("3", "another fee"))
    mirror.run()
    assert flagged(archive) == archive.record_locks.objects([later, revised])
    assert mirror.run() == (0, 0)


def test_what_others_need_stays(archive: Archive, desk: HoldDesk, mirror: HoldMirror) -> None:
    ids = capture(archive, line("1", "the fee"), line("2", "a letter"))
    archive.follow()
    desk.place(LOCAL_ACTOR, request("fees", query="fee"))
    desk.place(LOCAL_ACTOR, request("letters", query="letter"))
    archive.follow()
    mirror.run()
    desk.change(LOCAL_ACTOR, "fees", ScopeRequest(query="nothing"), "narrower")
    archive.follow()
    assert mirror.run()[1] == 0
    assert flagged(archive) == archive.record_locks.objects(ids)


@pytest.mark.parametrize("kept", [True, False])
def test_a_run_that_fails_anywhere_is_healed(
    archive: Archive,
    desk: HoldDesk,
    mirror: HoldMirror,
    monkeypatch: pytest.MonkeyPatch,
    kept: bool,
) -> None:
    """The bucket fails at each of its legal holds in turn, before or after it has taken effect."""
    ids = one_by_one(archive, line("1", "the fee"), line("2", "a fee"))
    real, left = archive.bucket.set_legal_hold, [0]

    def failing(name: str, version: str, on: bool) -> None:
        left[0] -= 1
        if left[0] != 0 or kept:
            real(name, version, on)
        if left[0] == 0:
            raise UnavailableError("The bucket was told to fail.")

    monkeypatch.setattr(archive.bucket, "set_legal_hold", failing)

    def run_failing_at_each(count: int) -> None:
        for number in range(1, count + 1):
            left[0] = number
            with pytest.raises(UnavailableError):
                mirror.run()
        mirror.run()
        archive.follow()
        assert mirror.run() == (0, 0)

    desk.place(LOCAL_ACTOR, request("fees", query="fee"))
    archive.follow()
    run_failing_at_each(4)
    assert flagged(archive) == archive.record_locks.objects(ids)
    desk.release(LOCAL_ACTOR, "fees", "over")
    archive.follow()
    run_failing_at_each(4)
    assert flagged(archive) == set()


def test_a_hold_placed_while_others_are_lifted_is_shown_next(
    archive: Archive, desk: HoldDesk, mirror: HoldMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = one_by_one(archive, line("1", "the fee"))
    desk.place(LOCAL_ACTOR, request("fees", query="fee"))
    archive.follow()
    mirror.run()
    desk.release(LOCAL_ACTOR, "fees", "over")
    archive.follow()
    lift = archive.record_locks.lift

    def late(*arguments: object) -> int:
        desk.place(LOCAL_ACTOR, request("again", query="fee"))
        return lift(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(archive.record_locks, "lift", late)
        mirror.run()
    archive.follow()
    mirror.run()
    assert flagged(archive) == archive.record_locks.objects(ids)


def test_nothing_is_lifted_while_a_hold_cannot_be_read(
    archive: Archive, desk: HoldDesk, mirror: HoldMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = one_by_one(archive, line("1", "the fee"))
    desk.place(LOCAL_ACTOR, request("fees", query="fee"))
    archive.follow()
    mirror.run()
    book = mirror._holds.read()
    lost = type(book)(newest=2, changed=book.changed, unreadable=True)
    with monkeypatch.context() as patched:
        patched.setattr(mirror._holds, "read", lambda: lost)
        with pytest.raises(CorruptError):
            mirror.run()
    assert flagged(archive) == archive.record_locks.objects(ids)


def test_without_worm_nothing_is_begun_and_what_was_begun_goes_on(
    archive: Archive, desk: HoldDesk, mirror: HoldMirror, tmp_path: Path
) -> None:
    one_by_one(archive, line("1", "the fee"))
    desk.place(LOCAL_ACTOR, request("fees", query="fee"))
    archive.follow()
    with open_archive(settings(tmp_path, "none")) as other:
        assert hold_mirror(other).run() == (0, 0)
        assert mirror.run() == (2, 0)
        desk.release(LOCAL_ACTOR, "fees", "over")
        archive.follow()
        assert hold_mirror(other).run() == (0, 2)


def test_the_schedule_does_it(archive: Archive) -> None:
    assert "mirror-holds" in [job.name for job in schedule_of(archive, print)._jobs]
