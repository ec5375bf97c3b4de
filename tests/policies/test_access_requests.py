"""Requests for access: what is found and decided, and what the package tells of whom."""

import hashlib
import io
import json
import re
import zipfile
from base64 import b64encode

import pytest

from archive.errors import ConflictError, CorruptError, ForbiddenError, InvalidError, NotFoundError
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.trail.asked import TrailRequest
from policies.access_requests.answers import AccessDecision
from policies.access_requests.opening import access_request_desk
from policies.erasures.answers import CaseDecision
from policies.erasures.opening import erasure_desk
from policies.requests.answers import CaseClosing, CaseRequest
from tests.archive.house import OPERATIONS, capture, line
from tests.policies.purging_house import SECOND, in_force

FOR_SUBJECT = Purpose("data-subject-request")
LEGAL = Actor(id="00000000-0000-0000-0000-00000000000a", name="Lea", role=Role.LEGAL)
MAIA = {"role": "from", "address": "maia@old.example", "name": "Maia Bleu", "department": "Desk"}
OTTO = {"role": "to", "address": "otto.kern@firm.example", "name": "Otto Kern"}
ZORA = {"role": "cc", "address": "zora@else.example", "name": "Zora Quill"}
OTHERS = ("otto", "kern", "zora", "quill", "firm.example", "else.example")


def written(native_id, *people, text="Good morning", **fields):
    return line(native_id, text, participants=list(people), **fields)


def desk(archive):
    archive.follow()
    return access_request_desk(archive)


def opened(archive, **fields):
    wanted = {
        "received_on": archive.clock.now().date(),
        "name": "Maia Bleu",
        "aliases": ["maia@old.example"],
        **fields,
    }
    return desk(archive).open(LOCAL_ACTOR, CaseRequest.read(wanted))


def decided(archive, case, **fields):
    return desk(archive).decide(LOCAL_ACTOR, case.id, AccessDecision.read(fields))


def fetched(archive, case, **fields):
    """Return a package that somebody else fetches: what is told of it, and its bytes."""
    made = desk(archive).package(LEGAL, FOR_SUBJECT, case.id, **fields)
    data = b"".join(made.file.chunks)
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (made.told.sha256, made.told.size)
    return made.told, data


def files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def given(archive, case, **fields):
    """Return the files of a package, its records in order, and its account."""
    there = files(fetched(archive, case, **fields)[1])
    records = [
        json.loads(there[name])
        for name in sorted(there)
        if name.startswith("records/") and name.endswith(".json")
    ]
    return there, records, json.loads(there["account.json"])


def test_a_source_has_one_name_in_a_package(archive):
    capture(
        archive,
        written("1", MAIA, {**OTTO, "name": "Otto Beacon"}, text="Ask Beacon", source="beacon"),
        written("2", MAIA, ZORA, source="beacon"),
        written("3", MAIA, ZORA, source="Ledger"),
    )
    case = opened(archive)
    decided(archive, case)
    _, records, account = given(archive, case)
    assert sorted(account["sources"].values()) == [1, 2] and account["sources"]["Ledger"] == 1
    assert {each["source"] for each in records} == {*account["sources"]}
    assert "beacon" not in account["sources"]


def test_the_person_reads_their_own_data_and_nobody_elses_name(archive):
    said = (
        "Dear Otto, I am Maia Bleu <maia@old.example>, call +41 44 555 12 34.\n"
        "Mr. Kern and o.kern know; ask Zora.\nokern\n> From: Otto Kern <otto.kern@firm.example>\n"
    )
    capture(
        archive,
        written("1", MAIA, OTTO, ZORA, text=said, subject="Maia and Otto", custodian="Otto Kern"),
        written("2", OTTO, {**MAIA, "role": "to"}, text="Zora Quill asks; so does Quill."),
    )
    case = opened(archive)
    assert (case.state, case.found, case.undecided) == ("open", 2, 2)
    decided(archive, case)
    there, (first, second), account = given(archive, case)
    everything = b"\n".join(there.values()).decode().casefold()
    for name in OTHERS:
        assert not re.search(rf"\b{name}", everything), name
    assert "555 12 34" not in everything
    assert first["participants"][0] == MAIA
    assert "I am Maia Bleu <maia@old.example>" in first["text"]
    assert first["subject"].startswith("Maia and Person")
    otto = first["participants"][1]["name"]
    assert first["text"].startswith(f"Dear {otto}, ") and first["custodian"] == otto
    # Zora takes part in the first alone, and is known in the second all the same.
    assert second["text"].count(first["participants"][2]["name"]) == 2
    assert second["participants"][0]["name"] == otto
    assert account["channels"] == {"chat": 2} and account["aliases"] == ["maia@old.example"]


