"""Templates: what is chosen, what is filled in, and what is wrong in them is said."""

from datetime import date
from random import Random

import pytest

from scripts.demo.company import LANGUAGES, texts
from scripts.demo.phrasing import Details, expand, money, spoken


def details(**known: str) -> Details:
    return Details(Random(1), "en", date(2024, 2, 29), {"product": ["Tern 5"]}, **known)


def said(template: str, seed: int = 1, **known: str) -> str:
    return expand(template, Random(seed), details(**known))


def test_one_of_the_alternatives_is_taken() -> None:
    assert {said("a [b|c|] d", seed) for seed in range(30)} == {"a b d", "a c d", "a  d"}
    assert {said("[x [1|2]|y]", seed) for seed in range(30)} == {"x 1", "x 2", "y"}


def test_a_bar_outside_of_brackets_is_a_bar() -> None:
    assert said("a|b") == "a|b"


def test_a_detail_keeps_its_value() -> None:
    first, second, again = said("{order} {order2} {order}").split()
    assert first == again != second
    assert said("{a} has a {product}", a="Ann") == "Ann has a Tern 5"


@pytest.mark.parametrize("template", ["a]", "[a", "{nonsense}", "[a {nonsense}|b {nonsense}]"])
def test_what_is_wrong_is_refused(template: str) -> None:
    with pytest.raises(ValueError):
        said(template)


def test_days_and_money_are_written_as_in_the_language() -> None:
    day = date(2024, 3, 1)
    assert [spoken(day, each) for each in ("en", "de", "es", "ja")] == [
        "1 March",
        "1. März",
        "1 de marzo",
        "3月1日",
    ]
    assert (money(1240, "en"), money(1240, "de")) == ("£1,240", "1.240 €")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_can_be_played_to_its_end(language: str) -> None:
    words = texts("company")["words"] | texts(language).get("words", {})
    names = {letter: letter.upper() for letter in "abcd"} | {f"{x}_name": x for x in "abcd"}
    names |= {
        name: name for name in ("to", "to_name", "me", "ticket", "supplier", "goods", "issue")
    }
    known = Details(Random(1), language, date(2024, 2, 29), words, **names)

    def walk(value: object, seed: int) -> None:
        if isinstance(value, str):
            text = expand(value, Random(seed), known)
            assert not set("[]{}|") & set(text), text
        elif isinstance(value, dict):
            for part in value.values():
                walk(part, seed)
        elif isinstance(value, list):
            for part in value:
                walk(part, seed)

    for seed in range(5):
        walk(texts(language), seed)
