"""Cases of erasure: what is found, what may go, what stays, and what is told of it."""

from datetime import date, timedelta

import pytest

from archive.erasing.eraser import Eraser
from archive.errors import ConflictError, CorruptError, ForbiddenError, InvalidError
from archive.events.audit import FOR_OPERATIONS
from archive.events.hold_events import HoldScope
from archive.log.publisher import log_signer
from archive.model.roles import LOCAL_ACTOR
from policies.erasures.answers import CaseDecision
from policies.erasures.opening import erasure_desk, searching_of
from policies.purging.certificate import check
from policies.purging.opening import purge_desk
from policies.records import GovernedRecords
from policies.requests.answers import CaseClosing, CaseRequest
from policies.requests.case import due_on
from tests.archive.house import OPERATIONS, capture, found, line
from tests.archive.test_damage import flip
from tests.policies.purging_house import SECOND, in_force, place_hold, release_hold, states

MAIA = {"role": "from", "address": "Maia@old.example"}
NEW = {"role": "cc", "address": "maia@new.example"}
NICK = {"role": "member", "name": "maiableu"}
OTHER = {"role": "to", "address": "otto@firm.example"}


def written(native_id, *people, text="Good morning", **fields):
    return line(native_id, text, participants=list(people), **fields)


def desk(archive):
    archive.follow()
    return erasure_desk(archive)


def opened(archive, **fields):
    wanted = {"received_on": archive.clock.now().date(), "name": "Maia Bleu", **fields}
    return desk(archive).open(LOCAL_ACTOR, CaseRequest.read(wanted))


def decided(archive, case, **fields):
    return desk(archive).decide(LOCAL_ACTOR, case.id, CaseDecision.read(fields))


def answered(archive, case):
    closing = CaseClosing.read({"outcome": "answered"})
    return desk(archive).close(LOCAL_ACTOR, case.id, closing)


def listed(archive, case):
    page = desk(archive).records(LOCAL_ACTOR, OPERATIONS, case.id, 500)
    return {each.id: each for each in page.records}


@pytest.mark.parametrize(
    ("received", "extended", "due"),
    [
        ("2023-01-31", False, "2023-02-28"),
        ("2024-01-31", False, "2024-02-29"),
        ("2024-02-29", False, "2024-03-29"),
        ("2024-11-30", True, "2025-02-28"),
        ("2024-12-15", False, "2025-01-15"),
    ],
)
def test_a_request_is_due_after_months_of_the_calendar(received, extended, due):
    assert due_on(date.fromisoformat(received), extended=extended) == date.fromisoformat(due)


def test_all_copies_under_all_aliases_in_every_role_are_found(archive):
    mine = capture(
        archive,
        written("1", MAIA, OTHER, custodian="Otto"),
        written("1", MAIA, OTHER, custodian="Ann"),
        written("2", OTHER, NEW),
        written("3", NICK, OTHER, channel="chat"),
    )
    (looks,) = capture(archive, written("4", {"role": "from", "name": "Maia Bleu"}, OTHER))
    capture(archive, written("5", OTHER, {"role": "to", "address": "other-maia@old.example"}))
    (mention,) = capture(archive, written("6", OTHER, text="Ask Maia about it"))
    aliases = ["maia@old.example", "maia@new.example", "MaiaBleu"]
    archive.people_desk.record(LOCAL_ACTOR, FOR_OPERATIONS, "Maia Bleu", aliases)
    case = opened(archive, aliases=["MAIA@old.example"], query="maia")
    assert case.aliases == tuple(sorted(map(str.casefold, aliases)))
    assert (case.found, case.participant, case.mention) == (6, 4, 2)
    there = listed(archive, case)
    assert {each for each, told in there.items() if told.found == "participant"} == set(mine)
    assert {looks, mention} < there.keys() and there[mention].proposed == "none"
    assert there[mine[0]].proposed == "erase"
    assert there[mine[0]].record.subject is None and there[mine[0]].record.snippet == ""


def test_a_name_is_no_pattern(archive):
    capture(archive, written("1", MAIA, OTHER), written("2", {"role": "from", "name": "*"}, OTHER))
    for name in ("*", "M?ia", "Ma*", "\\", "—"):
        assert opened(archive, name=name).found == 0
    (told,) = capture(archive, written("3", {"role": "from", "name": "Bleu, Maia"}, OTHER))
    case = opened(archive, name="bleu maia")
    assert list(listed(archive, case)) == [told]


def test_an_edited_message_is_found_by_what_it_was(archive):
    (edited,) = capture(archive, written("1", MAIA, OTHER))
    capture(archive, written("1", OTHER, text="Edited"))
    case = opened(archive, aliases=["maia@old.example"])
    assert list(listed(archive, case)) == [edited]


