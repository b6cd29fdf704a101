import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.claims.clauses import Clauses
from harness.schema import Claim

# text -> claims: what an editor would write
READ = {
    "shared subject": (
        "The Russian foreign minister conveyed greetings from President Vladimir Putin and reaffirmed growing cooperation.",
        [
            "The Russian foreign minister conveyed greetings from President Vladimir Putin.",
            "The Russian foreign minister reaffirmed growing cooperation.",
        ],
    ),
    "two clauses": (
        "The hospital was built in 1813, but it has become cramped.",
        ["The hospital was built in 1813.", "It has become cramped."],
    ),
    "relative clause": (
        "Tristram Hunt, who was involved in the campaign, welcomed the sale.",
        ["Tristram Hunt welcomed the sale.", "Tristram Hunt was involved in the campaign."],
    ),
    "apposition": (
        "Choe Son Hui, the North Korean foreign minister, praised the talks.",
        ["Choe Son Hui praised the talks.", "Choe Son Hui is the North Korean foreign minister."],
    ),
    "contrast": (
        "Choe reiterated support for Russia, while Lavrov expressed gratitude for the troops.",
        ["Choe reiterated support for Russia.", "Lavrov expressed gratitude for the troops."],
    ),
    "reported, inverted": (
        "The talks have failed, police said.",
        ["Police said that the talks have failed."],
    ),
    "an opening word": (
        "However, the outlook remains poor.",
        ["The outlook remains poor."],
    ),
    "a condition is kept": (
        "If the talks fail, Russia will leave and China will follow.",
        ["If the talks fail, Russia will leave and China will follow."],
    ),
    "a shared object is kept": ("The firm buys and sells used cars.", ["The firm buys and sells used cars."]),
    "a negative subject is kept": (
        "Nobody came to the hall and spoke to the crowd.",
        ["Nobody came to the hall and spoke to the crowd."],
    ),
    "a restrictive clause is kept": (
        "Lavrov thanked North Korea for the troops that it had sent.",
        ["Lavrov thanked North Korea for the troops that it had sent."],
    ),
    "a list is no apposition": (
        "The talks included Russia, China, and Iran.",
        ["The talks included Russia, China, and Iran."],
    ),
    "tokenised": ("The man was n't hurt , he said .", ["He said that the man wasn't hurt."]),
    "dateline": ("SEOUL, South Korea (AP) — Lavrov issued a warning to Japan.", ["Lavrov issued a warning to Japan."]),
}


def claims(text: str) -> tuple[Claim, ...]:
    made = Clauses().extract([("t", text)])[0]
    assert made.error is None
    return made.claims


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ.keys())
def test_reading(text: str, expected: list[str]) -> None:
    assert [c.text for c in claims(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "WORLD",
        "13.07.2025 5 Mins Read",
        "Related Post",
        "Did he go?",
        "Read more about the story.",
        "By John Smith",
        "Sign up for our letter.",
    ],
)
def test_no_claim(text: str) -> None:
    assert claims(text) == ()


def test_short_names_are_written_out() -> None:
    found = claims("Sergey Lavrov met Kim Jong Un in Wonsan. Lavrov thanked Kim for his troops. Mr Lavrov then left.")
    assert [c.text for c in found[1:]] == [
        "Sergey Lavrov thanked Kim Jong Un for his troops.",
        "Sergey Lavrov then left.",
    ]
    assert "Sergey Lavrov" in found[1].entities


def test_a_last_name_of_two_people_is_left_alone() -> None:
    found = claims("John Smith met Mary Smith in Leeds. Smith went home by train.")
    assert found[1].text == "Smith went home by train."


def test_pronouns_only_where_the_subject_is_clear() -> None:
    assert claims("Sergey Lavrov met Kim Jong Un on Monday. He warned Japan.")[1].text == "Sergey Lavrov warned Japan."
    unclear = claims("A driver hit Sergey Lavrov on Monday. He was arrested at once.")
    assert unclear[1].text == "He was arrested at once."
    assert (
        claims("Mr John Smith spoke on Monday. She disagreed with the plan.")[1].text == "She disagreed with the plan."
    )


