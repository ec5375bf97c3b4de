"""Queries about real mails, made of what stands in them, each with its own way of counting."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from tests.query import brute_words as words
from tests.query.brute_words import MARK, STAR, Spans, Token
from tests.query.std_mails import Mail, month_span

Find = Callable[[list[Token]], Spans]
HEADERS = {
    "from": ("From",),
    "to": ("To",),
    "cc": ("Cc",),
    "participants": ("From", "To", "Cc", "Bcc"),
}


@dataclass(frozen=True)
class Question:
    """A query and how to count for it; `worded` says that it looks into texts."""

    kind: str
    text: str
    holds: Callable[[Mail], bool]
    worded: bool


class Maker:
    """Makes questions about some mails. The same seed makes the same ones."""

    def __init__(self, mails: Sequence[Mail], random: Random) -> None:
        self._mails = mails
        self._random = random

    def questions(self, each: int) -> Iterator[Question]:
        """Yield that many questions of every kind."""
        for make in (
            self._person, self._domain, self._month, self._since, self._size, self._subject,
            self._word, self._phrase, self._wildcard, self._wild_phrase, self._near,
            self._wild_near, self._near_groups, self._not_near, self._both,
        ):  # fmt: skip
            for _ in range(each):
                yield make()

    def _text(self, field: str, least: int) -> list[Token]:
        """Return a text of some words, of any mail."""
        while True:
            texts = self._texts(self._random.choice(self._mails), field)
            if texts and len(texts[0]) >= least:
                return texts[0]

    @staticmethod
    def _texts(mail: Mail, field: str) -> list[list[Token]]:
        return mail.subject if field == "subject" else mail.body

    def _some(self, text: list[Token], count: int = 1) -> list[str]:
        """Return words of a text as they would be typed, one after the other."""
        while True:
            start = self._random.randrange(len(text) - count + 1)
            found = [token.exact for token in text[start : start + count]]
            if all(
                re.fullmatch(r"\w+", word) and word not in ("and", "or", "not") for word in found
            ):
                return found

    def _asked(self, kind: str, field: str, text: str, find: Find) -> Question:
        def holds(mail: Mail) -> bool:
            return any(find(found) for found in self._texts(mail, field))

        return Question(kind, text, holds, worded=True)

    def _pattern(self, word: str) -> str:
        """Return a word with a wildcard somewhere in it."""
        place = self._random.randrange(1, max(2, len(word)))
        return self._random.choice(
            (f"{word[:place]}*", f"*{word[-place:]}", f"{word[:place]}?{word[place + 1 :]}",
             f"{word[:1]}*{word[-1:]}", f"*{word[1:3]}*")
        )  # fmt: skip

    def _person(self) -> Question:
        field = self._random.choice(tuple(HEADERS))
        people = self._people(field)
        _, address = self._random.choice([one for one in people if "@" in one[1]])
        return Question(
            "address",
            f'{field}:"{address}"',
            lambda mail: any(one == address for _, one in mail.people(*HEADERS[field])),
            worded=False,
        )

    def _domain(self) -> Question:
        field = self._random.choice(tuple(HEADERS))
        domains = [
            one[1].rpartition("@")[2] for one in self._people(field) if re.fullmatch(
                r"[\w.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", one[1]
            )
        ]  # fmt: skip
        domain = self._random.choice(domains)
        domain = domain.partition(".")[2] if domain.count(".") > 1 else domain
        return Question(
            "domain",
            f"{field}:@{domain}",
            lambda mail: any(
                f".{one.rpartition('@')[2]}".endswith(f".{domain}") and "@" in one
                for _, one in mail.people(*HEADERS[field])
            ),
            worded=False,
        )

    def _people(self, field: str) -> list[tuple[str, str]]:
        while True:
            people = self._random.choice(self._mails).people(*HEADERS[field])
            if any(re.fullmatch(r"[\w.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", one) for _, one in people):
                return people

    def _moment(self) -> datetime:
        while True:
            sent = self._random.choice(self._mails).sent
            if sent is not None and 0 < sent < 2**31:
                return datetime.fromtimestamp(sent, UTC)

    def _month(self) -> Question:
        moment = self._moment()
        low, high = month_span(moment.year, moment.month)
        return _dated("month", f"sent:{moment:%Y-%m}", low, high)

    def _since(self) -> Question:
        moment = self._moment()
        low = moment.replace(hour=0, minute=0, second=0).timestamp()
        if self._random.random() < 0.5:
            return _dated("since", f"sent>={moment:%Y-%m-%d}", low, None)
        begin, _ = month_span(moment.year, 1)
        return _dated("range", f"sent:{moment:%Y}..{moment:%Y-%m-%d}", begin, low + 86_400)

    def _size(self) -> Question:
        size = self._random.choice(self._mails).size
        kilobytes = size // 1000
        text, low, high = self._random.choice(
            ((f"size:{size}", size, size), (f"size>={size}", size, 10**9),
             (f"size<{size}", 0, size - 1),
             (f"size:{kilobytes}kb..{kilobytes + 3}kb", kilobytes * 1000, kilobytes * 1000 + 3000))
        )  # fmt: skip
        return Question("size", text, lambda mail: low <= mail.size <= high, worded=False)

    def _subject(self) -> Question:
        [word] = self._some(self._text("subject", 1))
        return self._asked("subject", "subject", f"subject:{word}", _row(word))

    def _word(self) -> Question:
        [word] = self._some(self._text("body", 5))
        return self._asked("word", "body", f"body:{word}", _row(word))

    def _phrase(self) -> Question:
        text = " ".join(self._some(self._text("body", 20), self._random.choice((2, 3, 4))))
        return self._asked("phrase", "body", f'body:"{text}"', _row(text))

    def _wildcard(self) -> Question:
        field = self._random.choice(("subject", "body", "body"))
        [word] = self._some(self._text(field, 1))
        text = self._pattern(word)
        return self._asked("wildcard", field, f"{field}:{text}", _row(text))

    def _wild_phrase(self) -> Question:
        first, *rest = self._some(self._text("body", 20), self._random.choice((2, 3)))
        text = " ".join((f"{first[:2]}*", *rest))
        return self._asked("phrase of wildcards", "body", f'body:"{text}"', _row(text))

    def _pair(self) -> tuple[str, str, int]:
        """Return two words of a text, and about how far apart they stand there."""
        text = self._text("body", 30)
        most = self._random.choice((1, 2, 3, 5, 10, 25))
        found = self._some(text, min(len(text), self._random.randint(2, most + 1)))
        return found[0], found[-1], most

    def _near(self) -> Question:
        left, right, most = self._pair()
        ordered = self._random.random() < 0.5
        operator = f"{'pre' if ordered else 'w'}/{most}"
        return self._asked(
            "pre/n" if ordered else "w/n",
            "body",
            f"body:({left} {operator} {right})",
            _near(_row(left), _row(right), most, ordered=ordered),
        )

    def _wild_near(self) -> Question:
        left, right, most = self._pair()
        left = f"{left[:3]}*"
        return self._asked(
            "w/n of wildcards",
            "body",
            f"body:({left} w/{most} {right})",
            _near(_row(left), _row(right), most, ordered=False),
        )

    def _near_groups(self) -> Question:
        left, right, most = self._pair()
        [other] = self._some(self._text("body", 5))
        phrase = " ".join(self._some(self._text("body", 20), 2))
        group, single = _row(left), _row(other)
        behind, last = _row(right), _row(phrase)
        return self._asked(
            "w/n of groups",
            "body",
            f'body:(({left} OR {other}) NEAR({most}) ({right} OR "{phrase}"))',
            _near(
                lambda text: group(text) | single(text),
                lambda text: behind(text) | last(text),
                most,
                ordered=False,
            ),
        )

    def _not_near(self) -> Question:
        left, right, most = self._pair()
        one, other = _row(left), _row(right)
        return self._asked(
            "NOT w/n",
            "body",
            f"body:({left} NOT w/{most} {right})",
            lambda text: words.alone(one(text), other(text), most),
        )

    def _both(self) -> Question:
        first, second = self._random.choice((self._word, self._near))(), self._since()
        third = self._subject()
        return Question(
            "AND, OR, NOT",
            f"({first.text} OR {third.text}) AND NOT {second.text}",
            lambda mail: (first.holds(mail) or third.holds(mail)) and not second.holds(mail),
            worded=True,
        )


def _row(text: str) -> Find:
    tests = words.same_word(text.replace("*", STAR).replace("?", MARK))
    return lambda found: words.in_a_row(tests, found)


def _near(left: Find, right: Find, most: int, *, ordered: bool) -> Find:
    return lambda text: words.pairs(left(text), right(text), most, ordered=ordered)


def _dated(kind: str, text: str, low: float, high: float | None) -> Question:
    def holds(mail: Mail) -> bool:
        return mail.sent is not None and low <= mail.sent and (high is None or mail.sent < high)

    return Question(kind, text, holds, worded=False)
