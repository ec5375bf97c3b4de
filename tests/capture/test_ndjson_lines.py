"""One line is one interaction, and a bad line is refused with the field that is wrong."""

import base64
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture import ndjson
from archive.capture.parse import attachment_bytes, parse
from archive.errors import InvalidError, NotFoundError

WHOLE = {
    "source": "desk",
    "native_id": "t-1",
    "channel": "chat",
    "occurred_at": "2024-02-29T12:00:00+02:00",
    "participants": [{"role": "agent", "address": "ann@example.com", "name": "Ann"}],
    "text": "hello",
}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
REQUIRED = ("source", "native_id", "channel", "occurred_at", "participants")


def line(**fields) -> bytes:
    return json.dumps({k: v for k, v in (WHOLE | fields).items() if v is not None}).encode()


def read(raw: bytes):
    return parse(raw, format="ndjson", source="not this", path="")


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_line_stands_for_itself():
    raw = b" " + line(custodian="ann", labels={"team": "a"}) + b"\r"
    parsed = read(raw)
    assert (parsed.original, parsed.media_type) == (raw, "application/json")
    assert (parsed.custodian, parsed.labels, parsed.reusable_ids) == ("ann", {"team": "a"}, False)
    assert parsed.content.source == "desk"
    assert parsed.content.occurred_at == datetime(2024, 2, 29, 10, tzinfo=UTC)
    assert read(b"\xef\xbb\xbf" + line()).content == parsed.content


def test_html_is_read_as_text():
    said = read(line(text=None, html="<p>a<p>b")).content
    assert (said.text, said.html_text) == (None, "a\nb")


def test_attachments_in_the_line():
    raw = line(attachments=[{"filename": "a.bin", "data": encoded(b"\0\1")}, {"data": ""}])
    parsed = read(raw)
    assert [(a.part, a.filename, a.size) for a in parsed.content.attachments] == [
        ("attachments/0", "a.bin", 2),
        ("attachments/1", None, 0),
    ]
    assert parsed.extra_parts == {}
    assert attachment_bytes(raw, parsed.media_type, "attachments/0") == b"\0\1"
    with pytest.raises(NotFoundError):
        attachment_bytes(raw, parsed.media_type, "attachments/2")


@pytest.mark.parametrize(
    ("original", "media_type"),
    [
        (b"Subject: x\n\ntext", "message/rfc822"),
        (b"From a@b Mon Jun  1 10:00:00 2009\nSubject: x\n", "message/rfc822"),
        (b"\x89PNG", "application/octet-stream"),
    ],
)
def test_the_source_gives_its_own_bytes(original, media_type):
    parsed = read(line(text=None, original=encoded(original), attachments=[{"data": "YQ=="}]))
    assert (parsed.original, parsed.media_type) == (original, media_type)
    assert parsed.extra_parts == {"attachments/0": b"a"}