def test_a_word_that_is_mostly_no_name_stays_where_nobody_is_called_so(archive):
    mark = {"role": "to", "address": "mh@firm.example", "name": "Mark Hale"}
    capture(
        archive,
        written("1", MAIA, mark, text="Hello Mark"),
        written("2", MAIA, OTTO, text="We mark it, then mark that; Hale marks nothing"),
    )
    case = opened(archive)
    decided(archive, case)
    _, (first, second), _ = given(archive, case)
    assert "Mark" not in first["text"]
    assert second["text"].startswith("We mark it, then mark that; Person")


def test_a_package_names_itself_and_is_the_same_as_of_a_number(archive):
    capture(archive, written("1", MAIA, OTTO), written("2", OTTO, MAIA))
    case = opened(archive)
    decided(archive, case)
    told, data = fetched(archive, case)
    there = files(data)
    lines = there["manifest-sha256.txt"].decode().splitlines()
    assert {line[66:]: line[:64] for line in lines} == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in there.items()
        if name != "manifest-sha256.txt"
    }
    assert list(there)[-1] == "manifest-sha256.txt" and "records/000002.html" in there
    capture(archive, written("3", MAIA, OTTO), written("1", MAIA, OTTO, text="Edited since"))
    archive.follow()
    assert fetched(archive, case, as_of=told.as_of) == (told, data)
    with pytest.raises(NotFoundError):
        fetched(archive, case, as_of=told.as_of + 1)
    (package,) = desk(archive).case(LOCAL_ACTOR, case.id).packages
    assert (package.sha256, package.records, package.by) == (told.sha256, 2, LEGAL.id)
    newer, later = fetched(archive, case)
    assert newer.as_of > told.as_of and b"Edited since" in later


def test_files_stay_out_unless_somebody_decides(archive):
    attached = {"filename": "Otto.pdf", "media_type": "application/pdf"}
    attached["data"] = b64encode(b"%PDF Otto Kern earns 7").decode()
    (record,) = capture(archive, written("1", MAIA, OTTO, attachments=[attached]))
    case = opened(archive)
    page = desk(archive).records(LOCAL_ACTOR, OPERATIONS, case.id, 10)
    original, part = (each.name for each in page.records[0].files)
    assert original == "original"
    decided(archive, case)
    there, (told,), account = given(archive, case)
    assert not any(name.startswith("files/") for name in there)
    assert [bool(each["withheld"]) for each in told["files"]] == [True, True]
    assert account["files"] == {"given": 0, "withheld": 2}
    for wrong in ({"files": ["9.9"]}, {"decision": "withhold", "files": [part]}):
        with pytest.raises(InvalidError):
            decided(archive, case, **{"decision": "include", "records": [record], **wrong})
    decided(archive, case, decision="include", records=[record], files=[part])
    there, (told,), account = given(archive, case)
    assert there["files/000001/001.pdf"] == b"%PDF Otto Kern earns 7"
    assert account["files"] == {"given": 1, "withheld": 1}
    decided(archive, case, decision="include", records=[record], files=[original])
    there, _, _ = given(archive, case)
    assert json.loads(there["files/000001/000.json"])["native_id"] == "1"


