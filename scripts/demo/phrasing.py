"""Texts from templates: `[one|another|]` chooses, `{order}` fills in a detail.

A detail keeps its value for as long as the same `Details` are used, so that one conversation
speaks of one order; `{amount2}` is a second detail of the kind `{amount}`.
"""

from datetime import date, timedelta
from random import Random

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag",
    "fr": "lundi mardi mercredi jeudi vendredi",
    "es": "lunes martes miércoles jueves viernes",
    "nl": "maandag dinsdag woensdag donderdag vrijdag",
    "ja": "月曜日 火曜日 水曜日 木曜日 金曜日",
}


def expand(template: str, rng: Random, details: "Details") -> str:
    """Return a template with one of each set of alternatives, and its details filled in."""
    text, end = _expand(template, 0, rng, details, nested=False)
    if end != len(template):
        raise ValueError(f"An alternative closes that was not opened: {template!r}")
    return text


def _expand(
    template: str, at: int, rng: Random, details: "Details", *, nested: bool
) -> tuple[str, int]:
    """Expand from `at` to the end of this level; alternatives not chosen draw no details."""
    choices, start, depth, place = [], at, 0, at
    while place < len(template):
        letter = template[place]
        if letter == "[":
            depth += 1
        elif letter == "]":
            if depth == 0:
                break
            depth -= 1
        elif letter == "|" and depth == 0 and nested:
            choices.append(template[start:place])
            start = place + 1
        place += 1
    choices.append(template[start:place])
    chosen = choices[0] if len(choices) == 1 else rng.choice(choices)
    return _fill(chosen, rng, details), place


def _fill(template: str, rng: Random, details: "Details") -> str:
    parts: list[str] = []
    place = 0
    while place < len(template):
        letter = template[place]
        if letter == "[":
            text, place = _expand(template, place + 1, rng, details, nested=True)
            if place == len(template):
                raise ValueError(f"An alternative is not closed: {template!r}")
            parts.append(text)
        elif letter == "{":
            end = template.index("}", place)
            parts.append(details[template[place + 1 : end]])
            place = end
        else:
            parts.append(letter)
        place += 1
    return "".join(parts)


class Details(dict[str, str]):
    """What one conversation is about; what is not said yet is made up when first asked for."""

    def __init__(
        self, rng: Random, language: str, day: date, words: dict[str, list[str]], **known: str
    ) -> None:
        super().__init__(known)
        self._rng = rng
        self._language = language
        self._day = day
        self._words = words

    def __missing__(self, name: str) -> str:
        value = self._made(name.rstrip("0123456789"))
        self[name] = value
        return value

    def _made(self, kind: str) -> str:
        rng = self._rng
        if kind in self._words:
            return expand(rng.choice(self._words[kind]), rng, self)
        match kind:
            case "amount":
                return money(rng.randrange(8, 160) * 10 + rng.choice((0, 5, 9)), self._language)
            case "sum":
                return money(rng.randrange(11, 190) * 1000 + rng.randrange(10) * 50, self._language)
            case "price":
                return money(rng.randrange(42, 165) * 100 + rng.choice((0, 50, 90)), self._language)
            case "count":
                return str(rng.randrange(3, 60))
            case "percent":
                return f"{rng.randrange(2, 38)} %"
            case "days":
                return str(rng.randrange(2, 15))
            case "order":
                return f"SO-{rng.randrange(20000, 69999)}"
            case "invoice":
                return f"INV-{rng.randrange(70000, 99999)}"
            case "serial":
                return (
                    f"T{rng.randrange(3, 9)}{rng.choice('ABDEHK')}-{rng.randrange(100000, 999999)}"
                )
            case "firmware":
                return f"{rng.randrange(3, 6)}.{rng.randrange(10)}.{rng.randrange(20)}"
            case "time":
                return f"{rng.randrange(8, 18)}:{rng.choice(('00', '15', '30', '45'))}"
            case "weekday":
                return rng.choice(WEEKDAYS[self._language].split())
            case "date":
                return spoken(self._day + timedelta(days=rng.randrange(3, 35)), self._language)
            case "past":
                return spoken(self._day - timedelta(days=rng.randrange(3, 70)), self._language)
            case "month":
                return month(self._day, self._language)
        raise ValueError(f"There is no detail {kind!r}.")


def money(amount: int, language: str) -> str:
    """Write whole pounds, euros or yen as that language's readers do."""
    if language == "en":
        return f"£{amount:,}"
    if language == "ja":
        return f"{amount * 150:,}円"
    grouped = f"{amount:,}".replace(",", "\u202f" if language == "fr" else ".")
    return f"{grouped} €"


def spoken(day: date, language: str) -> str:
    """Write a day as one would say it."""
    if language == "ja":
        return f"{day.month}月{day.day}日"
    name = MONTHS[language].split()[day.month - 1]
    joint = {"de": ". ", "es": " de "}.get(language, " ")
    return f"{day.day}{joint}{name}"


def month(day: date, language: str) -> str:
    """Write the month of a day with its year."""
    if language == "ja":
        return f"{day.year}年{day.month}月"
    name = MONTHS[language].split()[day.month - 1]
    return f"{name}{' de' if language == 'es' else ''} {day.year}"
