"""Small records and queries for the tests of the query language and the index."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from archive.model.interaction import (
    Attachment,
    Channel,
    Content,
    Direction,
    Kind,
    Metrics,
    Participant,
    ParticipantRole,
)
from archive.model.person import KnownPerson
from archive.model.record import Record
from archive.model.unreadable import Unreadable
from archive.query.tree import (
    EVERYTHING,
    Exact,
    Fuzzy,
    Near,
    Node,
    Not,
    NotNear,
    Person,
    Phrase,
    Range,
    Stem,
    Value,
    Word,
    conjunction,
    disjunction,
)

START = datetime(2001, 1, 1, tzinfo=UTC)
WORDS = (
    "fee",
    "fees",
    "rebate",
    "side",
    "letter",
    "résumé",
    "resume",
    "日本",
    "x-1",
    "dying",
    "die",
)


def record(number: int = 1, **changes: Any) -> Record:
    """Return a record; `changes` go to the record or, where it has no such field, its content."""
    own = {name: changes.pop(name) for name in list(changes) if name in Record.__slots__}
    content = {
        "source": "Mail",
        "native_id": f"<m{number}@x.test>",
        "channel": Channel.EMAIL,
        "occurred_at": START + timedelta(days=number),
        "participants": (),
        **changes,
    }
    defaults = {
        "id": UUID(int=(8 << 76) | (2 << 62) | number << 80 | number),
        "version": 1,
        "seq": number,
        "first_seq": number,
        "captured_at": START + timedelta(days=1000, seconds=number),
        "custodian": None,
        "labels": {},
        "size": 100 * number,
        "sha256": f"{number:064x}",
        "media_type": "message/rfc822",
    }
    return Record(content=Content(**content), **{**defaults, **own})


texts = st.one_of(
    st.none(),
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
    st.lists(st.sampled_from((*WORDS, ",", "\u00ad", "\ue000", "İ", "한국")), max_size=5).map(
        "".join
    ),
)
addresses = st.sampled_from(
    ("ann@enron.test", "bob@mail.enron.test", "ann@other.test", "fee", "résumé@enron.test", None)
)
participants = st.builds(
    Participant,
    role=st.sampled_from(ParticipantRole),
    address=addresses,
    name=st.sampled_from((None, "Ann Fee", "Bób")),
    department=st.sampled_from((None, "Sales", "After sales", "R&D *?")),
    location=st.sampled_from((None, "side", "Oporto")),
)
aliases = st.lists(
    st.sampled_from(("ann@enron.test", "fee", "Ann Fee", "bób", "zoe@else.test")), unique=True
)
known_people = st.lists(
    st.builds(
        KnownPerson,
        id=st.uuids(),
        name=st.sampled_from(("Ann Fee", "Bób", "Zoe")),
        aliases=aliases.map(tuple),
    ),
    max_size=2,
)
attachments = st.builds(
    Attachment,
    filename=st.sampled_from((None, "fee report.pdf", "letter.txt")),
    media_type=st.sampled_from(("audio/ogg", "text/plain")),
    size=st.just(1),
    sha256=st.sampled_from(("aa" * 32, "BB" * 32)),
    part=st.just("2"),
    text=st.sampled_from((None, "side letter: fee", "résumé fees 日本", "rebate\nside")),
    unreadable=st.sampled_from((None, None, *Unreadable)),
)


@st.composite
def corpora(draw: st.DrawFn) -> list[Record]:
    """A few records, each with its own number."""
    return [
        record(
            number,
            subject=draw(texts),
            text=draw(texts),
            html_text=draw(texts),
            location=draw(st.sampled_from((None, "New York", "side"))),
            participants=tuple(draw(st.lists(participants, max_size=3))),
            attachments=tuple(draw(st.lists(attachments, max_size=2))),
            channel=draw(st.sampled_from(Channel)),
            kind=draw(st.sampled_from(Kind)),
            direction=draw(st.sampled_from((None, *Direction))),
            language=draw(st.sampled_from((None, "en-GB", "en", "de_DE"))),
            conversation=draw(st.sampled_from((None, "T1", "t1"))),
            metrics=draw(st.sampled_from((None, Metrics(outcome="Sold")))),
            occurred_at=draw(
                st.one_of(st.none(), st.integers(-9, 9).map(lambda n: START + timedelta(hours=n)))
            ),
            custodian=draw(st.sampled_from((None, "Ann Fee", "bob"))),
            edited=draw(st.booleans()),
            deleted=draw(st.booleans()),
            duplicate=draw(st.booleans()),
        )
        for number in range(1, draw(st.integers(1, 6)) + 1)
    ]


TEXT_FIELDS = st.sampled_from(
    (None, None, None, "subject", "body", "attachment", "location", "from", "participants")
)
_word_texts = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(
        ("fe*", "*e", "?ee", "l*t*r", "RÉS*", "日*", "*本", "x-?", "*s*", "x.*", "ann@enron.test")
    ),
    st.sampled_from(("fe\ue000", "\ue001fee", "side\ue000letter")),
)
_phrase_texts = (
    st.lists(st.sampled_from((*WORDS, "fe*", "*", "le?ter", "die?")), min_size=1, max_size=3)
    .map(" ".join)
    .filter(lambda text: any(c.isalnum() for c in text))
)


@st.composite
def text_leaves(draw: st.DrawFn, field: str | None) -> Node:
    """A word, phrase, stem or fuzzy word of one field."""
    single = st.sampled_from(("fee", "fees", "leter", "dying", "resume", "sied", "\ue000fee"))
    # No query is read as an address among the words of people: there it is a Person.
    words = _word_texts.filter(
        lambda text: field not in ("from", "participants") or "@" not in text
    )
    return draw(
        st.one_of(
            st.builds(Word, words, st.just(field)),
            st.builds(Phrase, _phrase_texts, st.just(field)),
            st.builds(Stem, single, st.just(field)),
            st.builds(Fuzzy, single, st.integers(1, 2), st.just(field)),
        )
    )


@st.composite
def proximities(draw: st.DrawFn, depth: int = 1, field: str | None = None) -> Node:
    """A proximity, all of it in one field."""

    def side() -> Node:
        choice = draw(st.integers(0, 3))
        if choice == 0 and depth:
            return draw(proximities(depth - 1, field))
        if choice == 1:
            return disjunction([draw(text_leaves(field)), draw(text_leaves(field))])
        return draw(text_leaves(field))

    if draw(st.booleans()):
        return NotNear(side(), side(), draw(st.integers(1, 4)))
    return Near(side(), side(), draw(st.integers(1, 4)), draw(st.booleans()))


_seconds = st.integers(-10, 10).map(lambda hours: int(START.timestamp()) + hours * 3600)


def _ranges(field: str, numbers: st.SearchStrategy[int]) -> st.SearchStrategy[Node]:
    pairs = st.tuples(numbers, numbers).filter(lambda pair: pair[0] < pair[1])
    return st.one_of(
        pairs.map(lambda pair: Range(field, *pair)),
        numbers.map(lambda low: Range(field, low, None)),
        numbers.map(lambda high: Range(field, None, high)),
        st.just(Range(field, None, None)),
    )


values = st.sampled_from(
    [
        Value("email", "channel"), Value("message", "kind"), Value("inbound", "direction"),
        Value("mail", "source"), Value("a*fee", "custodian"), Value("en", "language"),
        Value("de-de", "language"), Value("*report*", "filename"), Value("letter.txt", "filename"),
        Value("sold", "outcome"), Value("sales", "department"), Value("*s*", "department"),
        Value("T1", "conversation"), Value("<m1@x.test>", "id"),
        Value("m2@x.test", "id"), Value("bb" * 32, "hash"), Value("attachment", "has"),
        Value("text", "has"), Value("html", "has"), Value("audio", "has"), Value("edited", "is"),
        Value("deleted", "is"), Value("undated", "is"), Value("duplicate", "is"),
        Value("unsearchable", "is"), Value("html-only", "is"),
        Value("*", "direction"), Value("*", "conversation"), Value("*", "outcome"),
    ]
)  # fmt: skip
people = st.builds(
    Person,
    st.sampled_from(
        ("ann@enron.test", "ANN@*", "*@enron.test", "@enron.test", "enron.test", "mail.enron.test")
    ),
    st.sampled_from(("from", "to", "participants")),
)
leaves = st.one_of(
    st.just(EVERYTHING),
    TEXT_FIELDS.flatmap(text_leaves),
    TEXT_FIELDS.flatmap(lambda field: proximities(1, field)),
    st.builds(Word, st.just("*"), st.sampled_from(("subject", "from", "body"))),
    values,
    people,
    st.builds(Exact, people),
    _ranges("sent", _seconds),
    _ranges("captured", st.integers(0, 9).map(lambda n: int(START.timestamp()) + 86_400_000 + n)),
    _ranges("size", st.integers(1, 700)),
)
nodes: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(conjunction),
        st.lists(inner, min_size=2, max_size=3).map(disjunction),
    ),
    max_leaves=6,
)
