"""What a search could not look into is counted by reason and listed; result sets have a hash."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from archive.access import searching
from archive.access.search_reports import UnsearchableAnswer
from archive.errors import ForbiddenError, InvalidError
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from archive.opening import Archive
from archive.trail.asked import TrailRequest
from tests.archive.house import OPERATIONS, capture, line, search

UNREADABLE = {"filename": "a.bin", "media_type": "application/x-unknown", "data": "AAECAw=="}
RESTRICTED = Actor("r", "Restricted", Role.LEGAL, custodians=frozenset({"ann"}))


def captured(archive: Archive) -> list[UUID]:
    """Capture two whole records and three of which not all can be read."""
    return capture(
        archive,
        line("1", "alpha"),
        line("2", "alpha beta"),
        line("3", "alpha", attachments=[UNREADABLE], occurred_at="2024-05-03T09:00:00Z"),
        line("4", "...", custodian="ann", occurred_at="2024-05-02T09:00:00Z"),
        line("5", "gamma", attachments=[UNREADABLE], occurred_at="2024-05-04T09:00:00Z"),
    )


def erase(archive: Archive, *ids: UUID) -> None:
    archive.eraser.erase_records(ids, actor="tester", ground="a test")
    archive.follow()


def listed(archive: Archive, **changes: Any) -> UnsearchableAnswer:
    return archive.unsearchable.page(LOCAL_ACTOR, OPERATIONS, **changes)


def expected_hash(*seqs: int) -> str:
    numbers = b"".join(seq.to_bytes(8, "big") for seq in sorted(seqs))
    return sha256(b"muniment result set v1\n" + numbers).hexdigest()


def test_the_hash_is_of_all_results_on_whatever_page(archive: Archive) -> None:
    captured(archive)
    whole = search(archive, "alpha")
    assert whole.result_hash == expected_hash(*(result.seq for result in whole.results))
    first = search(archive, "alpha", limit=1, sort="date")
    second = search(archive, "alpha", limit=1, sort="date", cursor=first.cursor)
    counted = search(archive, "alpha", count=True, as_of=whole.as_of)
    assert {first.result_hash, second.result_hash, counted.result_hash} == {whole.result_hash}
    assert search(archive, "beta").result_hash != whole.result_hash
    assert search(archive, "nothing").result_hash == expected_hash()


def test_the_hash_as_of_a_number_stays_until_something_is_erased(archive: Archive) -> None:
    ids = captured(archive)
    before = search(archive, "alpha OR delta")
    capture(archive, line("6", "delta"))
    assert search(archive, "alpha OR delta").result_hash != before.result_hash
    again = search(archive, "alpha OR delta", as_of=before.as_of)
    assert (again.result_hash, again.not_searched.erased) == (before.result_hash, 0)
    erase(archive, ids[0])
    after = search(archive, "alpha OR delta", as_of=before.as_of)
    assert after.result_hash == expected_hash(*(r.seq for r in before.results if r.id != ids[0]))
    assert (after.not_searched.erased, after.total) == (1, before.total - 1)


def test_a_revision_changes_the_hash(archive: Archive) -> None:
    capture(archive, line("1", "alpha"))
    before = search(archive, "alpha")
    capture(archive, line("1", "alpha, amended"))
    assert search(archive, "alpha").result_hash != before.result_hash
    assert search(archive, "alpha", as_of=before.as_of).result_hash == before.result_hash


def test_many_results_are_hashed_where_it_is_asked_for(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured(archive)
    whole = search(archive, "alpha").result_hash
    monkeypatch.setattr(searching, "MOST_HASHED", 2)
    assert search(archive, "alpha").result_hash is None
    assert search(archive, "alpha", hash=True).result_hash == whole


def test_what_could_not_be_searched_is_counted_and_listed(archive: Archive) -> None:
    ids = captured(archive)
    erase(archive, ids[1], ids[4])
    answer = search(archive, "alpha")
    assert (answer.unsearchable, answer.not_searched.unread, answer.not_searched.erased) == (
        4,
        2,
        2,
    )
    page = listed(archive)
    assert (page.total, page.cursor) == (4, None)
    assert [(each.id, each.state) for each in page.records] == [
        *((id, "unread") for id in (ids[3], ids[2])),
        *((id, "erased") for id in (ids[1], ids[4])),
    ]
    assert [(each.custodian, each.source is None) for each in page.records] == [
        ("ann", False),
        (None, False),
        (None, True),
        (None, True),
    ]
    assert [part.reason for each in page.records for part in each.unsearched] == [
        "no-text",
        "unsupported-type",
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_of_the_list_leave_nothing_out(archive: Archive, limit: int) -> None:
    ids = captured(archive)
    erase(archive, ids[1], ids[4])
    whole = listed(archive)
    pages = [listed(archive, limit=limit)]
    while pages[-1].cursor is not None:
        pages.append(listed(archive, limit=limit, cursor=pages[-1].cursor))
    assert [each for page in pages for each in page.records] == list(whole.records)
    assert len({page.as_of for page in pages}) == 1
    assert all(len(page.records) == limit for page in pages[:-1])


def test_the_list_is_as_of_a_number(archive: Archive) -> None:
    captured(archive)
    as_of = search(archive, "").as_of
    (late,) = capture(archive, line("6", "..."))
    assert late not in {each.id for each in listed(archive, as_of=as_of).records}
    assert late in {each.id for each in listed(archive).records}


def test_whoever_is_restricted_sees_their_own_alone(archive: Archive) -> None:
    ids = captured(archive)
    erase(archive, ids[1])
    page = archive.unsearchable.page(RESTRICTED, OPERATIONS)
    assert [each.id for each in page.records] == [ids[3]]
    assert (page.total, page.not_searched.erased) == (1, 0)


@pytest.mark.parametrize("cursor", ["x", "lost-1", "lost-1-x", "lost-99999-1"])
def test_a_cursor_of_no_page_is_refused(archive: Archive, cursor: str) -> None:
    captured(archive)
    with pytest.raises(InvalidError):
        listed(archive, cursor=cursor, as_of=3)


def test_the_list_is_refused_and_recorded(archive: Archive) -> None:
    with pytest.raises(ForbiddenError):
        archive.unsearchable.page(Actor("c", "C", Role.COLLECTOR), OPERATIONS)
    listed(archive)
    archive.follow()
    asked = TrailRequest(action=("unsearchable",), order="oldest")
    entries = archive.trail.page(LOCAL_ACTOR, OPERATIONS, asked).entries
    assert [(entry.actor, entry.allowed) for entry in entries] == [("c", False), ("local", True)]
