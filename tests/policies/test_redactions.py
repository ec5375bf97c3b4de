"""Redacting one who takes part in a record: it stays without them, and nothing brings them back."""

import json

import pytest

from archive.capture.withdrawal import withdraw
from archive.erasing.eraser import Eraser
from archive.errors import ConflictError, GoneError, InvalidError
from archive.events.audit import FOR_OPERATIONS
from archive.events.hold_events import HoldScope
from archive.log.publisher import log_signer
from archive.model.roles import LOCAL_ACTOR
from policies.desk import retention_desk
from policies.erasures.masking import MARK
from policies.purging.batches import Batches, Looked
from policies.purging.certificate import check
from policies.purging.opening import purge_desk
from tests.archive.house import OPERATIONS, capture, found, line, search
from tests.policies.purging_house import SECOND, in_force, place_hold, states
from tests.policies.test_erasures import answered, decided, desk, listed, opened

MAIA = {"role": "to", "address": "Maia@old.example", "name": "Maia Bleu"}
AUTHOR = {**MAIA, "role": "from"}
OTTO = {"role": "from", "address": "otto@firm.example", "name": "Otto Grau"}
ANN = {"role": "cc", "address": "ann@firm.example", "name": "Ann"}
LETTER = "Xanthippe, ask Maia Bleu or maia@old.example about it.\n> I was there, says she.\nOtto\n"
TEXT = {"filename": "bleu.txt", "media_type": "text/plain", "data": "eWVzdGVyZGF5"}


def written(native_id, *people, text=LETTER, **fields):
    return line(native_id, text, participants=list(people), **fields)


def redacted(archive, *records, **fields):
    """Open a case on Maia, redact these records, and return the case."""
    case = opened(archive, aliases=["maia@old.example"], **fields)
    decided(archive, case, decision="redact", records=list(records))
    return desk(archive).execute(SECOND, case.id)


def shown(archive, record):
    archive.follow()
    return archive.access.show(LOCAL_ACTOR, OPERATIONS, record)


def test_the_record_stays_for_the_others_without_the_person(archive):
    (record,) = capture(
        archive,
        written("m-1", OTTO, MAIA, ANN, subject="For Maia: lunch", attachments=[TEXT]),
    )
    before = shown(archive, record)
    case = redacted(archive, record)
    assert (case.state, case.redacted, case.to_redact, case.erased) == ("open", 1, 0, 0)
    after = shown(archive, record)
    people = [(one.role, one.name, one.address) for one in after.participants]
    assert people == [
        ("from", "Otto Grau", "otto@firm.example"),
        ("to", MARK, None),
        ("cc", "Ann", "ann@firm.example"),
    ]
    assert after.subject == f"For {MARK}: lunch"
    assert after.text == f"Xanthippe, ask {MARK} or {MARK} about it.\n{MARK}\nOtto\n"
    assert [(each.filename, each.text, each.sha256) for each in after.attachments] == [
        (f"{MARK}.txt", None, "")
    ]
    kept = ("id", "captured_at", "occurred_at", "channel", "source", "conversation", "native_id")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (after.version, after.redacted, after.original.sha256) == (2, case.id, "")
    assert (after.edited, after.original.size) == (False, before.original.size)
    assert found(archive, "xanthippe") == found(archive, "to:redacted") == {record}
    assert not found(archive, "maia OR bleu OR there OR yesterday")


def test_what_the_person_wrote_goes_whole(archive):
    mine, chat, sole = capture(
        archive,
        written("1", AUTHOR, {**OTTO, "role": "to"}, text="Secret words", subject="My subject"),
        written("2", {**MAIA, "role": "member"}, {**ANN, "role": "member"}, channel="chat"),
        written("3", {**AUTHOR, "role": "author"}, html="<p>Secret words</p>", text=None),
    )
    redacted(archive, mine, chat, sole)
    for record in (mine, chat):
        assert shown(archive, record).text == MARK
    assert shown(archive, mine).subject == MARK
    assert (shown(archive, sole).text, shown(archive, sole).html_text) == (None, MARK)
    assert found(archive, "*") == {mine, chat, sole}
    assert not found(archive, "secret OR subject OR xanthippe")


