"""Made records as NDJSON, the same for the same seed, through the doors that anybody's take."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

SOURCE = "made"
_START = datetime(2015, 1, 1, tzinfo=UTC)
_SYLLABLES = ("ba", "cor", "del", "fi", "gan", "ho", "jur", "ka", "lim", "mer", "nos", "pre")
_CHANNELS = ("email", "chat", "ticket", "social")
_PEOPLE = 400
_WORDS = 12_000
_IN_A_TEXT = (20, 120)


def write(path: Path, first: int, count: int, *, seed: int = 3) -> None:
    """Write `count` records from the 0-based number `first` on, one a line."""
    with path.open("w", encoding="utf-8") as file:
        for document in _documents(first, count, seed):
            file.write(json.dumps(document) + "\n")


def word(number: int) -> str:
    """Return a word of the made language; small numbers stand for frequent words."""
    parts = []
    number += len(_SYLLABLES)
    while number:
        number, place = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[place])
    return "".join(parts)


def address(person: int) -> str:
    """Return the address of a made person."""
    return f"{word(person)}@{word(person % 7)}.example"


def _documents(first: int, count: int, seed: int) -> Iterator[dict[str, object]]:
    vocabulary = [word(number) for number in range(_WORDS)]
    for number in range(first, first + count):
        # Each by itself, so that a record is the same whichever others are made.
        random = Random(seed * 10**9 + number)
        sender, recipient = random.sample(range(_PEOPLE), 2)
        length = random.randint(*_IN_A_TEXT)
        # The product of two is small more often than large, as words are in a language.
        places = (int(random.random() * random.random() * _WORDS) for _ in range(length))
        yield {
            "source": SOURCE,
            "native_id": f"r{number}",
            "channel": _CHANNELS[number % len(_CHANNELS)],
            "occurred_at": (_START + timedelta(minutes=37 * number)).isoformat(),
            "conversation": f"c{number // 5}",
            "participants": [
                {"role": "from", "address": address(sender), "name": word(sender).title()},
                {"role": "to", "address": address(recipient), "name": word(recipient).title()},
            ],
            "subject": f"{word(number % 900)} {word(number % 31)}",
            "text": " ".join(vocabulary[place] for place in places),
        }
