"""A line that is prepared quickly is prepared as by the models, byte for byte."""

import json
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.capture import ndjson
from archive.capture.prepare import Prepared, Preparer, Sender
from archive.capture.quick import Line, Participant, QuickLines
from archive.errors import InvalidError
from archive.events.blobs import INLINE_LIMIT, BlobStore
from archive.events.identity import Identity
from archive.model import interaction as model
from tests.locking.clocks import SetClock
from tests.sealing.support import new_keyring

NOW = datetime(2024, 5, 6, 7, 8, 9, 120_000, tzinfo=UTC)
CLOCK = SetClock(NOW)
IDENTITY = Identity(new_keyring())
# Nothing here is large enough for a blob.
PREPARER = Preparer(IDENTITY, cast(BlobStore, None), CLOCK)
QUICK = QuickLines(IDENTITY, PREPARER, CLOCK)
SENDERS = (Sender("local"), Sender(str(UUID(int=1)), str(UUID(int=2))))

LEAST = {
    "source": "desk",
    "native_id": "t-1",
    "channel": "chat",
    "occurred_at": "2024-02-29T12:00:00Z",
    "participants": [{"role": "agent", "address": "ann@example.com"}],
    "text": "hello",
}

texts = st.text(
    st.characters(codec="utf-8") | st.sampled_from('"\\/\b\f\n\r\t\0\x1f\x7f\u2028\ud800\udfff')
)
# What is asked of a name is its length in characters, whatever they are.
names = texts | st.builds(str.__mul__, st.sampled_from("aä€😀"), st.integers(1023, 1025))
digits = st.text("0123456789", min_size=1, max_size=8)
offsets = st.sampled_from(
    ["Z", "z", "", "+00:00", "-00:00", "+02:00", "-11:30", "+23:59", "+24:00", "+0200", "+02"]
)
moments = st.one_of(
    st.builds(
        "{}{}{}".format,
        st.datetimes().map(datetime.isoformat),
        st.just("") | digits.map(".{}".format),
        offsets,
    ),
    st.builds(
        "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}{}{}".format,
        st.sampled_from([0, 1, 1969, 2023, 2024, 9999]),
        st.integers(0, 13),
        st.sampled_from([0, 1, 28, 29, 30, 31, 32]),
        st.sampled_from(["T", "t", " ", "_"]),
        st.sampled_from([0, 9, 23, 24]),
        st.sampled_from([0, 59, 60]),
        st.sampled_from([0, 59, 60]),
        st.just("") | digits.map(".{}".format) | digits.map(",{}".format),
        offsets,
    ),
    st.sampled_from(["2024-05-06", "1700000000", "٢٠٢٤-05-06T07:08:09Z", "2024-W01-1T07:08:09Z"]),
)
usual_moments = st.builds(
    "{}{}".format, st.datetimes().map(datetime.isoformat), st.sampled_from(["Z", "+02:00"])
)
anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.just([]), st.just({})
)


