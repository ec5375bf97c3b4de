"""Whether a record stands in a scope, where some of its words could not be read."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from archive.model.interaction import Attachment, Channel, Content
from archive.model.record import Record
from archive.model.unreadable import Unreadable
from archive.query.parser import parse
from policies.scopes import Standing, standing, standings

OUT, UNKNOWN, IN = Standing


def record(unreadable: Unreadable | None) -> Record:
    scan = Attachment(filename="scan.pdf", size=1, sha256="0" * 64, part="2", unreadable=unreadable)
    return Record(
        id=UUID(int=1),
        version=1,
        seq=1,
        first_seq=1,
        captured_at=datetime(2024, 1, 1, tzinfo=UTC),
        content=Content(
            source="desk",
            native_id="1",
            channel=Channel.EMAIL,
            subject="Lunch",
            text="The fee is due.",
            attachments=(scan,),
        ),
        custodian="Ann",
        labels={},
        size=10,
        sha256="0" * 64,
        media_type="message/rfc822",
    )


@pytest.mark.parametrize(
    ("scope", "read", "unread"),
    [
        ("*", IN, IN),
        ("fee", IN, IN),
        ("rebate", OUT, UNKNOWN),
        ('"side letter"', OUT, UNKNOWN),
        ("fee w/3 due", IN, IN),
        ("fee w/3 rebate", OUT, UNKNOWN),
        ("subject:lunch", IN, IN),
        ("subject:rebate", OUT, OUT),
        ("attachment:rebate", OUT, UNKNOWN),
        ("channel:email", IN, IN),
        ("channel:chat", OUT, OUT),
        ("NOT rebate", IN, UNKNOWN),
        ("NOT fee", OUT, OUT),
        ("NOT channel:email", OUT, OUT),
        ("channel:email AND rebate", OUT, UNKNOWN),
        ("channel:chat AND rebate", OUT, OUT),
        ("channel:email OR rebate", IN, IN),
        ("channel:chat OR rebate", OUT, UNKNOWN),
        ("channel:email AND NOT rebate", IN, UNKNOWN),
        ("fee NOT w/3 rebate", IN, UNKNOWN),
        ("from:rebate@example.com", OUT, OUT),
        ("custodian:ann", IN, IN),
    ],
)
def test_what_is_not_known_is_said(scope, read, unread):
    assert standing(parse(scope), record(None)) is read
    assert standing(parse(scope), record(Unreadable.ENCRYPTED)) is unread


def test_many_scopes_of_one_record_are_judged_as_each_alone():
    scopes = [parse(text) for text in ("fee", "rebate", "custodian:ann", "NOT rebate", "is:edited")]
    for one in (record(None), record(Unreadable.ENCRYPTED)):
        judge = standings(one)
        assert [judge(scope) for scope in scopes] == [standing(scope, one) for scope in scopes]