def test_what_comes_in_later_is_found_until_the_case_is_closed(archive):
    first = capture(archive, written("1", MAIA, OTHER))
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case, decision="refuse", ground="unrelated")
    later = capture(archive, written("2", MAIA, OTHER))
    with pytest.raises(ConflictError, match="1 records it is not decided"):
        answered(archive, case)
    assert list(listed(archive, case)) == [*first, *later]
    other = capture(archive, written("3", NEW, OTHER))
    archive.people_desk.record(
        LOCAL_ACTOR, FOR_OPERATIONS, "Maia", ["maia@old.example", "maia@new.example"]
    )
    archive.follow()
    assert searching_of(archive).find_all() == 1
    assert list(listed(archive, case)) == [*first, *later, *other]
    assert searching_of(archive).find_all() == 0
    decided(archive, case, decision="refuse", ground="unrelated")
    assert answered(archive, case).state == "closed"
    capture(archive, written("4", MAIA, OTHER))
    archive.follow()
    assert searching_of(archive).find_all() == 0
    with pytest.raises(ConflictError, match="closed"):
        desk(archive).find(LOCAL_ACTOR, case.id)


def test_what_could_not_be_looked_into_is_counted_as_it_stands(archive, tmp_path):
    def seen():
        archive.follow()
        searching_of(archive).find_all()
        told = desk(archive).case(LOCAL_ACTOR, case.id)
        return told.unsearched, told.unopened

    (torn,) = capture(archive, written("1", OTHER, text="Maia"))
    capture(archive, written("2", OTHER, attachments=[SCAN]))
    (row,) = archive.pointers.select_pointers_of([torn])
    flip(tmp_path, row)
    case = opened(archive, aliases=["maia@old.example"], query="maia")
    assert seen() == (1, 1)
    capture(archive, written("2", OTHER, attachments=[SCAN], text="Good evening"))
    assert seen() == (1, 1)
    flip(tmp_path, row)
    assert seen() == (1, 0) and list(listed(archive, case)) == [torn]
    capture(archive, written("2", OTHER, attachments=[SCAN], text="Good night"))
    assert seen() == (1, 0)
    capture(archive, written("2", OTHER, attachments=[SCAN], text="Good night, Maia"))
    assert seen() == (0, 0)


def test_what_cannot_be_opened_has_nothing_else_looked_at_again(archive, tmp_path, monkeypatch):
    looked = []
    load_each = GovernedRecords.load_each

    def load(self, ids):
        looked.extend(ids)
        return load_each(self, ids)

    monkeypatch.setattr(GovernedRecords, "load_each", load)

    def look():
        looked.clear()
        archive.follow()
        searching_of(archive).find_all()
        told = desk(archive).case(LOCAL_ACTOR, case.id)
        return set(looked), (told.unsearched, told.unopened)

    records = capture(archive, *(written(str(number), MAIA, OTHER) for number in range(6)))
    rows = archive.pointers.select_pointers_of(records)
    torn, other = rows[1], rows[4]
    for row in (torn, other):
        flip(tmp_path, row)
    lost = {torn.originator_id, other.originator_id}
    case = opened(archive, aliases=["maia@old.example"])
    assert look() == (lost, (0, 2))
    later = capture(archive, written("7", OTHER, attachments=[SCAN]))
    assert look() == ({*lost, *later}, (0, 2))
    flip(tmp_path, torn)
    assert look() == ({*records, *later}, (0, 1))
    assert torn.originator_id in listed(archive, case)
    assert look() == ({other.originator_id}, (0, 1))
    flip(tmp_path, other)
    assert look() == ({*records, *later}, (0, 0))
    assert look() == (set(), (0, 0))
    assert set(listed(archive, case)) == {*records}


def test_an_alias_that_was_taken_away_proposes_nothing_any_more(archive):
    (record,) = capture(archive, written("1", NEW, OTHER))
    people = archive.people_desk
    aliases = ["maia@old.example", "maia@new.example"]
    maia = people.record(LOCAL_ACTOR, FOR_OPERATIONS, "Maia", aliases)
    case = opened(archive, person=maia.id)
    assert listed(archive, case)[record].proposed == "erase"
    people.split(LOCAL_ACTOR, FOR_OPERATIONS, maia.id, "Somebody else", ["maia@new.example"])
    assert listed(archive, case)[record].proposed == "none"
    decided_now = {"decision": "refuse", "ground": "unrelated"}
    assert decided(archive, case, **decided_now).refused == 1


