"""What comes in between, what cannot be read, and a process that dies: nothing goes unreviewed."""

from datetime import timedelta

import pytest

from archive.errors import CorruptError
from archive.events.disposition_events import DispositionApproved, DispositionOpened
from archive.events.opener import DamagedEvent
from archive.model.roles import LOCAL_ACTOR
from policies.reviewing.desk import disposition_keeper
from tests.policies.purging_house import Killed, dated, desk, states, tripping
from tests.policies.reviewing_house import (
    LAWYER,
    OFFICER,
    ONE,
    approve,
    extend,
    opened,
    reviewed,
    shown,
    standing,
)
from tests.policies.test_purge_races import meanwhile


def test_an_extension_that_comes_in_between_keeps_what_was_approved(archive, clock, monkeypatch):
    first, second = dated(archive, [2001, 2002])
    reviewed(archive, ONE)
    opened(archive)
    day = timedelta(days=1)
    extend(archive, OFFICER, stage="records manager", until=clock.now() + day)
    clock.move(days=2)
    opened(archive)
    approve(archive, OFFICER, "records manager", number=2)
    later = {"records": [first], "until": clock.now() + day}
    late = meanwhile(monkeypatch, archive, lambda: extend(archive, LAWYER, **later))
    done = late.run(LOCAL_ACTOR)
    assert (done.destroyed, done.kept) == (1, {"not-due": 1})
    assert states(archive, [first, second]) == ["Loaded", "GoneError"]
    assert standing(archive, 1) == ["extended", "condemned"]
    assert standing(archive, 2) == ["approved", "condemned"]


def test_of_two_that_open_at_once_one_does(archive, monkeypatch):
    dated(archive, [2001, 2002])
    reviewed(archive, ONE)
    archive.follow()
    commit, acts = archive.committer.commit, [lambda: opened(archive)]

    def later(group):
        if acts and any(each.type == DispositionOpened.type for each in group.events):
            acts.pop()()
        commit(group)

    monkeypatch.setattr(archive.committer, "commit", later)
    assert disposition_keeper(archive).keep("local", None).opened == []
    archive.follow()
    assert archive.dispositions.newest() == 1 and standing(archive) == ["waiting", "waiting"]


@pytest.mark.parametrize("lost", [DispositionOpened, DispositionApproved])
def test_what_cannot_be_read_keeps_its_records(archive, monkeypatch, lost):
    ids = dated(archive, [2001])
    reviewed(archive, ONE)
    opened(archive)
    approve(archive, OFFICER, "records manager")
    open_each = archive.opener.open_each

    def damaged(rows):
        for row, found in zip(rows, open_each(rows), strict=True):
            yield DamagedEvent(row, CorruptError("lost")) if row.type == lost.type else found

    with monkeypatch.context() as patch:
        patch.setattr(archive.opener, "open_each", damaged)
        assert desk(archive).run(LOCAL_ACTOR).kept == {"unreadable": 1}
        assert opened(archive).opened == () and shown(archive).unreadable
        with pytest.raises(CorruptError):
            approve(archive, OFFICER, "records manager")
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
    assert states(archive, ids) == ["GoneError"]


@pytest.mark.parametrize(("number", "after"), [(1, False), (1, True)])
def test_killed_around_the_condemning_it_goes_on(archive, number, after):
    ids = dated(archive, [2001, 2002, 2003])
    reviewed(archive, ONE)
    opened(archive)
    approve(archive, OFFICER, "records manager", ids[:2])
    # The plan is the first commit, and the condemning the second.
    with tripping(archive, ("commit",), number, after), pytest.raises(Killed):
        desk(archive).run(LOCAL_ACTOR)
    condemned = ["condemned" if after else "approved"] * 2
    assert standing(archive) == [*condemned, "waiting"]
    done = desk(archive).run(LOCAL_ACTOR)
    assert (done.destroyed, done.failed) == (2, 0) and done.certificate is not None
    told = desk(archive).certificate(LOCAL_ACTOR, done.certificate).certificate
    assert [(each.stage, each.records) for each in told.reviews] == [("records manager", 2)]
    assert states(archive, ids) == ["GoneError", "GoneError", "Loaded"]
    assert standing(archive) == ["condemned", "condemned", "waiting"]