def test_what_stood_before_is_gone_everywhere(archive):
    (record,) = capture(archive, written("1", OTTO, MAIA))
    capture(archive, written("1", OTTO, MAIA, text="Edited for Maia"))
    archive.follow()
    archive.publish()
    before = archive.pointers.last_seq()
    proved = archive.access.prove(LOCAL_ACTOR, OPERATIONS, record, version=1)
    case = redacted(archive, record)
    archive.publish()
    with pytest.raises(GoneError, match=f"withheld: it was redacted by case {case.id}"):
        archive.access.original(LOCAL_ACTOR, OPERATIONS, record)
    with pytest.raises(GoneError, match="withheld"):
        archive.access.attachment(LOCAL_ACTOR, OPERATIONS, record, "")
    with pytest.raises(GoneError, match="withheld"):
        archive.access.as_sent(LOCAL_ACTOR, OPERATIONS, record)
    with pytest.raises(GoneError, match=f"redacted after event {before}"):
        archive.access.show(LOCAL_ACTOR, OPERATIONS, record, as_of=before)
    told = archive.access.history(LOCAL_ACTOR, OPERATIONS, record).events
    assert [(each.type, each.recorded_at is None, each.case) for each in told] == [
        ("interaction.captured", True, None),
        ("interaction.revised", True, None),
        ("interaction.redacted", False, case.id),
    ]
    for version in (1, 2):
        proof = archive.access.prove(LOCAL_ACTOR, OPERATIONS, record, version=version)
        assert proof.evidence is None
    first = archive.access.prove(LOCAL_ACTOR, OPERATIONS, record, version=1)
    assert (first.index, first.leaf_hash) == (proved.index, proved.leaf_hash)
    assert archive.access.prove(LOCAL_ACTOR, OPERATIONS, record, version=3).evidence is not None
    earlier = search(archive, "*", as_of=before)
    assert (earlier.total, earlier.not_searched.erased) == (0, 1)
    lost = archive.unsearchable.page(LOCAL_ACTOR, OPERATIONS, as_of=before)
    assert [(each.id, each.state) for each in lost.records] == [(record, "erased")]
    now = search(archive, "*")
    assert (now.total, now.not_searched.erased) == (1, 0)


def test_archiving_it_again_neither_revives_nor_revises_it(archive):
    lines = [
        written("1", OTTO, MAIA),
        written("2", OTTO, MAIA, text="Much of it. " * 10_000),
    ]
    ids = capture(archive, *lines)
    case = redacted(archive, *ids)
    certificate = case.orders[0].certificate
    wanted = [("redacted", certificate)] * 2
    assert certificate is not None
    for again in (lines, [written(each, OTTO, MAIA, text="Maia, anew") for each in ("1", "2")]):
        told = archive.intake.capture(LOCAL_ACTOR, again)
        assert [(each.status, each.certificate) for each in told] == wanted
    assert [shown(archive, record).version for record in ids] == [2, 2]
    assert not found(archive, "maia")


def test_the_certificate_counts_it_apart_from_what_is_destroyed(archive):
    gone, left = capture(archive, written("1", AUTHOR), written("2", OTTO, MAIA))
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case, decision="erase", records=[gone])
    told = decided(archive, case, decision="redact", records=[left])
    assert (told.to_erase, told.to_redact, told.undecided) == (1, 1, 0)
    with pytest.raises(ConflictError, match="1 records are decided to be erased"):
        answered(archive, case)
    done = desk(archive).execute(SECOND, case.id)
    assert states(archive, [gone, left]) == ["GoneError", "Loaded"]
    (order,) = done.orders
    ordered = (order.records, order.to_redact, order.condemned, order.destroyed, order.redacted)
    assert ordered == (1, 1, 1, 1, 1)
    signed = purge_desk(archive).certificate(LOCAL_ACTOR, order.certificate)
    certificate = check(signed.document, signed.note, log_signer(archive.keyring).verifier)
    assert (certificate.records, certificate.events, len(certificate.leaves)) == (1, 2, 2)
    assert [group.records for group in certificate.groups] == [1]
    assert [group.records for group in certificate.redacted] == [1]
    assert certificate.exceptions == ()
    here = listed(archive, case)
    assert [(here[each].erased, here[each].redacted) for each in (gone, left)] == [
        (True, False),
        (False, True),
    ]
    assert here[left].certificate == order.certificate
    with pytest.raises(ConflictError, match="Nothing that is there"):
        desk(archive).execute(SECOND, case.id)
    assert answered(archive, case).state == "closed"


def test_what_a_hold_or_a_minimum_reaches_is_not_redacted(archive):
    held, young, later, mention = capture(
        archive,
        written("1", OTTO, MAIA, text="the guarantee", occurred_at="2001-01-01T00:00:00Z"),
        written("2", OTTO, MAIA, channel="email"),
        written("3", OTTO, MAIA, text="the rebate", occurred_at="2001-01-01T00:00:00Z"),
        written("4", OTTO, ANN, text="about maia", occurred_at="2001-01-01T00:00:00Z"),
    )
    in_force(archive, scope="channel:email", minimum="90y")
    place_hold(archive, "smith", HoldScope(query="guarantee"))
    case = opened(archive, aliases=["maia@old.example"], query="maia")
    for barred in (held, young):
        with pytest.raises(InvalidError, match="cannot be redacted"):
            decided(archive, case, decision="redact", records=[barred])
    with pytest.raises(InvalidError, match="takes no part"):
        decided(archive, case, decision="redact", records=[mention])
    decided(archive, case, decision="redact", records=[later])
    place_hold(archive, "jones", HoldScope(query="rebate"))
    done = desk(archive).execute(SECOND, case.id)
    assert (done.redacted, done.to_redact, done.orders[0].kept) == (0, 1, {"held": 1})
    assert done.orders[0].certificate is None
    assert shown(archive, later).text == "the rebate"


