"""Legal holds of records: on every object that holds them, and lifted where nobody needs them."""

from pathlib import Path

from archive.locking.records import RecordLocks
from tests.erasing.house import host, plain


def test_holds_are_placed_and_lifted_where_nobody_else_needs_them(tmp_path: Path) -> None:
    opened = host(tmp_path, None)
    together = [row.originator_id for row in opened.commit(plain(), plain())]
    alone = opened.commit(plain())[0].originator_id
    service = RecordLocks(opened.pointers, opened.bucket)
    assert service.hold([*together, alone]) == 4
    assert service.lift([together[0], alone], needed=service.objects([together[1]])) == 2
    held = {name for name in opened.bucket.names("") if opened.bucket.stat(name).legal_hold}
    assert held == service.objects(together)
    assert service.lift(together, needed=()) == 2
    assert not any(opened.bucket.stat(name).legal_hold for name in opened.bucket.names(""))
    opened.close()
