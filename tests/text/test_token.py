from hypothesis import given
from hypothesis import strategies as st

from harness.text import content_words, ngrams, stem, words


@given(st.text(max_size=80))
def test_words_are_lower_cased_and_a_copy_has_the_same(text: str) -> None:
    found = words(text)
    assert all(w == w.lower() and w.strip() for w in found)
    assert words(text + "\n" + text) == found + found


def test_acronyms_meet() -> None:
    assert words("U.S. US U.S. USA U.N.") == ["usa", "usa", "usa", "usa", "un"]
    assert words("let us go") == ["let", "us", "go"]


def test_ngrams() -> None:
    assert ngrams(["a"], 2) == [] == ngrams([], 1)
    assert len(ngrams(list("abcd"), 3)) == 2


def test_inflections_meet() -> None:
    for forms in (
        ("visit", "visits", "visited", "visiting"),
        ("injure", "injured"),
        ("plan", "planned", "planning"),
        ("city", "cities"),
    ):
        assert len({stem(f) for f in forms}) == 1, forms


def test_content_words() -> None:
    assert content_words("It was what he had been saying to them") == ["say"] or "say" in "".join(
        content_words("saying")
    )
