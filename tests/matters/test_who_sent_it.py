"""Who sent a record: its events say so, `history` tells it, and the auditor asks the trail."""

from dataclasses import replace
from uuid import UUID

import pytest

from api.app import create_app
from archive.capture.withdrawal import withdraw
from archive.errors import InvalidError
from archive.events.audit import FOR_OPERATIONS
from archive.events.types import EVENT_TYPES, InteractionCaptured
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.trail.asked import TrailRequest
from tests.archive.house import line
from tests.policies.conftest import call
from tests.users.conftest import archive, clock

__all__ = ["archive", "call", "clock"]
AUDITOR = Actor("auditor", "auditor", Role.AUDITOR)


def told(archive, record_id, purpose=FOR_OPERATIONS):
    events = archive.access.history(LOCAL_ACTOR, purpose, record_id).events
    return [(each.type, each.sent_by, each.sent_token) for each in events]


def test_each_event_of_a_record_says_who_sent_it(archive, clock):
    client = create_app(lambda: archive, clock=clock).test_client()
    bo = archive.administration.register(LOCAL_ACTOR, "Bo", [Role.COLLECTOR])
    text, token = archive.administration.issue_token(LOCAL_ACTOR, "Bo")
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
    sent = client.post("/v1/interactions", data=line("1", custodian="Ann"), headers=headers)
    assert sent.status_code == 201, sent.text
    record_id = UUID(sent.get_json()["id"])
    lines = b"\n".join([line("1", "another", custodian="Ann"), line("2")])
    headers["Content-Type"] = "application/x-ndjson"
    bulk = client.post("/v1/interactions/bulk", data=lines, headers=headers)
    assert bulk.status_code == 200 and b"archived" in bulk.data
    withdraw(archive, LOCAL_ACTOR, "desk", "Ann", "1")
    archive.follow()
    assert told(archive, record_id) == [
        ("interaction.captured", "Bo", token.id),
        ("interaction.revised", "Bo", token.id),
        ("interaction.withdrawn", "local", None),
    ]
    for hidden in (Purpose("training"), Purpose("compensation")):
        assert {each[1:] for each in told(archive, record_id, hidden)} == {(None, None)}

    def asked(*action, **further):
        wanted = TrailRequest(action=action, record=record_id, order="oldest", **further)
        page = archive.trail.page(AUDITOR, FOR_OPERATIONS, wanted)
        assert page.total == len(page.entries)
        return page.entries

    captured, _ = asked("interaction.captured", "interaction.revised")
    assert (captured.actor, captured.actor_name, captured.token) == (str(bo.id), "Bo", token.id)
    assert (captured.action, captured.records) == ("interaction.captured", (record_id,))
    archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, record_id)
    archive.follow()
    both = asked("show", "interaction.withdrawn")
    assert [each.action for each in both] == ["interaction.withdrawn", "show"]
    kinds = tuple(each for each in EVENT_TYPES if each.startswith("interaction."))
    assert len(asked(*kinds)) == 3
    assert [each.action for each in asked(*kinds, actor="local")] == ["interaction.withdrawn"]
    assert len(asked(*kinds, since=captured.at)) == 3 and not asked(*kinds, until=captured.at)
    assert not asked(*kinds, matter="smith") and not asked(*kinds, allowed=False)
    with pytest.raises(InvalidError, match="one record"):
        archive.trail.page(AUDITOR, FOR_OPERATIONS, TrailRequest(action=kinds))


def test_an_import_says_who_ran_it(call, tmp_path):
    (tmp_path / "chat.ndjson").write_bytes(line("1"))
    call("init")
    call("import", "chat.ndjson", "--source", "desk", "--custodian", "Ann")
    (found,) = call("search", "")["results"]
    (event,) = call("history", found["id"])["events"]
    assert (event["sent_by"], event["sent_token"]) == ("local", None)
    assert "local" in call("history", found["id"], as_json=False)


def test_what_was_written_before_is_read_and_ids_do_not_depend_on_the_sender(archive):
    ann = replace(LOCAL_ACTOR, id="ann", token="0123456789abcdef")
    (first,) = archive.intake.capture(ann, [line("1")])
    (again,) = archive.intake.capture(LOCAL_ACTOR, [line("1")])
    assert (again.status, again.id) == ("already", first.id)
    (row,) = archive.pointers.select_pointers_of([first.id])
    (opened,) = archive.opener.open([row])
    event = archive.mapper.event(opened)
    assert isinstance(event, InteractionCaptured)
    assert event.custody_box() == b'{"sent_by":"ann","sent_token":"0123456789abcdef"}'
    plain = event.model_copy(update={"sent_by": None, "sent_token": None})
    assert plain.custody_box() == b"{}"
    assert (event.evidence_box(), plain.evidence_box()) == (plain.evidence_box(),) * 2
    old = InteractionCaptured.fields_of(plain.evidence_box(), b"{}")
    assert "sent_by" not in old
    held = event.model_copy(update={"custodian": "Ann"})
    fields = InteractionCaptured.fields_of(held.evidence_box(), held.custody_box())
    assert (fields["custodian"], fields["sent_by"]) == ("Ann", "ann")
