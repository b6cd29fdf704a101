import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import dateline, sentences

CASES = {
    "titles and initials": ["Mr. J. Smith met Dr. Li.", "He left."],
    "acronyms inside and at the end": ["He flew to the U.S. on Monday.", "Then he left the U.S. The trip was short."],
    "a name after an acronym begins a sentence": ["They fear the U.S.", "Lavrov said so."],
    "a name after an acronym goes on": ["The U.S. Army moved in."],
    "times": ["It began at 3 p.m. on Friday.", "It ended at 5 p.m.", "Nobody stayed."],
    "numbers": ["Shares rose 2.5 percent to $3.75.", "No. 10 declined to comment."],
    "companies": ["Acme Inc. said so.", "It was sold to Acme Inc.", "The price fell."],
    "quotes close after the stop": ['"We won."', '"You lost!"', "They cheered."],
    "a quote that goes on": ['"Why now?" he asked.', '"Go away!" she said.'],
    "curly quotes": ["“We will go.”", "He went."],
    "brackets": ["He left. (It was late.)", "She stayed."],
}


@pytest.mark.parametrize("expected", CASES.values(), ids=CASES.keys())
def test_news(expected: list[str]) -> None:
    text = " ".join(expected)
    found = [s.text for s in sentences(text)]
    if expected[0].startswith("He left. ("):
        expected = ["He left.", "(It was late.)", "She stayed."]
    if "trip" in text:
        expected = [expected[0], "Then he left the U.S.", "The trip was short."]
    assert found == expected


def test_tokenised_and_lower_cased() -> None:
    assert [s.text for s in sentences("a man died in paris . the mayor ( left ) said so . `` sad , '' he said .")] == [
        "a man died in paris .",
        "the mayor ( left ) said so .",
        "`` sad , '' he said .",
    ]
    assert [s.text for s in sentences("' I ran . There was smoke . ' The man left .")] == [
        "' I ran .",
        "There was smoke . '",
        "The man left .",
    ]


def test_paragraphs_split_and_wrapped_lines_do_not() -> None:
    assert [s.text for s in sentences("WORLD\n\nA headline\nThe news is here.")] == [
        "WORLD",
        "A headline",
        "The news is here.",
    ]
    wrapped = (
        "The government said on Monday that it would open the border to\ntraders who hold a permit, in a step that had been\n"
        "expected for weeks and that neighbours had asked for. The\nmove comes into force in May."
    )
    assert len(sentences(wrapped)) == 2


def test_missing_blank_after_a_full_stop() -> None:
    assert [s.text for s in sentences("He was jailed.The judge left.")] == ["He was jailed.", "The judge left."]


def test_empty() -> None:
    assert sentences("") == [] == sentences(" \n\t ")


@given(st.text(alphabet=st.sampled_from(list("aB1. \n\"'”?!,U.S()😀é\u2028")), max_size=80) | st.text(max_size=60))
def test_spans_hold_every_character_once(text: str) -> None:
    spans = sentences(text)
    assert all(text[s.start : s.end] == s.text and s.text.strip() == s.text != "" for s in spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    inside = "".join(s.text for s in spans)
    assert sum(not c.isspace() for c in inside) == sum(not c.isspace() for c in text)


def test_appending_a_paragraph_changes_nothing_before_it() -> None:
    text = 'He said: "It is late. We must go." The U.S. agreed.'
    assert sentences(text + "\n\nMore news.")[:-1] == sentences(text)


def test_fast_enough_to_run_on_everything() -> None:
    text = "Mr. Smith said on Monday that prices in the U.S. rose 2.5 percent. Nobody knew why. " * 2000
    start = time.process_time()
    sentences(text)
    assert len(text.split()) / (time.process_time() - start) > 50_000


@pytest.mark.parametrize(
    "line",
    [
        "SEOUL, South Korea (AP) — ",
        "LONDON, Oct 6 (Press Wire) - ",
        "MECHELEN (BPD) - ",
        "NEW YORK - ",
        "( CNN ) ",
        "CNN -- ",
    ],
)
def test_dateline(line: str) -> None:
    assert (line + "Russia warned.")[dateline(line + "Russia warned.") :] == "Russia warned."
    assert dateline("Russia warned - again - of war (AP).") == 0
