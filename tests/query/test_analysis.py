from hypothesis import given
from hypothesis import strategies as st

from archive.query.analysis import LONGEST_WORD, normalise, stem, words
from archive.query.placing import PlacedText, placed_words

texts = st.text(max_size=60) | st.text("aéÎx\u0301İßŁ日ア\u3099ที่한 .-_\u00ad😀²¼ͅ", max_size=30)


@given(texts)
def test_folded_and_exact_words_stand_side_by_side(text: str) -> None:
    folded, exact = normalise(text)
    assert len(folded.split()) == len(exact.split())
    assert [w.folded for w in words(text)] == folded.split()
    assert [w.exact for w in words(text)] == exact.split()


@given(texts)
def test_a_word_is_found_by_typing_it_as_it_stands(text: str) -> None:
    for word in words(text):
        assert words(word.exact) == [word]
        assert [again.folded for again in words(word.folded)] == [word.folded]
        # What is folded has no accent left, or `accented` would hold it.
        assert all(again.folded == again.exact for again in words(word.folded))


@given(texts, texts)
def test_a_text_parted_by_a_space_has_the_words_of_its_parts(left: str, right: str) -> None:
    assert words(f"{left} {right}") == words(left) + words(right)


@given(texts)
def test_placed_words_are_the_words_with_places_in_the_text(text: str) -> None:
    placed = list(placed_words(text))
    assert [place.word for place in placed] == words(text)
    assert all(0 <= place.start < place.end <= len(text) for place in placed)
    assert placed == sorted(placed, key=lambda place: place.start)


@given(texts | st.lists(texts, max_size=40).map(" ".join), st.integers(1, 60))
def test_words_asked_for_are_placed_as_all_would_be(text: str, most: int) -> None:
    every = list(placed_words(text))[:most]
    placed = PlacedText(text, most)
    assert placed.words == [place.word for place in every]
    for number, (_, start, end) in enumerate(every):
        assert placed.span(number, number) == (start, end)


def test_overlong_runs_are_cut_and_stay_side_by_side() -> None:
    for letter in "aé":
        found = words(letter * (2 * LONGEST_WORD + 5))
        assert [len(word.exact) for word in found] == [LONGEST_WORD, LONGEST_WORD, 5]


def test_stems_are_english() -> None:
    assert stem("applied") == stem("apply") == "appli"
