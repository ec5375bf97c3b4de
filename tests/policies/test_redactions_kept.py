"""What is redacted stays so: through verify, a rebuild, packing, and a death at any write."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from archive.catalog.tables import records, redactions, thread_keys
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive
from archive.packing.candidates import PackLimits
from archive.packing.packer import Packer
from archive.rebuilding import rebuild
from policies.erasures.opening import executor_of
from policies.purging.opening import purge_desk
from tests.archive.house import capture, create, found, opened, settings
from tests.policies.purging_house import SECOND, Killed, states, tripping
from tests.policies.test_erasures import decided, desk, listed
from tests.policies.test_erasures import opened as case_of
from tests.policies.test_redactions import ANN, MAIA, OTTO, written
from tests.verifying.verified import verified

WRITTEN = 5


def letters() -> list[bytes]:
    """Five records of one conversation, of which the first, in the middle, joins them all."""
    return [
        written("<1@x>", OTTO, MAIA),
        written("<2@x>", OTTO, ANN, in_reply_to="<1@x>", text="a herring"),
        written("<3@x>", OTTO, MAIA, in_reply_to="<2@x>", text="Maia's herring", html="x" * 99_999),
        written("<4@x>", OTTO, ANN, in_reply_to="<1@x>", text="a mackerel"),
        written("<5@x>", ANN, OTTO, text="another"),
    ]


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a case that decided to redact two records and to erase one."""
    folder = tmp_path_factory.mktemp("redacting")
    create(folder)
    with opened(folder) as archive:
        ids = capture(archive, *letters())
        case = case_of(archive, aliases=["maia@old.example"])
        decided(archive, case, decision="redact", records=[ids[0], ids[2]])
        ann = case_of(archive, name="Ann", aliases=["ann@firm.example"])
        decided(archive, ann, decision="refuse", ground="unrelated")
        archive.publish()
        archive.follow()
    return folder


def tables(archive: Archive) -> list[list[tuple[object, ...]]]:
    """Return all rows of what the catalog tells of records, but when they moved."""
    with archive.catalog._engine.connect() as connection:
        columns = [each for each in records.columns if each.name != "rethreaded"]
        wanted = (select(*columns), select(thread_keys), select(redactions))
        return [sorted(map(tuple, connection.execute(each).all())) for each in wanted]


def execute(folder: Path) -> None:
    with opened(folder) as archive:
        (case, *_) = [
            each for each in desk(archive).cases(LOCAL_ACTOR, 10).cases if each.name == "Maia Bleu"
        ]
        done = desk(archive).execute(SECOND, case.id)
        assert (done.redacted, done.problems) == (2, ())
        archive.publish()
        archive.follow()


def test_verify_is_clean_and_a_rebuild_and_packing_change_nothing(beginning, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(beginning, folder)
    execute(folder)
    assert not verified(folder / "home").faults
    with opened(folder) as archive:
        archive.follow()
        before, there = tables(archive), found(archive, "*")
        words = {each: found(archive, each) for each in ("herring", "redacted", "maia", "lunch")}
        assert (len(there), len(words["redacted"]), len(words["maia"])) == (WRITTEN, 2, 0)
        packer = Packer(
            archive.pointers,
            archive.bucket,
            archive.held_keyring,
            archive.clock,
            PackLimits(least_segments=2),
        )
        packer.pack(cold=timedelta(0))
        assert found(archive, "*") == there
    rebuild(settings(folder))
    with opened(folder) as archive:
        archive.follow()
        assert tables(archive) == before
        assert found(archive, "*") == there
        assert {each: found(archive, each) for each in words} == words
        again = archive.intake.capture(LOCAL_ACTOR, letters())
        assert sorted(each.status for each in again) == ["already"] * 3 + ["redacted"] * 2
        assert all(each.certificate for each in again if each.status == "redacted")
    assert not verified(folder / "home").faults


@pytest.mark.parametrize(
    ("table", "values"),
    [(records, {"erased": 1}), (records, {"version": 1}), (redactions, {"seq": 1})],
)
def test_verify_names_a_row_that_tells_otherwise(beginning, tmp_path, table, values):
    folder = tmp_path / "copy"
    shutil.copytree(beginning, folder)
    execute(folder)
    with opened(folder) as archive:
        key = redactions.c.record
        with archive.catalog._engine.begin() as connection:
            (one, *_) = connection.execute(select(key)).scalars()
            own = table.c.id if table is records else key
            connection.execute(update(table).where(own == one).values(values))
    assert {fault.object for fault in verified(folder / "home").faults} == {table.name}


def dies(beginning: Path, folder: Path, number: int, after: bool, names: tuple[str, ...]) -> bool:
    """Carry a case out until the process dies, then once more; False if it did not die."""
    shutil.copytree(beginning, folder)
    died = False
    with opened(folder) as archive:
        case = next(
            each for each in desk(archive).cases(LOCAL_ACTOR, 10).cases if each.name == "Maia Bleu"
        )
        ids = [each.id for each in desk(archive).cases(LOCAL_ACTOR, 10).cases]
        desk(archive).order(SECOND, case.id)
        with tripping(archive, names, number, after):
            try:
                executor_of(archive).carry_out(case.id)
            except Killed:
                died = True
    with opened(folder) as archive:
        archive.follow()
        assert executor_of(archive).finish() == []
        told = desk(archive).case(LOCAL_ACTOR, case.id)
        (order,) = told.orders
        assert (told.state, told.redacted, order.redacted) == ("open", 2, 2)
        (certificate,) = purge_desk(archive).certificates(LOCAL_ACTOR, 10).certificates
        assert certificate.id == order.certificate
        there = listed(archive, told)
        assert states(archive, list(there)) == ["Loaded"] * len(there)
        assert [archive.records.load(each).interaction.version for each in there] == [2, 2]
        assert archive.catalog.unfinished_erasures() == [] and len(ids) == 2
        assert not found(archive, "maia")
        shown = archive.pointers.select_pointers_of(list(there))
        gone = [row for row in shown if row.type != "interaction.redacted"]
        assert purge_desk(archive)._reader.not_erased(gone) == []
    return died


def test_a_death_around_each_commit_and_after_it_is_condemned(beginning, tmp_path):
    # The condemning with the new beginnings, that it is destroyed, and the certificate.
    for number, after in ((0, False), (0, True), (1, True), (2, False)):
        assert dies(beginning, tmp_path / f"{number}{after}", number, after, ("commit",))


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_write(beginning, tmp_path, after):
    number = 0
    while dies(beginning, tmp_path / str(number), number, after, ("commit", "put", "delete")):
        number += 1
    assert number > 8
