"""What a source takes back is kept, and said to be deleted."""

import pytest

from archive.capture.withdrawal import withdraw
from archive.errors import ForbiddenError, NotFoundError
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from tests.archive.house import OPERATIONS, capture, create, found, line, opened


def test_a_withdrawn_record_is_kept_and_marked(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        taken, other = capture(archive, line("1", custodian="Ann"), line("2"))
        said = withdraw(archive, LOCAL_ACTOR, "desk", "Ann", "1")
        assert (said.status, said.id) == ("archived", taken)
        archive.wait_until_searchable(said.seq or 0)
        assert found(archive, "is:deleted") == {taken}
        assert found(archive, "-is:deleted") == {other}
        record = archive.access.show(LOCAL_ACTOR, OPERATIONS, taken)
        assert record.deleted and record.text == "Good morning"


def test_saying_it_again_changes_nothing(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, line("1"))
        first = withdraw(archive, LOCAL_ACTOR, "desk", None, "1")
        again = withdraw(archive, LOCAL_ACTOR, "desk", None, "1")
        assert (again.status, again.seq) == ("already", first.seq)


def test_what_is_not_there_cannot_be_withdrawn(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, line("1"))
        with pytest.raises(NotFoundError):
            withdraw(archive, LOCAL_ACTOR, "desk", "Ann", "1")


def test_only_those_who_capture_may_say_it(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, line("1"))
        with pytest.raises(ForbiddenError):
            withdraw(archive, Actor("x", "x", Role.TRAINER), "desk", None, "1")