def test_what_cannot_be_given_is_told_and_stays_out(archive):
    ids = capture(archive, *(written(str(number), MAIA, OTTO) for number in range(4)))
    (mention,) = capture(archive, written("m", OTTO, ZORA, text="Ask Maia about the Quokka"))
    case = opened(archive, query="maia")
    assert (case.participant, case.mention) == (4, 1)
    erasures = erasure_desk(archive)
    erasure = erasures.open(
        LOCAL_ACTOR,
        CaseRequest.read(
            {"received_on": archive.clock.now().date(), "name": "M", "aliases": case.aliases}
        ),
    )
    decisions = (("restrict", ids[0]), ("erase", ids[1]))
    for decision, record in decisions:
        asked = CaseDecision.read({"decision": decision, "records": [record]})
        erasures.decide(LOCAL_ACTOR, erasure.id, asked)
    with pytest.raises(InvalidError, match="restricted"):
        decided(archive, case, decision="include", records=[ids[0]])
    decided(archive, case)
    with pytest.raises(ConflictError, match="Of 1 records"):
        fetched(archive, case)
    with pytest.raises(InvalidError):
        decided(archive, case, decision="withhold", records=[mention])
    decided(archive, case, decision="withhold", records=[mention], ground="unrelated")
    rights = {"ground": "rights-of-others", "reason": "it tells of another's health"}
    decided(archive, case, decision="withhold", records=[ids[2]], **rights)
    erasure_desk(archive).execute(SECOND, erasure.id)
    there, (told,), account = given(archive, case)
    assert told["id"] == str(ids[3])
    assert {(each["record"], each["ground"]) for each in account["left_out"]} == {
        (str(ids[0]), "restricted"),
        (str(ids[1]), "erased"),
        (str(ids[2]), "rights-of-others"),
        (str(mention), "unrelated"),
    }
    page = there["index.html"].decode()
    assert "another&#x27;s health" in page and "Quokka" not in page


def test_who_may_fetch_a_package_and_what_the_trail_tells(archive):
    ids = capture(archive, written("1", MAIA, OTTO))
    case = opened(archive)
    decided(archive, case)
    officer = Actor(id="officer", name="Ola", role=Role.COMPLIANCE_OFFICER)
    both = Actor(id="both", name="Bo", role=Role.COMPLIANCE_OFFICER, further=(Role.LEGAL,))
    part = Actor(id="part", name="Pa", role=Role.LEGAL, custodians=frozenset({"x"}))
    auditor = Actor(id="auditor", name="Au", role=Role.AUDITOR)
    for actor, purpose in (
        (LOCAL_ACTOR, FOR_SUBJECT),
        (officer, FOR_SUBJECT),
        (auditor, FOR_SUBJECT),
        (part, FOR_SUBJECT),
        (LEGAL, OPERATIONS),
    ):
        with pytest.raises(ForbiddenError):
            desk(archive).package(actor, purpose, case.id)
    desk(archive).package(both, FOR_SUBJECT, case.id)
    archive.follow()
    page = archive.trail.page(LOCAL_ACTOR, OPERATIONS, TrailRequest(order="oldest"))
    acts = [each for each in page.entries if (each.action or "").startswith("access-request.")]
    fetches = [each for each in acts if each.action == "access-request.package"]
    assert [each.allowed for each in fetches] == [False] * 5 + [True]
    assert (fetches[-1].total, list(fetches[-1].records)) == (1, ids)
    assert acts[-1].action == "access-request.packaged"
    assert all("aia" not in each.model_dump_json() for each in acts)
    # Whoever fetched it read the records, as the next package tells.
    _, _, account = given(archive, case)
    (told,) = account["read_for"]
    assert (told["roles"], told["purpose"], told["records"]) == (
        ["compliance-officer", "legal"],
        "data-subject-request",
        1,
    )


def test_the_package_tells_how_long_a_record_is_stored(archive):
    capture(archive, written("1", MAIA, OTTO, occurred_at="2024-02-29T00:00:00Z"))
    in_force(archive, "least", minimum="6y")
    in_force(archive, "most", maximum="8y")
    case = opened(archive)
    decided(archive, case)
    _, (told,), _ = given(archive, case)
    assert told["kept_until"].startswith("2030-02-28")
    assert told["deletion_from"].startswith("2032-02-29")
    assert told["storage"].startswith("It is kept at least until 2030-02-28. Its deletion is due")


def test_a_page_shows_what_was_said_and_runs_nothing(archive):
    hostile = "<script>alert(1)</script>"
    capture(archive, written("1", MAIA, OTTO, text=hostile, subject="../../etc & <b>"))
    case = opened(archive)
    desk(archive).state(LOCAL_ACTOR, case.id, "We keep mail.\n<i>Rights</i>")
    decided(archive, case)
    there, _, account = given(archive, case)
    page, index = there["records/000001.html"].decode(), there["index.html"].decode()
    assert "&lt;script&gt;" in page and "<script" not in page
    assert "../../etc &amp; &lt;b&gt;" in index and "&lt;i&gt;Rights" in index
    assert account["statement"] == "We keep mail.\n<i>Rights</i>"
    assert all(".." not in name and not name.startswith("/") for name in there)


