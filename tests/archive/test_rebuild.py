"""`muniment rebuild`: whatever is lost but bucket and key, the answers are the same as before."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.cli import run
from archive.bucket import open_bucket
from archive.bucket.names import keys_name, parse_keys_name
from archive.bucket.port import Bucket
from archive.clock import SystemClock
from archive.creating import create_archive, register_user
from archive.errors import ConfigurationError, GoneError, UnavailableError
from archive.events.commit_records import CommitRecords
from archive.events.server import HostLock
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import Archive, open_archive
from archive.packing.candidates import PackLimits
from archive.packing.packer import Packer
from archive.rebuilding import rebuild
from archive.sealing.keys import open_keys, seal_keys
from archive.settings import Settings
from tests.archive.house import capture, line, search

ON_SQLITE = pytest.mark.parametrize("each_database", [None], ids=["sqlite"])
QUERIES = ("", "herring", "mackerel OR pike", "custodian:ann", "conversation", "is:edited")


@pytest.fixture
def settings(tmp_path: Path, each_database: str | None) -> Settings:
    environ = {
        "MUNIMENT_HOME": str(tmp_path / "home"),
        "MUNIMENT_BUCKET": f"file:{tmp_path / 'bucket'}",
        "MUNIMENT_KEK": f"file:{tmp_path / 'kek.key'}",
        "MUNIMENT_INDEX_DIR": str(tmp_path / "index"),
        "MUNIMENT_INDEX_ON_DISK": "yes",
    }
    if each_database is not None:
        environ["MUNIMENT_DATABASE_URL"] = each_database
    return Settings.load(environ, tmp_path)


@pytest.fixture
def filled(settings: Settings) -> Iterator[Settings]:
    """An archive with revisions, conversations, blobs, and a published log."""
    create_archive(settings)
    with open_archive(settings) as archive:
        for batch in range(3):
            capture(
                archive,
                line(f"{batch}", f"a herring {batch}", conversation="red"),
                line("edited", f"a mackerel {batch}", custodian="ann"),
                line(f"big {batch}", "a pike", html="x" * 100_000, in_reply_to="0"),
            )
        archive.follow()
        archive.publish()
    yield settings


def answers(archive: Archive) -> list[Any]:
    found: list[Any] = []
    ids: set[Any] = set()
    for query in QUERIES:
        answer = search(archive, query, limit=100)
        ids |= {each.id for each in answer.results}
        found.append((query, answer.total, [each.model_dump() for each in answer.results]))
    for each in sorted(ids):
        rows = archive.pointers.select_pointers_of([each])
        found.append([(row.seq, row.originator_version, row.pointer.leaf_hash) for row in rows])
        found.append(archive.records.load(each).interaction)
        found.append(archive.catalog.rows([each]))
    found.append(archive.log.newest().note)
    return found


def lose(settings: Settings) -> None:
    """Lose every table, and all that the home folder holds."""
    shutil.rmtree(settings.home)
    if not settings.on_one_host:
        with psycopg.connect(settings.database_url) as other:
            other.execute("DROP SCHEMA muniment CASCADE")


def observed(settings: Settings) -> list[Any]:
    with open_archive(settings) as archive:
        return answers(archive)


def test_all_that_was_lost_is_there_again(filled: Settings) -> None:
    before = observed(filled)
    with open_archive(filled) as archive:
        # Reading leaves events of its own; all of them must come back.
        last = archive.pointers.last_seq()
    lose(filled)
    rebuilt = rebuild(filled)
    assert (rebuilt.events, rebuilt.missing, rebuilt.unopened) == (last, (), 0)
    with open_archive(filled) as archive:
        assert archive.pointers.last_seq() == last
        assert archive.catalog.position() == last
        assert archive.log.newest().checkpoint.size == last
    assert _without_checkpoint(observed(filled)) == _without_checkpoint(before)


def _without_checkpoint(found: list[Any]) -> list[Any]:
    return found[:-1]


def test_the_log_goes_on_where_it_was(filled: Settings) -> None:
    with open_archive(filled) as archive:
        before = archive.log.newest().checkpoint
    lose(filled)
    rebuild(filled)
    with open_archive(filled) as archive:
        capture(archive, line("after"))
        assert archive.publish()
        after = archive.log.newest().checkpoint
        assert after.size > before.size
        # Raises if the one is not the beginning of the other.
        archive.log.consistency(before.size, after.size)


def test_one_that_stands_is_made_anew_in_its_place(filled: Settings) -> None:
    before = observed(filled)
    spoil(filled)
    rebuild(filled)
    assert _without_checkpoint(observed(filled)) == _without_checkpoint(before)


def spoil(settings: Settings) -> None:
    """Change what SQL says, as somebody might who can write there."""
    with open_archive(settings) as archive:
        engine = archive.database.catalog()
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM thread_keys")
            connection.exec_driver_sql("UPDATE records SET erased = 1, size = 7")
        engine.dispose()


@ON_SQLITE
def test_users_come_in_again(filled: Settings) -> None:
    with open_archive(filled) as archive:
        token = register_user(archive, Role.AUDITOR)
        digest = archive.identity.token(token)
        archive.follow()
        before = archive.catalog.token(digest)
        assert before is not None
    lose(filled)
    rebuild(filled)
    with open_archive(filled) as archive:
        assert archive.catalog.token(digest) == before


@ON_SQLITE
@pytest.mark.parametrize("name", ["committer.lock", "worker.lock"])
def test_it_is_refused_beside_a_service(filled: Settings, name: str) -> None:
    before = observed(filled)
    lock = HostLock(filled.home / "run" / name)
    assert lock.acquire()
    with pytest.raises(ConfigurationError, match="stop it before"):
        rebuild(filled)
    lock.release()
    assert _without_checkpoint(observed(filled)) == _without_checkpoint(before)


def bucket_of(settings: Settings) -> Bucket:
    return open_bucket(settings.bucket, SystemClock())


def destroy(bucket: Bucket, name: str) -> dict[str, bytes]:
    data = bucket.get(name)
    for version in list(bucket.versions(name)):
        bucket.delete(name, version=version.version)
    return {name: data}


@ON_SQLITE
def test_a_database_that_knows_more_is_not_emptied(filled: Settings) -> None:
    bucket = bucket_of(filled)
    names = list(bucket.names("commits/"))
    for name in (names[3], names[-1]):
        gone = destroy(bucket, name)
        for incomplete in (False, True):
            with pytest.raises(ConfigurationError, match="still knows them"):
                rebuild(filled, incomplete=incomplete)
        for name, data in gone.items():
            bucket.put(name, data)
    assert rebuild(filled).missing == ()


@ON_SQLITE
def test_what_is_missing_is_named_and_left_out_only_if_told(filled: Settings) -> None:
    bucket = bucket_of(filled)
    lose(filled)
    names = list(bucket.names("commits/"))
    destroy(bucket, names[3])
    first, end = (int(name.split("/")[1][:20]) for name in names[3:5])
    with pytest.raises(ConfigurationError, match=f"No commit record holds event {first}"):
        rebuild(filled)
    rebuilt = rebuild(filled, incomplete=True)
    assert rebuilt.missing == ((first, end - 1),)
    with open_archive(filled) as archive:
        assert search(archive, "").total > 0


@ON_SQLITE
def test_events_that_only_the_log_has_are_never_given_up(filled: Settings) -> None:
    bucket = bucket_of(filled)
    with open_archive(filled) as archive:
        archive.publish()
    lose(filled)
    destroy(bucket, list(bucket.names("commits/"))[-1])
    for incomplete in (False, True):
        with pytest.raises(ConfigurationError, match="though the log has them"):
            rebuild(filled, incomplete=incomplete)


def test_a_record_that_was_owed_is_written_before_its_rows_go(
    filled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_archive(filled) as archive:
        with monkeypatch.context() as context:
            context.setattr(CommitRecords, "put", _refuse)
            with pytest.raises(UnavailableError, match="does not answer"):
                capture(archive, line("owed", "an eel"))
        last = archive.pointers.last_seq()
    assert rebuild(filled).events == last
    with open_archive(filled) as archive:
        assert search(archive, "eel").total == 1


def _refuse(*_: object) -> None:
    raise UnavailableError("The bucket does not answer.")


class Killed(BaseException):
    pass


@pytest.mark.slow
def test_killed_anywhere_it_is_made_good_by_the_next(
    filled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _without_checkpoint(observed(filled))
    monkeypatch.setattr("archive.events.restoring._EVENTS_PER_BATCH", 4)
    steps = 0
    while True:
        left = steps

        def advance(_: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        try:
            rebuild(filled, progress=advance)
            break
        except Killed:
            steps += 2
        if steps % 4:
            # Not only the same command: whatever opens the archive brings it up to the bucket.
            assert _without_checkpoint(observed(filled)) == before
            with open_archive(filled) as archive:
                archive.follow()
    assert steps > 4
    assert _without_checkpoint(observed(filled)) == before


@ON_SQLITE
def test_the_command_tells_in_json(
    filled: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {
        "MUNIMENT_HOME": str(filled.home),
        "MUNIMENT_BUCKET": filled.bucket,
        "MUNIMENT_KEK": filled.kek,
        "MUNIMENT_DATABASE_URL": filled.database_url,
        "MUNIMENT_INDEX_DIR": str(filled.index_dir),
        "MUNIMENT_INDEX_ON_DISK": "yes",
    }
    for name, value in names.items():
        if name != "MUNIMENT_DATABASE_URL" or not filled.on_one_host:
            monkeypatch.setenv(name, value)
    lose(filled)
    assert run(["rebuild", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["events"] > 9 and document["missing"] == [] and document["unopened"] == 0


WHO: dict[str, Any] = {"actor": "local", "ground": "case 12"}


def keys_in(bucket: Bucket) -> dict[str, bytes]:
    return {name: bucket.get(name) for name in bucket.names("keys/")}


def test_what_was_erased_stays_erased(filled: Settings) -> None:
    with open_archive(filled) as archive:
        (gone,) = capture(archive, line("gone", "a turbot", html="y" * 100_000))
        archive.eraser.erase_records([gone], **WHO)
        blobs = set(bucket_of(filled).names("blobs/"))
        assert search(archive, "turbot").total == 0
    lose(filled)
    assert rebuild(filled).unopened == 0
    with open_archive(filled) as archive:
        with pytest.raises(GoneError):
            archive.records.load(gone)
        assert search(archive, "turbot").total == 0
        assert archive.catalog.rows([gone])[gone].erased
        assert archive.catalog.unfinished_erasures() == []
    assert set(bucket_of(filled).names("blobs/")) == blobs


def test_an_erasure_that_was_interrupted_is_finished(filled: Settings) -> None:
    bucket = bucket_of(filled)
    with open_archive(filled) as archive:
        (gone,) = capture(archive, line("gone", "a turbot"))
        before = keys_in(bucket)
        archive.eraser.erase_records([gone], **WHO)
    # As if the process had died after the newer key object and before the older one was destroyed.
    after = keys_in(bucket)
    for name in before.keys() - after.keys():
        bucket.put(name, before[name])
    lose(filled)
    rebuild(filled)
    assert keys_in(bucket) == after
    with open_archive(filled) as archive, pytest.raises(GoneError):
        archive.records.load(gone)


@ON_SQLITE
def test_an_object_that_nobody_named_brings_no_key_back(filled: Settings) -> None:
    bucket = bucket_of(filled)
    with open_archive(filled) as archive:
        first, second = capture(archive, line("first", "a turbot"), line("second", "a brill"))
        before = keys_in(bucket)
        archive.eraser.erase_records([first], **WHO)
        (name,) = before.keys() - keys_in(bucket).keys()
        # A writer that was held up wrote keys without the other record's, and never named them.
        segment_id, _ = parse_keys_name(name)
        held = open_keys(before[name], archive.keyring)
        (row,) = archive.pointers.select_pointers_of([second])
        left = {slot: key for slot, key in held.keys.items() if slot != row.pointer.slot}
        late = archive.clock.uuid7()
        epoch = archive.keyring.current_epoch
        sealed = seal_keys(
            archive.keyring.archive_id,
            segment_id,
            late,
            epoch,
            archive.keyring.epoch_key(epoch),
            left,
        )
        bucket.put(keys_name(segment_id, late), sealed)
    lose(filled)
    rebuild(filled)
    with open_archive(filled) as archive:
        for each in (first, second):
            with pytest.raises(GoneError):
                archive.records.load(each)
    assert len(list(bucket.names(f"keys/{segment_id}/"))) == 1


@ON_SQLITE
def test_a_database_that_is_older_than_an_erasure_learns_of_it(
    filled: Settings, tmp_path: Path
) -> None:
    with open_archive(filled) as archive:
        (gone,) = capture(archive, line("gone", "a turbot", html="y" * 100_000))
    shutil.copytree(filled.home, tmp_path / "copy")
    with open_archive(filled) as archive:
        archive.eraser.erase_records([gone], **WHO)
        last = archive.pointers.last_seq()
    shutil.rmtree(filled.home)
    (tmp_path / "copy").rename(filled.home)
    with open_archive(filled) as archive:
        assert archive.pointers.last_seq() == last
        archive.follow()
        with pytest.raises(GoneError):
            archive.records.load(gone)
        assert archive.catalog.rows([gone])[gone].erased
        assert search(archive, "turbot").total == 0
        again = archive.intake.capture(LOCAL_ACTOR, [line("gone", "a turbot", html="y" * 100_000)])
        assert [each.status for each in again] == ["erased"]
        kept = capture(archive, line("other", "a turbot", html="y" * 100_000))
        assert archive.records.load(kept[0]).rows


@ON_SQLITE
def test_a_pack_that_was_begun_is_finished_before_its_rows_go(
    filled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, cold = bucket_of(filled), timedelta(seconds=-1)
    limits = PackLimits(least_segments=2)
    with open_archive(filled) as archive:
        ids = capture(archive, line("packed", "a turbot"))
        packer = Packer(archive.pointers, bucket, archive.held_keyring, archive.clock, limits)
        with monkeypatch.context() as context:
            context.setattr(Packer, "_finish", _refuse)
            with pytest.raises(UnavailableError):
                packer.pack(cold=cold)
        assert archive.pointers.packs() and not list(bucket.names("relocations/"))
        pointers = [row.pointer for row in archive.pointers.select_pointers_of(ids)]
    rebuild(filled)
    with open_archive(filled) as archive:
        assert list(bucket.names("relocations/")) and not archive.pointers.packs()
        assert [row.pointer for row in archive.pointers.select_pointers_of(ids)] == pointers
        assert search(archive, "turbot").total == 1
