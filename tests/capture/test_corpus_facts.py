"""Facts about real mail, counted by other means, hold for what capture reads.

The facts were counted with the standard library (each names its method). The corpus is not part
of the project: it is taken from MUNIMENT_CORPUS, or from the folder beside the checkout.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from archive.capture.parse import attachment_bytes, parse, read
from archive.capture.parsed import Parsed
from archive.capture.slices import Slice, find
from archive.model.interaction import Content, ParticipantRole

CORPUS = Path(
    os.environ.get("MUNIMENT_CORPUS", Path(__file__).parents[2].parent / "shared" / "data")
)
MAIL_SETS = ("email-spamassassin", "email-enron-berkeley", "email-usrp-users")
MARK = re.compile(r"(?:re|fw|fwd|aw|sv)\s*:\s*")


@cache
def facts() -> list[dict[str, Any]]:
    path = CORPUS / "FACTS.json"
    return json.loads(path.read_bytes())["facts"] if path.exists() else []


def facts_of(*kinds: str) -> list[Any]:
    chosen = [fact for fact in facts() if fact["set"] in MAIL_SETS and fact["kind"] in kinds]
    return [pytest.param(fact, id=fact["id"]) for fact in chosen] or [
        pytest.param(None, marks=pytest.mark.skip(reason="skipped: no corpus"))
    ]


@cache
def mails(name: str) -> dict[str, Parsed]:
    """Every mail of a set, by the path of its file; these sets hold one in each file."""
    found = [item for item in find([CORPUS / name], None) if isinstance(item, Slice)]
    return {
        item.path: parse(read(item), format=item.format, source=name, path=item.path)
        for item in found
    }


def matching(fact: dict[str, Any], holds: Callable[[Content], bool]) -> set[str]:
    return {path for path, mail in mails(fact["set"]).items() if holds(mail.content)}


def collapsed(text: str | None) -> str:
    return " ".join((text or "").split()).lower()


def first_sender(content: Content) -> str | None:
    return next((p.address for p in content.participants if p.role is ParticipantRole.FROM), None)


def month(content: Content) -> str | None:
    return content.occurred_at.strftime("%Y-%m") if content.occurred_at is not None else None


def thread_subject(content: Content) -> str:
    subject = collapsed(content.subject)
    while (mark := MARK.match(subject)) is not None:
        subject = subject[mark.end() :]
    return subject


def words(content: Content) -> str:
    """What the phrase facts were counted in: subject and bodies as one run of text."""
    return collapsed(" ".join((content.subject or "", content.text or "", content.html_text or "")))


@pytest.mark.parametrize("fact", facts_of("count"))
def test_counts(fact):
    assert len(mails(fact["set"])) == fact["answer"]


@pytest.mark.parametrize("fact", facts_of("sender"))
def test_senders(fact):
    assert len(matching(fact, lambda c: first_sender(c) == fact["query"])) == fact["answer"]


@pytest.mark.parametrize("fact", facts_of("recipient"))
def test_recipients(fact):
    def is_to(content: Content) -> bool:
        people = content.participants
        return any(
            p.role is not ParticipantRole.FROM and p.address == fact["query"] for p in people
        )

    assert len(matching(fact, is_to)) == fact["answer"]


@pytest.mark.parametrize("fact", facts_of("date-range", "sender+date"))
def test_dates(fact):
    sender = str(fact["query"]).partition(" in ")[0]
    (wanted,) = re.findall(r"\d{4}-\d\d", fact["query"])

    def is_then(content: Content) -> bool:
        by_sender = fact["kind"] == "date-range" or first_sender(content) == sender
        return by_sender and month(content) == wanted

    assert len(matching(fact, is_then)) == fact["answer"]


@pytest.mark.parametrize("fact", facts_of("no-date"))
def test_undated(fact):
    undated = matching(fact, lambda c: c.occurred_at is None)
    assert len(undated) == fact["answer"]
    assert all(mails(fact["set"])[path].content.problems for path in undated)


@pytest.mark.parametrize("fact", facts_of("attachments"))
def test_attachments(fact):
    assert len(matching(fact, lambda c: bool(c.attachments))) == fact["answer"]
    for mail in mails(fact["set"]).values():
        for attachment in mail.content.attachments:
            data = attachment_bytes(mail.original, mail.media_type, attachment.part)
            assert len(data) == attachment.size


@pytest.mark.parametrize("fact", facts_of("html-only"))
def test_html_only(fact):
    found = matching(fact, lambda c: c.html_text is not None and not c.text)
    assert len(found) == fact["answer"]


@pytest.mark.parametrize("fact", facts_of("thread-by-subject"))
def test_subjects(fact):
    assert len(matching(fact, lambda c: thread_subject(c) == fact["query"])) == fact["answer"]


@pytest.mark.parametrize("fact", facts_of("duplicate-message-id"))
def test_reused_message_ids(fact):
    ids = Counter(mail.content.native_id for mail in mails(fact["set"]).values())
    ids.pop("", None)
    assert sum(times > 1 for times in ids.values()) == fact["answer"]


@pytest.mark.parametrize("fact", facts_of("lookup"))
def test_lookups(fact):
    wanted = fact["query"].partition("<")[2].rstrip(">")
    (path,) = matching(fact, lambda c: c.native_id == wanted)
    content = mails(fact["set"])[path].content
    assert content.occurred_at is not None
    assert fact["answer"] == {
        "subject": " ".join((content.subject or "").split()),
        "from": first_sender(content),
        "utc": content.occurred_at.isoformat(),
        "file": path,
    }


@pytest.mark.parametrize("fact", facts_of("phrase"))
def test_phrases(fact):
    assert matching(fact, lambda c: fact["query"] in words(c)) == set(fact["ids"])


@pytest.mark.parametrize("fact", facts_of("custodian"))
def test_custodians(fact):
    (wanted,) = re.findall(r"X-Origin = (\S+)", fact["query"])
    owners = Counter(mail.custodian for mail in mails(fact["set"]).values())
    assert owners[wanted] == fact["answer"]


def test_mailing_list_boxes():
    boxes = [fact for fact in facts() if str(fact["query"]).endswith(".mbox")]
    if not boxes:
        pytest.skip("skipped: no corpus")
    for fact in boxes:
        path = CORPUS / fact["set"] / fact["query"]
        items = [item for item in find([path], None) if isinstance(item, Slice)]
        assert len(items) == fact["answer"]
        assert b"".join(map(read, items)) == path.read_bytes()


def test_every_item_of_every_mail_set_is_read_or_refused():
    folders = sorted(CORPUS.glob("email-*/"))
    if not folders:
        pytest.skip("skipped: no corpus")
    by_file: dict[Path, list[bytes]] = {}
    for item in find([CORPUS / "email-mime-torture", CORPUS / "email-listserv-3gpp"], None):
        if isinstance(item, Slice):
            raw = read(item)
            if item.format != "pst":
                by_file.setdefault(Path(item.file), []).append(raw)
            if item.format != "maildir":
                parsed = parse(raw, format=item.format, source="s", path=item.path)
                assert parsed.content == Content.model_validate_json(
                    parsed.content.model_dump_json()
                )
    assert len(by_file) > 400
    assert all(b"".join(slices) == path.read_bytes() for path, slices in by_file.items())