def test_it_can_be_redacted_for_another_and_then_be_erased(archive):
    (record,) = capture(archive, written("1", AUTHOR, {**OTTO, "role": "to"}, ANN))
    first = redacted(archive, record)
    otto = opened(archive, name="Otto Grau", aliases=["otto@firm.example"])
    decided(archive, otto, decision="redact", records=[record])
    second = desk(archive).execute(SECOND, otto.id)
    after = shown(archive, record)
    assert (after.version, after.redacted) == (3, otto.id)
    assert [one.name for one in after.participants] == [MARK, MARK, "Ann"]
    assert first.orders[0].certificate != second.orders[0].certificate
    ann = opened(archive, name="Ann", aliases=["ann@firm.example"])
    decided(archive, ann, decision="erase", records=[record])
    third = desk(archive).execute(SECOND, ann.id)
    assert third.erased == 1
    with pytest.raises(GoneError, match="has been erased"):
        shown(archive, record)
    (again,) = archive.intake.capture(LOCAL_ACTOR, [written("1", AUTHOR)])
    assert (again.status, again.certificate) == ("erased", third.orders[0].certificate)
    signed = purge_desk(archive).certificate(LOCAL_ACTOR, third.orders[0].certificate)
    told = json.loads(signed.document)
    # What the redactions destroyed stands on their certificates.
    assert (told["records"], told["events"], told["exceptions"]) == (1, 1, [])
    assert told["bytes"] == 0


def test_a_source_may_still_take_it_back(archive):
    (record,) = capture(archive, written("1", OTTO, MAIA))
    redacted(archive, record)
    withdraw(archive, LOCAL_ACTOR, "desk", None, "1")
    after = shown(archive, record)
    assert (after.version, after.deleted, after.text) == (3, True, shown(archive, record).text)
    assert found(archive, "xanthippe AND is:deleted") == {record}
    (again,) = archive.intake.capture(LOCAL_ACTOR, [written("1", OTTO, MAIA, text="Back")])
    assert again.status == "redacted"


def test_a_revision_that_comes_in_meanwhile_goes_too(archive, monkeypatch):
    (record,) = capture(archive, written("1", OTTO, MAIA))
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case, decision="redact", records=[record])
    look = Batches.look
    looks: list[Looked] = []

    def looked(self, *arguments):
        told = look(self, *arguments)
        if not looks:
            capture(archive, written("1", OTTO, MAIA, text="Maia, Zebedee says so"))
        looks.append(told)
        return told

    monkeypatch.setattr(Batches, "look", looked)
    assert desk(archive).execute(SECOND, case.id).redacted == 1
    after = shown(archive, record)
    assert (len(looks), after.version, after.edited) == (2, 3, True)
    assert after.text == f"{MARK}, Zebedee says so"
    rows = archive.pointers.select_pointers_of([record])
    assert purge_desk(archive)._reader.not_erased(rows[:-1]) == []


def test_of_which_an_alias_was_taken_away_stays_as_it_is(archive):
    (record,) = capture(archive, written("1", OTTO, MAIA))
    people = archive.people_desk
    aliases = ["maia@old.example", "maia@new.example"]
    maia = people.record(LOCAL_ACTOR, FOR_OPERATIONS, "Maia", aliases)
    case = opened(archive, person=maia.id)
    decided(archive, case, decision="redact", records=[record])
    people.split(LOCAL_ACTOR, FOR_OPERATIONS, maia.id, "Somebody else", ["maia@old.example"])
    done = desk(archive).execute(SECOND, case.id)
    assert (done.redacted, done.orders[0].kept) == (0, {"absent": 1})
    assert shown(archive, record).version == 1


def test_dates_and_what_governs_it_are_as_they_were(archive):
    (record,) = capture(archive, written("1", OTTO, MAIA, occurred_at="2001-01-01T00:00:00Z"))
    in_force(archive, scope="xanthippe", maximum="90y")
    before = retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, record)
    redacted(archive, record)
    after = retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, record)
    assert before.delete_at == after.delete_at is not None


def test_what_is_locked_in_the_bucket_stays_as_it_is(archive, monkeypatch):
    (record,) = capture(archive, written("1", OTTO, MAIA))
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case, decision="redact", records=[record])
    monkeypatch.setattr(Eraser, "locked_records", lambda self, rows: {record: None})
    done = desk(archive).execute(SECOND, case.id)
    assert (done.redacted, done.orders[0].kept) == (0, {"locked": 1})
    assert shown(archive, record).version == 1
