"""What the catalog alone tells of records is what opening them tells, or nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.bucket.names import segment_name
from archive.capture.importer import import_paths
from archive.capture.withdrawal import withdraw
from archive.model.roles import LOCAL_ACTOR
from archive.opening import Archive
from archive.query.parser import parse
from archive.query.tree import Node, Not, conjunction, disjunction
from policies.outlines import Outline, Outlines, outlined
from policies.purging.opening import obligations_of
from policies.records import Found, governed_records
from policies.rules import rule_reader
from policies.scopes import standing
from tests.archive.house import OPERATIONS, capture, line
from tests.policies.purging_house import dated, desk, in_force, sandbox, states

TOLD = [
    "*",
    "channel:chat",
    "channel:email",
    "kind:message",
    "direction:internal",
    "direction:*",
    "source:desk",
    "source:DE*",
    "custodian:Ann",
    "custodian:b?b",
    "size>100",
    "size:50..90",
    "sent:2001",
    "sent>=2024-05-01T07:00:00Z",
    "captured>2020",
    "captured<2020",
    "is:deleted",
    "is:undated",
]
"""Scopes that the catalog settles of any record whose custodian is known."""
OPENED = ["morning", "from:ann@example.com", "subject:fee", "is:edited", "has:attachment", "id:3"]
"""Scopes that only the record itself settles."""


def filled(archive: Archive, folder: Path) -> None:
    """Capture records that differ in whatever the catalog knows."""
    capture(
        archive,
        line("1", custodian="Ann"),
        line("2", custodian="Bob", channel="email", subject="The fee", direction="internal"),
        line("3", custodian="Ann", occurred_at="2001-01-01T00:00:00Z"),
        line("4", custodian="Bob", occurred_at="2001-03-01T00:00:00.999999Z", source="other"),
        line("5", custodian="Ann", occurred_at="1969-12-31T23:59:59.999900Z", kind="post"),
        line("6", "A good deal longer " * 9),
        line("7", custodian="Ann", text="Before"),
    )
    capture(archive, line("7", custodian="Ann", text="After", occurred_at="2024-05-01T07:00:00Z"))
    withdraw(archive, LOCAL_ACTOR, "desk", "Bob", "2")
    # Edited since, and dated earlier: the minimum counts from what it said before.
    capture(archive, line("8", custodian="Ann"))
    capture(archive, line("8", custodian="Ann", occurred_at="2001-05-01T07:00:00Z"))
    mail = folder / "undated.eml"
    mail.write_bytes(b"From: a@example.com\nSubject: fee\n\nHi.\n")
    import_paths(archive, LOCAL_ACTOR, [mail], source="mail", custodian="Ann")
    archive.follow()


def pairs(archive: Archive) -> list[tuple[Outline, Found]]:
    """Return the outlines of all records with the records themselves."""
    rows, outlines = archive.obligations.outdated(b"", 0, 100), Outlines(archive.codebook)
    loaded = governed_records(archive).load_each([UUID(bytes=row.id) for row in rows])
    found = {each.record.id: each for each in loaded if isinstance(each, Found)}
    told = [(outlines.of(row), found[UUID(bytes=row.id)]) for row in rows]
    return [(outline, record) for outline, record in told if outline is not None]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Outline, Found]]]:
    folder = tmp_path_factory.mktemp("outlines")
    with sandbox(folder) as archive:
        filled(archive, folder)
        yield pairs(archive)


def trees(texts: Sequence[str]) -> st.SearchStrategy[Node]:
    return st.recursive(
        st.sampled_from(texts).map(parse),
        lambda below: st.one_of(
            below.map(Not),
            st.lists(below, min_size=2, max_size=3).map(conjunction),
            st.lists(below, min_size=2, max_size=3).map(disjunction),
        ),
        max_leaves=6,
    )


@given(scope=trees([*TOLD, *OPENED]))
def test_what_is_told_is_what_opening_tells(
    known: list[tuple[Outline, Found]], scope: Node
) -> None:
    assert len(known) == 9
    for outline, found in known:
        told = outlined(scope, outline)
        assert told in (None, standing(scope, found.record, found.conversation))


@pytest.mark.parametrize("scope", TOLD)
def test_scopes_of_what_the_catalog_knows_are_told(
    known: list[tuple[Outline, Found]], scope: str
) -> None:
    told = [outlined(parse(scope), outline) for outline, _ in known]
    # Nobody knows whose the sixth is, nor in which second before 1970 the fifth was sent.
    assert {place for place, each in enumerate(told, 1) if each is None} <= {5, 6}
    assert set(told) - {None}


@pytest.mark.parametrize("scope", OPENED)
def test_other_scopes_are_not(known: list[tuple[Outline, Found]], scope: str) -> None:
    assert {outlined(parse(scope), outline) for outline, _ in known} == {None}


@pytest.mark.parametrize("scope", ["*", "(custodian:Ann OR size>90) AND NOT sent:2024"])
def test_obligations_are_the_same_whether_records_are_opened_or_not(
    tmp_path: Path, scope: str
) -> None:
    with sandbox(tmp_path) as archive:
        filled(archive, tmp_path)
        in_force(archive, scope=scope, minimum="1m", maximum="3y")
        told = obligations(archive)
        # It asks for a word besides that stands nowhere, so that each record must be opened.
        in_force(archive, scope=f"({scope}) OR xanthippe", minimum="1m", maximum="3y")
        assert obligations(archive) == told


def obligations(archive: Archive) -> list[tuple[object, ...]]:
    """Bring obligations up to now; return when which records may go."""
    book, now = rule_reader(archive).readable(), archive.clock.now()
    assert obligations_of(archive).settle(book, now) is not None
    with archive.catalog._engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT hex(record), retain_until, delete_at, due_at FROM obligations ORDER BY record"
        )
        return [tuple(row) for row in rows]


def test_what_cannot_be_opened_is_due_and_stays(tmp_path: Path) -> None:
    with sandbox(tmp_path) as archive:
        lost = dated(archive, [2001])
        whole = dated(archive, [2002])
        in_force(archive, maximum="5y")
        archive.follow()
        (row,) = archive.pointers.select_pointers_of(lost)
        (tmp_path / "home" / "bucket" / segment_name(row.pointer.segment_id)).unlink()
        dry = desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS)
        assert (dry.planned, dict(dry.kept)) == (1, {"unreadable": 1})
        done = desk(archive).run(LOCAL_ACTOR)
        assert (done.destroyed, dict(done.kept)) == (1, {"unreadable": 1})
        assert states(archive, [*lost, *whole]) == ["CorruptError", "GoneError"]
