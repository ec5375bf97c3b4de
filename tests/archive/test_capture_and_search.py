"""What goes in is found again, as it is and as it was, and every look at it leaves a trace."""

import base64
from pathlib import Path
from typing import Any

import pytest

from archive.access.search_answers import SearchRequest
from archive.capture.importer import import_paths
from archive.errors import (
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.types import AccessRecorded
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import Archive
from tests.archive.house import OPERATIONS, capture, create, found, line, opened, search


def audited(archive: Archive) -> list[AccessRecorded]:
    rows = archive.pointers.select_pointers_from(None, 10_000, topics=["access.recorded"])
    events = [archive.mapper.event(each) for each in archive.opener.open(rows)]
    return [event for event in events if isinstance(event, AccessRecorded)]


def test_captured_then_found_then_shown_after_a_restart(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, line("1", "The side letter is signed."))
    with opened(tmp_path) as archive:
        answer = search(archive, '"side letter"')
        assert answer.total == 1 and answer.results[0].id == record_id
        assert "side letter" in answer.results[0].snippet
        shown = archive.access.show(LOCAL_ACTOR, OPERATIONS, record_id)
        assert shown.text == "The side letter is signed."
        original = archive.access.original(LOCAL_ACTOR, OPERATIONS, record_id)
        assert b"".join(original.chunks) == line("1", "The side letter is signed.")


def test_the_same_again_is_already_there(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        first = archive.intake.capture(LOCAL_ACTOR, [line("1"), line("1"), line("2")])
        again = archive.intake.capture(LOCAL_ACTOR, [line("1"), line("2")])
    assert [result.status for result in first] == ["archived", "already", "archived"]
    assert [result.status for result in again] == ["already", "already"]
    assert [again[0].seq, again[1].seq] == [first[0].seq, first[2].seq]


def test_other_content_under_the_same_id_is_a_revision(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, line("1", "alpha"))
        before = search(archive, "").as_of
        capture(archive, line("1", "beta"))
        assert found(archive, "beta") == {record_id} and found(archive, "alpha") == set()
        assert found(archive, "alpha", as_of=before) == {record_id}
        assert found(archive, "is:edited") == {record_id}
        # Coming back to what it was once is nothing new.
        assert capture(archive, line("1", "alpha")) == [record_id]
        assert found(archive, "beta") == {record_id}
        history = archive.access.history(LOCAL_ACTOR, OPERATIONS, record_id)
        types = [event.type for event in history.events]
        assert types == ["interaction.captured", "interaction.revised"]
    with opened(tmp_path) as archive:
        assert found(archive, "alpha", as_of=before) == {record_id}


def own_bytes(original: bytes, **changes: Any) -> bytes:
    sent = base64.b64encode(original).decode()
    return line("1", **{"text": None, "original": sent} | changes)


@pytest.mark.parametrize("length", [1, 100_000])
@pytest.mark.parametrize("text", [None, "the same"])
def test_another_original_under_the_same_id_is_a_revision(
    tmp_path: Path, text: str | None, length: int
) -> None:
    create(tmp_path)
    first, second = b"first" * length, b"second" * length
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, own_bytes(first, text=text))
        before = search(archive, "").as_of
        revised, known, returned = archive.intake.capture(
            LOCAL_ACTOR, [own_bytes(each, text=text) for each in (second, second, first)]
        )
        assert [revised.status, known.status, returned.status] == ["archived", *["already"] * 2]
        assert {revised.id, known.id, returned.id} == {record_id}
    with opened(tmp_path) as archive:
        now = archive.access.original(LOCAL_ACTOR, OPERATIONS, record_id)
        assert b"".join(now.chunks) == second
        then = archive.access.original(LOCAL_ACTOR, OPERATIONS, record_id, as_of=before)
        assert b"".join(then.chunks) == first
        assert capture(archive, own_bytes(second, text=text)) == [record_id]
        assert len(archive.access.history(LOCAL_ACTOR, OPERATIONS, record_id).events) == 2


def test_what_is_not_the_sources_makes_no_revision(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        sent = [
            own_bytes(b"bytes", text="a", labels={"region": "north"}),
            own_bytes(b"bytes", text="a", labels={"region": "south"}),
            # Without an original there is only how the line is written.
            line("1", "a"),
            line("1", "a").replace(b"{", b"{ ", 1),
            own_bytes(b"others", text="a"),
        ]
        results = archive.intake.capture(LOCAL_ACTOR, sent)
        assert [each.status for each in results] == ["archived", *["already"] * 3, "archived"]
        record_id = results[0].id
        assert record_id is not None
        # The first to bring bytes for what was only a line brings something new.
        late = archive.intake.capture(
            LOCAL_ACTOR, [line("2", "b"), line("2", "b", original="djE="), line("2", "b")]
        )
        assert [each.status for each in late] == ["archived", "archived", "already"]
        # A revision brings its own labels, and only a revision brings any.
        was, now = (
            archive.access.show(LOCAL_ACTOR, OPERATIONS, record_id, as_of=seq).labels
            for seq in (results[0].seq, None)
        )
        assert (was, now) == ({"region": "north"}, {})


def test_two_contents_under_one_id_in_one_batch(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        results = archive.intake.capture(LOCAL_ACTOR, [line("1", "alpha"), line("1", "beta")])
        assert [result.status for result in results] == ["archived", "archived"]
        assert found(archive, "beta") == {results[0].id}


def test_withdrawn_at_source_stays_and_says_so(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, line("1", "regret"))
        withdrawn = archive.records.load(record_id).interaction.withdraw(archive.clock.now())
        assert withdrawn is not None
        archive.committer.commit(Group([plain(withdrawn)]))
        assert found(archive, "regret AND is:deleted") == {record_id}
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, record_id).deleted


def test_a_large_original_is_shared_and_unchanged(tmp_path: Path) -> None:
    create(tmp_path)
    large = "long " * 40_000
    with opened(tmp_path) as archive:
        lines = [line("1", large), line("1", large, custodian="Bo")]
        ids = capture(archive, *lines, line("2", large))
        assert len(set(ids)) == 3
        for record_id, sent in zip(ids, lines, strict=False):
            original = archive.access.original(LOCAL_ACTOR, OPERATIONS, record_id)
            assert b"".join(original.chunks) == sent
        # The same bytes under another id refer to the same blob.
        same = b'{"native_id": "9", ' + lines[0][1:]
        assert len(same) > 65_536


def test_an_answer_to_no_mail_joins_nothing(tmp_path: Path) -> None:
    create(tmp_path)
    folder = tmp_path / "mail"
    folder.mkdir()
    for subject in ("one", "two", "Re: two"):
        head = f"From: a@example.com\nMessage-ID: <{len(subject)}{subject[-2:]}@x>\n"
        head += f"Subject: {subject}\nIn-Reply-To: <yes>\n\nHi.\n"
        (folder / f"{subject}.eml".replace(" ", "")).write_text(head)
    with opened(tmp_path) as archive:
        import_paths(archive, LOCAL_ACTOR, [folder], source="mail")
        records = {
            each.subject: archive.access.show(LOCAL_ACTOR, OPERATIONS, each.id)
            for each in search(archive, "").results
        }
        assert {each.in_reply_to for each in records.values()} == {"yes"}
        joined = {subject: each.conversation for subject, each in records.items()}
        assert joined["one"] != joined["two"] == joined["Re: two"]


def test_conversations_join_and_merge(tmp_path: Path) -> None:
    create(tmp_path)
    folder = tmp_path / "mail"
    folder.mkdir()

    def mail(own: str, references: str = "", subject: str = "") -> bytes:
        head = f"From: a@example.com\nTo: b@example.com\nMessage-ID: <{own}>\nSubject: {subject}\n"
        return (head + (f"References: {references}\n" if references else "") + "\nHi.\n").encode()

    (folder / "1.eml").write_bytes(mail("one", subject="plan"))
    (folder / "2.eml").write_bytes(mail("two", subject="other"))
    with opened(tmp_path) as archive:
        report = import_paths(archive, LOCAL_ACTOR, [folder], source="mail")
        assert (report.seen, report.archived) == (2, 2)
        ids = {r.subject: r.id for r in search(archive, "").results}
        one = archive.access.show(LOCAL_ACTOR, OPERATIONS, ids["plan"]).conversation
        two = archive.access.show(LOCAL_ACTOR, OPERATIONS, ids["other"]).conversation
        assert one == str(ids["plan"]) and two == str(ids["other"])
        assert found(archive, f"conversation:{one}") == {ids["plan"]}
        (folder / "3.eml").write_bytes(mail("three", "<one> <two>", "both"))
        report = import_paths(archive, LOCAL_ACTOR, [folder], source="mail")
        assert (report.seen, report.archived, report.already) == (3, 1, 2)
        everything = found(archive, "")
        assert len(everything) == 3
        assert found(archive, f"conversation:{one}") == everything
        for record_id in everything:
            assert archive.access.show(LOCAL_ACTOR, OPERATIONS, record_id).conversation == one


def test_every_read_and_refusal_is_audited(tmp_path: Path) -> None:
    create(tmp_path)
    administrator = Actor("a", "administrator", Role.ADMINISTRATOR)
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, line("1", "secret"))
        access = archive.access
        search(archive, "secret")
        access.show(LOCAL_ACTOR, Purpose("matter", "Smith"), record_id)
        with pytest.raises(ForbiddenError):
            access.show(administrator, OPERATIONS, record_id)
        with pytest.raises(ForbiddenError):
            legal = Actor("l", "legal", Role.LEGAL)
            access.search(legal, Purpose("training"), SearchRequest(query="secret"))
        trail = [(e.actor, e.action, e.allowed, e.purpose, e.total) for e in audited(archive)]
    assert trail == [
        ("local", "search", True, "operations", 1),
        ("local", "show", True, "matter:Smith", None),
        ("a", "show", False, "operations", None),
        ("l", "search", False, "training", None),
    ]


def test_tokens_open_their_role_and_nothing_else_does(tmp_path: Path) -> None:
    made = create(tmp_path)
    with opened(tmp_path) as archive:
        assert archive.entrance.by_token(made.legal_token).role is Role.LEGAL
        administrator = archive.entrance.by_token(made.administrator_token)
        assert administrator.role is Role.ADMINISTRATOR
        for wrong in ("", "mun_", made.legal_token[:-1], made.legal_token + "x"):
            with pytest.raises(UnauthenticatedError):
                archive.entrance.by_token(wrong)
        with pytest.raises(ForbiddenError):
            archive.access.search(administrator, OPERATIONS, SearchRequest())


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    made = create(tmp_path)
    with opened(tmp_path) as archive:
        with pytest.raises(NotFoundError):
            archive.access.show(LOCAL_ACTOR, OPERATIONS, archive.clock.uuid7())
        with pytest.raises(NotFoundError):
            # Control events are not records.
            archive.access.show(LOCAL_ACTOR, OPERATIONS, made.archive_id)
        with pytest.raises(InvalidError) as wrong:
            search(archive, "fee AND (")
        assert wrong.value.column


def test_erased_is_gone_everywhere_and_not_revived(tmp_path: Path) -> None:
    from archive.bucket import open_bucket
    from archive.bucket.names import keys_name
    from archive.sealing.keys import open_keys, seal_keys
    from tests.archive.house import settings

    create(tmp_path)
    with opened(tmp_path) as archive:
        (record_id, other) = capture(archive, line("1", "to be gone"), line("2", "to stay"))
        row = archive.pointers.select_pointers_of([record_id])[0]
        segment_id = row.pointer.segment_id
        keys_id = archive.pointers.keys_of(segment_id)
        assert keys_id is not None
        bucket = open_bucket(settings(tmp_path).bucket, archive.clock)
        name = keys_name(segment_id, keys_id)
        keyring = archive.keyring
        keys = open_keys(bucket.get(name), keyring).keys
        left = {slot: key for slot, key in keys.items() if slot != row.pointer.slot}
        epoch = keyring.current_epoch
        bucket.put(
            name,
            seal_keys(
                keyring.archive_id, segment_id, keys_id, epoch, keyring.epoch_key(epoch), left
            ),
        )
    with opened(tmp_path) as archive:
        with pytest.raises(GoneError):
            archive.access.show(LOCAL_ACTOR, OPERATIONS, record_id)
        assert found(archive, "gone") == set() and found(archive, "stay") == {other}
        again = archive.intake.capture(LOCAL_ACTOR, [line("1", "to be gone")])
        assert [result.status for result in again] == ["erased"]
        assert found(archive, "gone") == set()
        history = archive.access.history(LOCAL_ACTOR, OPERATIONS, record_id)
        assert [event.recorded_at for event in history.events] == [None]


def test_a_search_that_opens_records_for_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(tmp_path)
    trainer = Actor("u", "u", Role.TRAINER)
    # What is shown without names is settled on what is shown, record by record.
    training, request = Purpose("training"), SearchRequest(query="cor")
    with opened(tmp_path) as archive:
        capture(archive, *(line(str(number), "cor bacor") for number in range(3)))
        archive.follow()
        assert archive.access.search(trainer, training, request).total == 3
        monkeypatch.setattr("archive.access.searching.SEARCH_SECONDS", -1)
        with pytest.raises(InvalidError, match="Narrow it"):
            archive.access.search(trainer, training, request)
        assert archive.access.search(LOCAL_ACTOR, training, request).total == 3
        everything = SearchRequest(query="")
        assert archive.access.search(trainer, training, everything).total == 3