@pytest.mark.parametrize("name", REQUIRED)
def test_required_fields(name):
    with pytest.raises(InvalidError, match=f"^The field {name} is missing.$"):
        read(line(**{name: None}))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"channel": "fax"}, "The field channel is not right"),
        ({"occurred_at": "2024-02-29T12:00:00"}, "The field occurred_at is not right"),
        ({"occurred_at": "0001-01-01T00:00:00+09:00"}, "The field occurred_at is not right"),
        ({"occurred_at": 20240301}, "The field occurred_at is not right"),
        ({"occurred_at": "2024"}, "The field occurred_at is not right"),
        ({"occurred_at": 1.5}, "The field occurred_at is not right"),
        ({"occurred_at": "2016-12-31T23:59:61Z"}, "The field occurred_at is not right"),
        ({"participants": []}, "The field participants is not right"),
        ({"participants": []}, "participants is not right: it needs at least one.$"),
        ({"participants": {}}, "participants is not right: it is no list.$"),
        ({"participants": ["ann"]}, "participants.0 is not right: it is no object"),
        ({"source": ""}, "The field source is not right: it is empty.$"),
        ({"native_id": "n" * 1025}, "native_id is not right: it has more than 1,024 characters.$"),
        ({"subject": 5}, "subject is not right: it is no text.$"),
        ({"labels": {"a": 5}}, "labels.a is not right: it is no text.$"),
        ({"labels": []}, "labels is not right: it is no object.$"),
        ({"occurred_at": "2024-02-29T12:00:00"}, "not right: it has no offset from UTC, as in 2"),
        ({"occurred_at": "2024-02-30T12:00:00Z"}, "not right: there is no such time; one is writ"),
        ({"occurred_at": 0}, "occurred_at is not right: a time is written as in 2024-05-06T"),
        ({"channel": "fax"}, "channel is not right: it should be 'email', 'chat'"),
        ({"metrics": {"value": True}}, "metrics.value is not right: it should be a valid number.$"),
        ({"participants": [{"role": "x"}]}, "The field participants.0.role is not right"),
        ({"texts": "x"}, "There is no field texts"),
        ({"text": 5, "subject": 5}, r"The field subject is not right.*\(and 1 more\)"),
        ({"text": None}, "There is nothing to keep"),
        ({"original": "%%"}, "The field original is not right: it is not base64"),
        ({"attachments": [{"data": "a"}]}, "The field attachments.0.data is not right"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(fields, reason):
    with pytest.raises(InvalidError, match=reason) as refusal:
        read(line(**fields))
    assert "hello" not in str(refusal.value)


@pytest.mark.parametrize("name", ["value", "handling_seconds"])
@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "1e999", '"NaN"', '"1_000"', '"12"', "true", "1" * 400]
)
def test_metrics_are_numbers(name, value):
    raw = line(metrics={name: 0}).replace(b": 0}", b": " + value.encode() + b"}")
    with pytest.raises(InvalidError, match=f"The field metrics.{name} is not right"):
        read(raw)


def test_metrics_stay_as_they_are():
    told = read(line(metrics={"value": 3, "handling_seconds": -2.5})).content.metrics
    assert (told.value, told.handling_seconds) == (3.0, -2.5)


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2017-01-01t00:59:60.0+01:00"])
def test_a_leap_second_is_the_one_before_it(text):
    moment = read(line(occurred_at=text)).content.occurred_at
    assert moment == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_what_was_taken_before_is_still_read():
    raw = line(occurred_at=20240301, attachments=[{"data": "AAE="}])
    with pytest.raises(InvalidError):
        read(raw)
    assert attachment_bytes(raw, "application/json", "attachments/0") == b"\0\1"


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"a": "\\ud800"}', b"[" * 10_000])
def test_what_is_no_interaction(raw):
    with pytest.raises(InvalidError, match="The line is not an interaction"):
        read(raw)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_texts_come_through_clean(text):
    assert read(line(text=text)).content.text == text.replace("\0", "\ufffd")


@given(
    pieces=st.lists(
        st.sampled_from([b"\n", b" \n", b"\r\n", b"{}", b"x y\n", BYTE_ORDER_MARK])
        | st.binary(max_size=3)
    ),
    most=st.integers(min_value=1, max_value=20),
)
def test_lines_are_found_as_splitting_finds_them(pieces, most):
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(most)

    data = b"".join(pieces)
    found = [data[start : start + length] for start, length in ndjson.spans(Trickle(data))]
    blank = (b"", BYTE_ORDER_MARK)
    assert found == [piece for piece in data.split(b"\n") if piece.lstrip() not in blank]


def test_more_members_than_anything_has_are_refused_before_they_are_read():
    most = ndjson.MOST_MEMBERS
    for raw in (
        b'{"text":[' + b"[]," * (most + 1) + b"[]]}",
        b'{"labels":{' + b'"a":"b",' * most + b'"c":"d"}}',
        b"[" * (most + 1),
        b'"' * (5 * most) + b"," * (most + 1),
    ):
        with pytest.raises(InvalidError, match="more than 100,000"):
            read(raw)


def test_marks_within_a_text_are_no_members():
    written = 'a, {b} [c] "d" \\ \\" ' * 40_000
    assert written.count(",") + written.count("{") + written.count("[") > ndjson.MOST_MEMBERS
    assert read(line(text=written)).content.text == written


@given(st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4)))
def test_members_are_counted_as_json_has_them(value):
    def members(one) -> int:
        return sum(map(members, one)) + max(len(one), 1) if isinstance(one, list) else 0

    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        marks = ndjson.marks_outside_strings(text.encode())
        assert marks == members(value)