def test_what_may_go_goes_and_what_is_barred_stays(archive):
    free, held, young, secret = capture(
        archive,
        written("1", MAIA, OTHER, text="Xanthippe", occurred_at="2001-01-01T00:00:00Z"),
        written("2", MAIA, OTHER, text="the guarantee", occurred_at="2001-01-01T00:00:00Z"),
        written("3", MAIA, OTHER, text="Xanthippe", channel="email"),
        written("4", MAIA, OTHER, occurred_at="2001-01-01T00:00:00Z", attachments=[SCAN]),
    )
    (else_,) = capture(archive, written("5", OTHER, text="Xanthippe"))
    in_force(archive, scope="channel:email", minimum="90y")
    place_hold(archive, "smith", HoldScope(query="guarantee"))
    case = opened(archive, aliases=["maia@old.example"])
    causes = {
        each: [(cause.ground, cause.name, cause.certain) for cause in told.causes]
        for each, told in listed(archive, case).items()
    }
    assert causes == {
        free: [("request", None, True)],
        held: [("hold", "smith", True)],
        young: [("minimum", "plain", True)],
        secret: [("hold", "smith", False)],
    }
    for barred in (held, young, secret):
        with pytest.raises(InvalidError, match="cannot be erased"):
            decided(archive, case, decision="erase", records=[barred])
    told = decided(archive, case)
    assert (told.to_erase, told.refused, told.undecided) == (1, 3, 0)
    with pytest.raises(ForbiddenError, match="Somebody else"):
        desk(archive).execute(LOCAL_ACTOR, case.id)
    done = desk(archive).execute(SECOND, case.id)
    assert (done.state, done.erased, done.to_erase, done.problems) == ("open", 1, 0, ())
    assert states(archive, [free, held, young, secret, else_]) == ["GoneError"] + ["Loaded"] * 4
    assert found(archive, "xanthippe") == {young, else_}
    (order,) = done.orders
    assert (order.records, order.destroyed, order.kept) == (1, 1, {})
    signed = purge_desk(archive).certificate(LOCAL_ACTOR, order.certificate)
    certificate = check(signed.document, signed.note, log_signer(archive.keyring).verifier)
    assert certificate.case is not None
    assert (certificate.case.id, certificate.purge, certificate.records) == (case.id, None, 1)
    assert certificate.case.decided_by == ("local",) and certificate.policies == ()
    again = archive.intake.capture(LOCAL_ACTOR, [written("1", MAIA, OTHER, text="Xanthippe")])
    assert [(each.status, each.certificate) for each in again] == [("erased", order.certificate)]
    assert answered(archive, case).outcome == "answered"
    with pytest.raises(ConflictError, match="closed"):
        decided(archive, case)


SCAN = {"filename": "scan.pdf", "media_type": "application/pdf", "data": "JVBERi0xLjQKJSVFT0YK"}


def test_what_is_barred_after_it_was_decided_stays(archive):
    free, held = capture(
        archive, written("1", MAIA, OTHER), written("2", MAIA, OTHER, text="guarantee")
    )
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case)
    place_hold(archive, "smith", HoldScope(query="guarantee"))
    done = desk(archive).execute(SECOND, case.id)
    assert (done.erased, done.to_erase, done.orders[-1].kept) == (1, 1, {"held": 1})
    with pytest.raises(ConflictError, match="are decided to be erased and are not"):
        answered(archive, case)
    in_force(archive, minimum="90y")
    release_hold(archive, "smith")
    assert desk(archive).execute(SECOND, case.id).orders[-1].kept == {"minimum": 1}
    assert states(archive, [free, held]) == ["GoneError", "Loaded"]
    assert decided(archive, case, decision="refuse", records=[held]).to_erase == 0
    with pytest.raises(ConflictError, match="Nothing that is there"):
        desk(archive).execute(SECOND, case.id)
    assert answered(archive, case).state == "closed"


@pytest.mark.usefixtures("all_erasable")
def test_nothing_goes_while_a_policy_or_a_hold_cannot_be_read(archive):
    (record,) = capture(archive, written("1", MAIA, OTHER))
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case)
    in_force(archive, scope="channel:email", maximum="5y")
    (row, *_) = archive.pointers.select_pointers(
        archive.identity.stream("policies"), gt=None, lte=None, desc=False, limit=None
    )
    archive.eraser.erase([row], actor="local", ground="a defect")
    with pytest.raises(CorruptError):
        desk(archive).execute(SECOND, case.id)
    assert states(archive, [record]) == ["Loaded"]
    (told,) = listed(archive, case).values()
    assert (told.proposed, told.causes[0].ground) == ("refuse", "unreadable")


