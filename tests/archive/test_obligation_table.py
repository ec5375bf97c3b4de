"""Obligations in SQL: written over, outdated by what comes later, listed when they are due."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert

from archive.catalog.obligations import Obligation, ObligationTable
from archive.catalog.tables import records, reviews
from archive.database import open_database
from tests.archive import histories

FIRST, SECOND = UUID(int=1).bytes, UUID(int=2).bytes
SOON = datetime(2024, 5, 1, 9, 0, 0, 123_999, tzinfo=UTC)
LATER = datetime(2031, 1, 1, tzinfo=UTC)


def test_an_obligation_is_written_over(tmp_path: Path, each_database: str | None) -> None:
    database = open_database(histories.settings(tmp_path, "home", each_database))
    database.pointers.create(UUID(int=9))
    engine = database.catalog()
    table = ObligationTable(engine)
    captured = {"channel": 1, "kind": 1, "captured_at": 5, "size": 9}
    with engine.begin() as connection:
        for seq, record in enumerate((FIRST, SECOND), 1):
            connection.execute(
                insert(records).values(id=record, first_seq=seq, seq=seq, version=1, **captured)
            )
        connection.execute(insert(reviews).values(record=SECOND, disposition=1, state=1, seq=3))
    first, second = table.outdated(b"a", 0, 10)
    assert (first.id, first.first_seq, first.size, bool(first.in_review)) == (FIRST, 1, 9, False)
    assert (second.id, second.occurred_at, bool(second.in_review)) == (SECOND, None, True)

    table.put([Obligation(each, b"a", 2, None, SOON, SOON) for each in (FIRST, SECOND)])
    assert table.outdated(b"a", 0, 10) == []
    assert [each.first_seq for each in table.due(b"a", SOON, 0, 10)] == [1, 2]
    assert [each.id for each in table.outdated(b"b", 1, 10)] == [SECOND]

    table.put([Obligation(SECOND, b"a", 2, LATER, LATER, None)])
    assert [each.id for each in table.due(b"a", LATER, 0, 10)] == [UUID(bytes=FIRST)]
    assert table.count_due(b"a", LATER) == 1
    just_before = SOON.replace(microsecond=122_999)
    assert table.count_due(b"a", just_before) == 0
    engine.dispose()
    database.close()