def test_quotes_keep_their_speaker() -> None:
    found = claims("Lavrov added: “I am sure of it. We will do everything we can.” The talks ended on Sunday.")
    assert [(c.text, c.speaker) for c in found] == [
        ("Lavrov added: “I am sure of it.”", "Lavrov"),
        ("Lavrov said: “We will do everything we can.”", "Lavrov"),
        ("The talks ended on Sunday.", None),
    ]
    after = claims('"This is a great day for the town," said Ann Lee, the mayor. "We waited for years."')
    assert {c.speaker for c in after} == {"Ann Lee"}


def test_reported_speech_has_a_speaker() -> None:
    assert [c.speaker for c in claims("The minister said that prices rose and that wages fell.")] == [
        "The minister"
    ] * 2
    assert claims("Two men were hurt, according to the Associated Press.")[0].speaker == "the Associated Press"


def test_fields_are_filled() -> None:
    claim = claims("Lavrov met Kim Jong Un in Wonsan on July 12 and thanked North Korea for 12,000 troops.")
    assert claim[0].dates == ("July 12",)
    assert claim[1].numbers == ("12,000",)
    assert "Wonsan" in claim[0].entities
    assert "Wonsan" not in claim[1].entities


NEWS = (
    "Sergey Lavrov, who is Russia's foreign minister, met Kim Jong Un in Wonsan on Saturday and thanked him.\n"
    '"We warn against exploiting these ties," he said. “Nobody asked us.” The U.S. and Japan, police said, held drills; 12 '
    "ships took part, while 3 stayed behind (see map).\n\nShares fell 2.5% to $3.75, but No. 10 wasn't worried!"
)


def test_claims_stand_in_the_text() -> None:
    found = claims(NEWS)
    for c in found:
        assert 0 <= c.start < c.end <= len(NEWS)
        assert c.text.endswith((".", "!", "”", '"'))
        assert c.text[0].isupper() or c.text[0] in '"“'
        assert "  " not in c.text
    assert [c.id for c in found] == [f"t#{i}" for i in range(1, len(found) + 1)]
    assert [c.sentence for c in found] == sorted(c.sentence for c in found)


def test_texts_do_not_touch_each_other() -> None:
    texts = [("a", NEWS), ("b", "A man died."), ("c", ""), ("d", NEWS[40:200])]
    together = Clauses().extract(texts)
    assert together == [Clauses().extract([text])[0] for text in texts]
    assert [e.source_id for e in together] == ["a", "b", "c", "d"]


def test_a_copy_of_a_paragraph_adds_no_claim() -> None:
    assert len(claims(f"{NEWS}\n\n{NEWS}")) <= len(claims(NEWS)) + 1


HARD = [
    "",
    "   \n\n ",
    "😀 😀 😀",
    "<p>Read <b>more</b></p> &nbsp; <a href='x'>Lavrov</a> met Kim and left</p>",
    "and and and but but who which that said said said",
    '" ” “ \'\' `` \' " said " he "',
    "word " * 5000,
    "He said he said he said she said that it was said and said and said and left and left and left",
    "\x00\u200b\ufeffLavrov\u2028met\u2029Kim",
    "a" * 5000,
]


@pytest.mark.parametrize("text", HARD, ids=[repr(t[:20]) for t in HARD])
def test_hard_texts(text: str) -> None:
    claims(text)


WORDS = st.sampled_from(
    "he she Lavrov Kim said met and but who which , . \" “ ” ' ( ) the a minister of Russia was not that : ; while if "
    "according to Monday 12 % ? ! \n — had been warned against him his 😀 reports TASS".split(" ")
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=40).map(" ".join) | st.text(max_size=80))
def test_any_text(text: str) -> None:
    for c in claims(text):
        assert 0 <= c.start < c.end <= len(text)
        assert c.text.strip() == c.text != ""


def test_shuffled_news_is_no_error() -> None:
    tokens = NEWS.split(" ")
    for seed in range(10):
        random.Random(seed).shuffle(tokens)
        claims(" ".join(tokens))