def test_a_case_is_extended_once_and_in_time(archive, clock):
    case = opened(archive, aliases=["maia@old.example"])
    assert not case.overdue
    extended = desk(archive).extend(LOCAL_ACTOR, case.id, "many records")
    assert extended.due_on == due_on(case.received_on, extended=True)
    with pytest.raises(ConflictError, match="once"):
        desk(archive).extend(LOCAL_ACTOR, case.id, "more records")
    late = opened(archive, aliases=["maia@old.example"])
    clock.move(days=35)
    with pytest.raises(ConflictError, match="passed"):
        desk(archive).extend(LOCAL_ACTOR, late.id, "many records")
    overdue = {each.id: each.overdue for each in desk(archive).cases(LOCAL_ACTOR, 10).cases}
    assert overdue == {case.id: False, late.id: True}


def test_what_cannot_be_asked_is_refused(archive):
    tomorrow = archive.clock.now().date() + timedelta(days=1)
    with pytest.raises(InvalidError, match="today or earlier"):
        opened(archive, received_on=tomorrow)
    with pytest.raises(InvalidError, match="The query is empty"):
        opened(archive, query=" ")
    with pytest.raises(InvalidError, match="The query: "):
        opened(archive, query="(maia")
    capture(archive, written("1", OTHER, text="Maia"))
    (strange,) = capture(archive, written("2", OTHER))
    case = opened(archive, query="maia")
    with pytest.raises(InvalidError, match="none of the case"):
        decided(archive, case, decision="erase", records=[strange])
    with pytest.raises(InvalidError, match="no record of which"):
        decided(archive, case)
    with pytest.raises(InvalidError, match="exemption"):
        decided(archive, case, decision="refuse")
    with pytest.raises(InvalidError, match="which exemption"):
        decided(archive, case, decision="refuse", ground="exemption")
    with pytest.raises(InvalidError, match="withdrawn"):
        desk(archive).close(LOCAL_ACTOR, case.id, CaseClosing.read({"outcome": "withdrawn"}))


def test_who_saw_what_goes_is_told(archive):
    first, second = capture(archive, written("1", MAIA, OTHER), written("2", MAIA, OTHER))
    archive.follow()
    archive.access.show(LOCAL_ACTOR, OPERATIONS, first)
    archive.access.show(LOCAL_ACTOR, OPERATIONS, first)
    b"".join(archive.access.original(LOCAL_ACTOR, OPERATIONS, second).chunks)
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case)
    told = desk(archive).recipients(LOCAL_ACTOR, case.id)
    (local,) = told.recipients
    assert (told.records, local.name, local.opened, local.downloaded) == (2, "local", 2, 1)


def test_a_proof_without_evidence_tells_nobody_anything(archive):
    proved, erased, redacted = capture(
        archive, *(written(native_id, MAIA, OTHER) for native_id in "123")
    )
    archive.follow()
    archive.publish()
    archive.access.prove(LOCAL_ACTOR, OPERATIONS, proved)
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case, records=[proved, erased])
    decided(archive, case, decision="redact", records=[redacted])
    desk(archive).execute(SECOND, case.id)
    archive.follow()
    before = desk(archive).recipients(LOCAL_ACTOR, case.id).recipients
    assert [(one.opened, one.downloaded) for one in before] == [(1, 1)]
    archive.publish()
    for record in (proved, erased):
        assert archive.access.prove(LOCAL_ACTOR, OPERATIONS, record).evidence is None
    archive.follow()
    assert desk(archive).recipients(LOCAL_ACTOR, case.id).recipients == before
    assert archive.access.prove(LOCAL_ACTOR, OPERATIONS, redacted).evidence is not None
    archive.follow()
    (after,) = desk(archive).recipients(LOCAL_ACTOR, case.id).recipients
    assert (after.opened, after.downloaded) == (2, 2)


def test_a_case_that_died_between_its_steps_is_finished(archive, monkeypatch):
    records = capture(archive, written("1", MAIA, OTHER), written("2", MAIA, OTHER))
    case = opened(archive, aliases=["maia@old.example"])
    decided(archive, case)

    class KilledError(BaseException):
        """The process is gone."""

    def killed(*_):
        raise KilledError

    with monkeypatch.context() as cut:
        cut.setattr(Eraser, "_finish", killed)
        with pytest.raises(KilledError):
            desk(archive).execute(SECOND, case.id)
    assert desk(archive).case(LOCAL_ACTOR, case.id).state == "ordered"
    with pytest.raises(ConflictError, match="carried out"):
        decided(archive, case, decision="refuse", ground="unrelated")
    done = desk(archive).execute(SECOND, case.id)
    assert (done.state, done.erased, len(done.orders)) == ("open", 2, 1)
    assert states(archive, records) == ["GoneError"] * 2
    assert done.orders[0].certificate is not None