def test_a_case_is_answered_when_its_package_was_made(archive):
    capture(archive, written("1", MAIA, OTTO))
    case = opened(archive)
    answered = CaseClosing.read({"outcome": "answered"})
    with pytest.raises(ConflictError, match="Of 1 records"):
        desk(archive).close(LOCAL_ACTOR, case.id, answered)
    decided(archive, case)
    with pytest.raises(ConflictError, match="No package"):
        desk(archive).close(LOCAL_ACTOR, case.id, answered)
    told, data = fetched(archive, case)
    desk(archive).state(LOCAL_ACTOR, case.id, "More")
    with pytest.raises(ConflictError, match="No package"):
        desk(archive).close(LOCAL_ACTOR, case.id, answered)
    fetched(archive, case)
    capture(archive, written("2", MAIA, OTTO))
    with pytest.raises(ConflictError, match="Of 1 records"):
        desk(archive).close(LOCAL_ACTOR, case.id, answered)
    decided(archive, case)
    fetched(archive, case)
    assert desk(archive).close(LOCAL_ACTOR, case.id, answered).state == "closed"
    for act in (lambda: decided(archive, case), lambda: fetched(archive, case)):
        with pytest.raises(ConflictError):
            act()
    assert fetched(archive, case, as_of=told.as_of) == (told, data)
    with pytest.raises(NotFoundError):
        erasure_desk(archive).case(LOCAL_ACTOR, case.id)


def test_what_changes_while_it_is_fetched_is_no_package(archive):
    capture(archive, written("1", MAIA, OTTO))
    case = opened(archive)
    decided(archive, case)
    made = desk(archive).package(LEGAL, FOR_SUBJECT, case.id)
    in_force(archive, "least", minimum="6y")
    given = []
    with pytest.raises(CorruptError, match="changed while"):
        given.extend(made.file.chunks)
    # Nobody who was told its size takes what there is for whole.
    assert 0 < sum(map(len, given)) < made.told.size


def test_the_command_line_from_a_request_to_the_package(call, tmp_path):
    lines = [written("1", MAIA, OTTO), written("2", OTTO, ZORA, text="Ask Maia")]
    (tmp_path / "chat.ndjson").write_bytes(b"\n".join(lines))
    legal = call("init")["legal_token"]
    call("import", "chat.ndjson", "--source", "desk")
    opening = ("Maia Bleu", "--alias", "maia@old.example", "--query", "maia")
    case = call("access-request", "open", *opening)["id"]
    assert "maia@old.example" in call("access-request", "records", case, as_json=False)
    (tmp_path / "words.txt").write_text("We keep mail.")
    call("access-request", "state", case, "words.txt")
    call("access-request", "extend", case, "--reason", "much")
    call("access-request", "decide", case, "proposed")
    because = ("--proposed", "none", "--ground", "unrelated")
    assert call("access-request", "decide", case, "withhold", *because)["withheld"] == 1
    out = ("--out", "package.zip")
    fetching = ("access-request", "package", case, *out, "--purpose", "data-subject-request")
    assert "Somebody else" in call(*fetching, status=1)
    told = call(*fetching, "--by-token", typed=legal)
    data = (tmp_path / "package.zip").read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    assert "cannot be written" in call(*fetching, "--by-token", typed=legal, status=2)
    (tmp_path / "package.zip").unlink()
    shown = call("access-request", "show", case)
    call("rebuild")
    assert call("access-request", "show", case) == shown
    assert call("verify")["ok"]
    again = ("--as-of", str(told["as_of"]), "--by-token")
    assert "sha256" in call(*fetching, *again, typed=legal, as_json=False)
    assert (tmp_path / "package.zip").read_bytes() == data
    assert call("access-request", "close", case, "answered")["outcome"] == "answered"
    assert call("access-request", "find", case, status=1)
    (summary,) = call("access-request", "list")["cases"]
    assert (summary["state"], summary["name"], summary["found"]) == ("closed", "Maia Bleu", 2)
    assert call("erasure", "list")["cases"] == []
    assert "closed" in call("access-request", "show", case, as_json=False)