def members(cls: type[Any], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give some of the fields that a model has, with what fits and now and then what does not."""
    each = {name: known.get(name, texts) for name in cls.model_fields}
    return st.fixed_dictionaries({}, optional={name: of | anything for name, of in each.items()})


def values(enumeration: Any) -> st.SearchStrategy[str]:
    return st.sampled_from([str(each.value) for each in enumeration])


people = st.lists(
    st.builds(
        lambda role, others: {"role": role} | others,
        values(model.ParticipantRole),
        members(model.Participant, role=values(model.ParticipantRole)),
    ),
    max_size=3,
)
known_people = st.lists(
    st.fixed_dictionaries(
        {"role": values(model.ParticipantRole)}, optional={"address": texts, "name": texts}
    ),
    min_size=1,
    max_size=3,
)
fields = members(
    model.IncomingInteraction,
    source=names,
    native_id=names,
    channel=values(model.Channel),
    kind=values(model.Kind),
    direction=values(model.Direction),
    occurred_at=moments,
    participants=people,
    custodian=names,
    labels=st.dictionaries(texts, texts, max_size=3),
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "source": names,
        "native_id": texts,
        "channel": values(model.Channel),
        "kind": values(model.Kind),
        "direction": values(model.Direction),
        "occurred_at": usual_moments,
        "conversation": texts,
        "participants": known_people,
        "subject": texts,
        "text": texts,
        "custodian": texts,
        "labels": st.dictionaries(texts, texts, max_size=3),
    },
)


def slowly(raw: bytes, sender: Sender) -> Prepared:
    parsed = ndjson.parse(raw)
    return PREPARER.prepare(parsed, sender, custodian=parsed.custodian, labels=parsed.labels)


def compare(raw: bytes, sender: Sender = SENDERS[1]) -> bool:
    """Say whether a line is prepared quickly, which must then be as by the models."""
    read = QUICK.read([raw], sender)
    (found,) = read.prepared
    if found is None:
        assert not read.sources | read.custodians
        return False
    expected = slowly(raw, sender)
    assert found.event == expected.event.compress()
    assert found[2:] == expected[2:]
    event = found.model()
    assert event == expected.model()
    assert read.sources == {event.content.source}
    assert read.custodians == ({event.custodian} if event.custodian else set())
    return True


@given(fields | likely, st.booleans(), st.sampled_from(SENDERS))
@settings(max_examples=500)
@example({"text": "\0"}, False, SENDERS[0])
@example({"text": "\ud800"}, True, SENDERS[0])
@example({"kind": "message", "labels": {}, "custodian": "ann"}, False, SENDERS[0])
@example({"occurred_at": "2024-05-06T07:08:09.9999999Z"}, False, SENDERS[0])
def test_a_line_is_prepared_as_by_the_models(
    changed: dict[str, Any], ascii_only: bool, sender: Sender
):
    text = json.dumps(LEAST | changed, ensure_ascii=ascii_only)
    compare(text.encode("utf-8", "surrogatepass"), sender)


@given(likely, st.data())
@settings(max_examples=300)
def test_damaged_lines_are_not_taken_for_others(changed: dict[str, Any], data: st.DataObject):
    text = json.dumps(LEAST | changed, ensure_ascii=data.draw(st.booleans()))
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.binary(max_size=3) | st.sampled_from([b",", b'"', b"\xed\xa0\x80"]))
        raw[place : place + data.draw(st.integers(0, 2))] = piece
    compare(bytes(raw))


@given(likely, likely)
def test_of_a_field_that_comes_twice_the_same_one_counts(
    first: dict[str, Any], second: dict[str, Any]
):
    documents = [json.dumps(each, ensure_ascii=False)[1:-1] for each in (LEAST, first, second)]
    compare(f"{{{','.join(filter(None, documents))}}}".encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"occurred_at": "2024-02-29T12:00:00.5+02:00", "kind": "call", "direction": "inbound"},
        {"text": 'said "ä"\n\tand\\', "subject": "", "custodian": "ann", "labels": {"team": "ü"}},
        {"text": "😀\x01\x7f\u2028"},
        {"conversation": "c", "in_reply_to": "t-0", "language": "de", "location": "Bern"},
    ],
)
def test_most_lines_are_prepared_quickly(changed: dict[str, Any]):
    assert compare(json.dumps(LEAST | changed, ensure_ascii=False).encode())
    assert compare(json.dumps(LEAST | changed, ensure_ascii=True).encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "a\0"},
        {"html": "<p>a"},
        {"metrics": {"value": 1}},
        {"occurred_at": "2016-12-31T23:59:60Z"},
        {"attachments": []},
        {"original": None},
        {"text": "x" * INLINE_LIMIT},
    ],
)
def test_the_others_are_left_to_the_models(changed: dict[str, Any]):
    assert not compare(json.dumps(LEAST | changed).encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"text": ""},
        {"source": ""},
        {"participants": []},
        {"x": 1},
        {"occurred_at": "1709251200"},
        {"occurred_at": 20240301},
    ],
)
def test_so_is_what_is_not_right(changed: dict[str, Any]):
    raw = json.dumps(LEAST | changed).encode()
    assert not compare(raw)
    with pytest.raises(InvalidError):
        slowly(raw, SENDERS[0])


def test_the_fields_stand_in_the_order_of_the_models():
    own = [name for name in Line.__struct_fields__ if name not in ("custodian", "labels")]
    assert own == [name for name in model.Content.model_fields if name in own]
    assert Participant.__struct_fields__ == tuple(model.Participant.model_fields)
