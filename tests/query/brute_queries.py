"""Random queries in either dialect, each with its own say of what it finds.

A query is made as text and as a test of a record side by side, so the parser, the index and the
matcher are all held against the test, which shares no code with them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from archive.model.interaction import Channel, Direction, Kind
from tests.query import brute_words as words
from tests.query.brute_corpora import ADDRESSES, ALONE, FIELD_ROLES, LATIN, START, Seen
from tests.query.brute_words import MARK, STAR, Spans, Token, each, glob, tokens, whole

Holds = Callable[[Seen], bool]
Find = Callable[[list[Token]], Spans]
SINGLE = ("fee", "fees", "apply", "applied", "dying", "died", "hoping", "hop", "skies", "letter")
MISTYPED = ("leter", "fees", "rebaet", "sied", "resme", "hpo", "trde", "zurihc", "47111")
PATTERNS = (
    "fe*", "*e", "?ee", "l*t*r", "RÉS*", "res*", "日*", "*本", "x_?", "*s*", "h?p*", "*", "a*", "?",
    "47?1", "*ing", "don't*", "ann@*", "Z?RICH", "z*ür*", "*ё*", "f?e?", "ガ?", "co*ate",
)  # fmt: skip
DOMAINS = (
    "enron.test",
    "@enron.test",
    "@mail.enron.test",
    "other.test",
    "bob.fee",
    "test",
    "x.test",
)
SECONDS_OF_DAY = 86_400


@dataclass(frozen=True)
class Asked:
    """A query as it is typed, and what it finds. `loose` text needs parentheses within another."""

    text: str
    holds: Holds
    loose: bool = False

    @property
    def closed(self) -> str:
        """The text as it can stand anywhere."""
        return f"({self.text})" if self.loose else self.text


@dataclass(frozen=True)
class Side:
    """A word, phrase, group or proximity as it is typed, and where it stands in a text."""

    text: str
    find: Find
    loose: bool = False
    apart: bool = False

    @property
    def closed(self) -> str:
        """The text as it can stand at an operator."""
        return f"({self.text})" if self.loose else self.text


def pattern(text: str, *, quoted: bool = False) -> str:
    """Put STAR and MARK for wildcards."""
    if "://" in text:
        return text
    return "".join(
        STAR
        if character == "*"
        else MARK
        if character == "?" and (not quoted or text[n + 1 : n + 2].isalnum())
        else character
        for n, character in enumerate(text)
    )


def _row(text: str, typed: str) -> Side:
    tests = words.same_word(text)
    return Side(typed, lambda found: words.in_a_row(tests, found))


def _word(random: Random) -> Side:
    kind = random.random()
    if kind < 0.45:
        text = random.choice(ALONE if random.random() < 0.2 else LATIN)
        return _row(pattern(text), text)
    if kind < 0.75:
        text = random.choice([one for one in PATTERNS if one != "*"])
        return _row(pattern(text), text)
    if kind < 0.88:
        text = random.choice(SINGLE)
        stem = words.same_stem(text)
        return Side(f"{text}~", lambda found: words.in_a_row([stem], found))
    text, most = random.choice(MISTYPED), random.randint(1, 2)
    close = words.close_to(text, most)
    return Side(f"{text}{random.choice('~%')}{most}", lambda found: words.in_a_row([close], found))


def _phrase(random: Random) -> Side:
    parts = [
        random.choice(PATTERNS if random.random() < 0.3 else (*LATIN, *ALONE))
        for _ in range(random.randint(1, 3))
    ]
    text = random.choice((" ", " ", ", ", "-")).join(parts)
    if not any(token.exact.strip(STAR) for token in tokens(pattern(text, quoted=True))):
        text = f"{text} fee"
    left, right = random.choice(('""', '""', "\u201c\u201d", "«»"))
    return _row(pattern(text, quoted=True), f"{left}{text}{right}")


def side(random: Random, depth: int) -> Side:
    """Return what may stand on a side of a proximity."""
    kind = random.random()
    if depth and kind < 0.2:
        return proximity(random, depth - 1)
    if depth and kind < 0.4:
        left, right = side(random, depth - 1), side(random, depth - 1)
        return Side(
            f"{left.closed} OR {right.closed}",
            lambda found: left.find(found) | right.find(found),
            loose=True,
            apart=left.apart or right.apart,
        )
    return _phrase(random) if kind < 0.6 else _word(random)


def proximity(random: Random, depth: int) -> Side:
    """Return a proximity in the form of either dialect."""
    left, right = side(random, depth), side(random, depth)
    most = random.choice((1, 2, 3, 5, 30))
    kind = random.random()
    if kind < 0.3:
        operator = f"NOT {random.choice('wW')}/{most}"
        return Side(
            f"{left.closed} {operator} {right.closed}",
            lambda found: words.alone(left.find(found), right.find(found), most),
            loose=True,
            apart=True,
        )
    ordered = kind < 0.6
    forms = ("pre/{}", "ONEAR({})") if ordered else ("w/{}", "W/{}", "NEAR({})", "near(n={})")
    return Side(
        f"{left.closed} {random.choice(forms).format(most)} {right.closed}",
        lambda found: words.pairs(left.find(found), right.find(found), most, ordered=ordered),
        loose=True,
        apart=left.apart or right.apart,
    )


def _looked_for(asked: Side, field: str | None) -> Holds:
    if field is not None:
        return lambda seen: any(asked.find(text) for text in seen.texts[field])
    names = ["subject", "body", "attachment", *([] if asked.apart else ["seam"])]
    return lambda seen: any(asked.find(text) for name in names for text in seen.texts[name])


def _text(random: Random) -> Asked:
    field = random.choice((None, None, None, "subject", "body", "attachment", "location"))
    kind = random.random()
    if kind < 0.4:
        asked = proximity(random, random.choice((0, 0, 1, 2)))
    else:
        asked = _phrase(random) if kind < 0.6 else _word(random)
    if field is None:
        found = _looked_for(asked, None)
        if asked.text == "ann@enron.test":
            holds = _widened(lambda seen: _address(seen, asked.text), "participants")
            return Asked(asked.text, lambda seen: found(seen) or holds(seen))
        return Asked(asked.text, found, asked.loose)
    return Asked(
        f"{random.choice((field, field.upper()))}:{asked.closed}", _looked_for(asked, field)
    )


def _address(seen: Seen, address: str, field: str = "participants") -> bool:
    return whole(address) in seen.addresses[field]


def _widened(holds: Holds, field: str) -> Holds:
    """Find what is asked, and all records of whomever that names, by whichever alias."""
    return lambda seen: (
        holds(seen)
        or any(
            holds(someone.alone) and someone.takes_part(seen, field) for someone in seen.directory
        )
    )


def _domain(address: str, domain: str) -> bool:
    _, at, there = address.rpartition("@")
    return bool(at) and (there == domain or there.endswith(f".{domain}"))


def _person(random: Random) -> Asked:
    field = random.choice(tuple(FIELD_ROLES))
    kind = random.random()
    if kind < 0.3:
        text = random.choice([one for one in ADDRESSES if "@" in one])
        text = text.upper() if random.random() < 0.2 else text
        written = random.choice((text, f'"{text}"', f'"Some One <{text}>"'))
        asked = Asked(f"{field}:{written}", lambda seen: _address(seen, text, field))
    elif kind < 0.4:
        text = random.choice(("ann@*", "*@enron.test", "*b*@*.test", "??n@other.t*"))
        wild = pattern(text)
        asked = Asked(
            f"{field}:{text}", lambda seen: any(glob(wild, one) for one in seen.addresses[field])
        )
    elif kind < 0.65:
        text = random.choice([one for one in DOMAINS if "." in one])
        domain = text.removeprefix("@")
        asked = Asked(
            f"{field}:{text}",
            lambda seen: any(
                _domain(one, domain) or ("@" not in text and one.rpartition("@")[0] == domain)
                for one in seen.addresses[field]
            ),
        )
    else:
        side_ = random.choice((_row("ann fee", '"Ann Fee"'), _row("bob", "bob"), _row("bób", "bób"),
                               _row("日", "日"), _row("enron.test", '"enron.test"'),
                               _row("f" + STAR, "f*"), _row("test", "test")))  # fmt: skip
        asked = Asked(f"{field}:{side_.text}", _looked_for(side_, field))
    if random.random() < 0.2:
        return Asked(f"exact:({asked.text})", asked.holds)
    return Asked(asked.text, _widened(asked.holds, field))


def _value(random: Random) -> Asked:
    several: dict[str, Callable[[Seen], list[str]]] = {
        "custodian": lambda seen: list(each([seen.record.custodian])),
        "source": lambda seen: [seen.record.content.source],
        "department": lambda seen: list(
            each(p.department for p in seen.record.content.participants)
        ),
        "filename": lambda seen: list(each(a.filename for a in seen.record.content.attachments)),
        "outcome": lambda seen: list(
            each([seen.record.content.metrics.outcome if seen.record.content.metrics else None])
        ),
    }
    field = random.choice(tuple(several))
    values = several[field]
    text = random.choice(
        {
            "custodian": ("ANN FEE", "bób", "bob", "*", "a*e", "ann"),
            "source": ("mail", "chat export", "Chat*", "*", "?ail"),
            "department": ("sales", "after sales", "*sales", "R&D*", "r&d \\*\\?"),
            "filename": ("letter.txt", "*.pdf", "日本\\**", "*", "fee?report.pdf", "letter"),
            "outcome": ("sold", "LOST*", "lost \\*", "s?ld", "*"),
        }[field]
    )
    wild = whole(pattern(text).replace("\\" + STAR, "*").replace("\\" + MARK, "?"))
    plain = all(c.isalnum() or c in "*?." for c in text)
    written = text if plain and random.random() < 0.7 else f'"{text}"'
    return Asked(
        f"{field}:{written}",
        lambda seen: any(text == "*" or glob(wild, whole(one)) for one in values(seen)),
    )


def _choice(random: Random) -> Asked:
    kind = random.randrange(5)
    if kind == 0:
        mark = random.choice(("edited", "deleted", "undated", "duplicate", "html-only"))
        return Asked(f"is:{mark}", lambda seen: mark in seen.marks)
    if kind == 1:
        name = random.choice(("attachment", "text", "html", "audio"))
        return Asked(f"has:{name}", lambda seen: name in seen.has)
    if kind == 2:
        return Asked("is:unsearchable", lambda seen: seen.unsearchable)
    if kind == 3:
        language = random.choice(("en", "en-gb", "EN", "de", "de-de", "de_DE", "fr"))
        wanted = language.lower().replace("_", "-")
        return Asked(
            f"language:{language}",
            lambda seen: (
                f"{(seen.record.content.language or '').lower().replace('_', '-')}-".startswith(
                    f"{wanted}-"
                )
            ),
        )
    enumeration = random.choice((Channel, Kind, Direction))
    one = random.choice([str(member) for member in enumeration])
    field = enumeration.__name__.lower()
    return Asked(f"{field}:{one}", lambda seen: getattr(seen.record.content, field) == one)


def _identifier(random: Random) -> Asked:
    kind = random.randrange(3)
    if kind == 0:
        number = random.randint(1, 12)
        left, right = random.choice((("", ""), ("<", ">")))
        wanted = f"<m{number}@x.test>"
        return Asked(
            f"id:{left}m{number}@x.test{right}",
            lambda seen: seen.record.content.native_id == wanted,
        )
    if kind == 1:
        digest = random.choice(("aa", "bb", "AA", "Bb")) * 32
        return Asked(
            f"hash:{digest}",
            lambda seen: any(
                one.sha256.lower() == digest.lower() for one in seen.record.content.attachments
            ),
        )
    text, wanted = random.choice(
        (("T1", "T1"), ("t1", "t1"), ('"c 1@x"', "<c 1@x>"), ("*", ""), ("T", "T"))
    )
    return Asked(
        f"conversation:{text}",
        lambda seen: (
            bool(seen.record.content.conversation)
            if text == "*"
            else seen.record.content.conversation == wanted
        ),
    )


def _date(random: Random) -> Asked:
    field = random.choice(("sent", "sent", "captured"))
    base = START + timedelta(days=1000) if field == "captured" else START
    around = base + timedelta(
        days=random.randint(-500, 500) if field == "sent" else random.randint(-1, 9)
    )
    (first, low, high), (second, _, last) = (
        _named(random, around),
        _named(random, around + timedelta(days=random.choice((0, 1, 40, 400)))),
    )
    kind = random.randrange(7)
    if kind == 0 and low < last:
        return _numbers(field, f"{field}:{first}..{second}", low, last)
    if kind == 1:
        return _numbers(field, f"{field}:{first}..", low, None)
    if kind == 2:
        return _numbers(field, f"{field}:*", None, None)
    operator, bounds = random.choice(
        ((">=", (low, None)), (">", (high, None)), ("<", (None, low)), ("<=", (None, high)),
         ("=", (low, high)), (":", (low, high)))
    )  # fmt: skip
    return _numbers(field, f"{field}{operator}{first}", *bounds)


def _named(random: Random, moment: datetime) -> tuple[str, float, float]:
    """Return how a year, month, day, minute or second is written, its start and its end."""
    precision = random.randrange(5)
    year, month = moment.year, moment.month
    if precision == 0:
        begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    elif precision == 1:
        begin = datetime(year, month, 1, tzinfo=UTC)
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    else:
        shown = moment.replace(second=0) if precision == 3 else moment
        begin = shown.replace(hour=0, minute=0, second=0) if precision == 2 else shown
        end = begin + timedelta(seconds=(SECONDS_OF_DAY, 60, 1)[precision - 2])
    written = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%SZ")[precision]
    return begin.strftime(written), begin.timestamp(), end.timestamp()


def _numbers(field: str, text: str, low: float | None, high: float | None) -> Asked:
    def holds(seen: Seen) -> bool:
        if field == "size":
            number: float = seen.record.size
        else:
            moment = (
                seen.record.captured_at if field == "captured" else seen.record.content.occurred_at
            )
            if moment is None:
                return False
            number = moment.timestamp()
        return (low is None or low <= number) and (high is None or number < high)

    return Asked(text, holds)


def _size(random: Random) -> Asked:
    written, size = random.choice(
        (("1kb", 1000), ("1KiB", 1024), ("1mb", 10**6), ("0.001gb", 10**6), ("2mib", 2**21),
         ("999", 999), ("1.024kb", 1024))
    )  # fmt: skip
    operator, bounds = random.choice(
        ((">=", (size, None)), (">", (size + 1, None)), ("<", (None, size)),
         ("<=", (None, size + 1)), ("=", (size, size + 1)), (":", (size, size + 1)))
    )  # fmt: skip
    if random.random() < 0.2:
        return _numbers("size", f"size:{written}..1gb", size, 10**9 + 1)
    return _numbers("size", f"size{operator}{written}", *bounds)


_LEAVES = (_text, _text, _text, _text, _text, _person, _value, _choice, _identifier, _date, _size)


def _name(random: Random, names: Mapping[str, Holds]) -> Asked:
    """Ask for a hold by its name, or for any: such names stand for what `names` says."""
    name = random.choice(list(names))
    forms = {
        f"hold:{name}": [name],
        f"HOLD:{name.upper()}": [name],
        f'hold:"{name}"': [name],
        f"hold:{name[0]}*": [each for each in names if each[0] == name[0]],
        "hold:*": list(names),
        "has:hold": list(names),
    }
    text = random.choice(list(forms))
    return Asked(text, lambda seen: any(names[each](seen) for each in forms[text]))


def asked(random: Random, depth: int = 3, names: Mapping[str, Holds] | None = None) -> Asked:
    """Return a random query, which may ask for some names."""
    kind = random.random()
    if names and kind < 0.06:
        return _name(random, names)
    if depth == 0 or kind < 0.45:
        return random.choice(_LEAVES)(random)
    if kind < 0.6:
        inner = asked(random, depth - 1, names)
        closed = inner.text if inner.text[0] == "(" and not inner.loose else f"({inner.text})"
        return Asked(
            f"{random.choice(('NOT ', '-'))}{closed}",
            lambda seen: not inner.holds(seen),
            loose=True,
        )
    left, right = asked(random, depth - 1, names), asked(random, depth - 1, names)
    if kind < 0.8:
        return Asked(
            f"{left.closed}{random.choice((' ', ' AND '))}{right.closed}",
            lambda seen: left.holds(seen) and right.holds(seen),
            loose=True,
        )
    return Asked(
        f"{left.closed} OR {right.closed}",
        lambda seen: left.holds(seen) or right.holds(seen),
        loose=True,
    )
