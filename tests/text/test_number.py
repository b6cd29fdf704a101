import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import numbers

READ = [
    ("Nearly 20,000 visitors", "count", 20_000, "visitor"),
    ("twenty-one thousand three hundred and five soldiers", "count", 21_305, "soldier"),
    ("a dozen", "count", 12, ""),
    ("half a million people", "count", 500_000, "people"),
    ("tens of thousands of fans", "count", 30_000, "fan"),
    ("1.98m people", "count", 1_980_000, "people"),
    ("£1.98m", "money", 1_980_000, "gbp"),
    ("2bn euros", "money", 2e9, "eur"),
    ("$ 10, 000", "money", 10_000, "usd"),
    ("fifty dollars", "money", 50, "usd"),
    ("85 per cent", "percent", 85, ""),
    ("two-thirds of staff", "percent", 200 / 3, ""),
    ("an 18-year-old", "age", 18, ""),
    ("John Smith, 47, said", "age", 47, ""),
    ("a woman aged 30", "age", 30, ""),
    ("won 3-1 on", "score", 3, "1-3"),
    ("five miles", "measure", 5 * 1609.344, "m"),
    ("68F", "measure", 20, "°c"),
    ("a 1.83m tall man", "measure", 1.83, "m"),
    ("two years", "duration", 730.5, "day"),
    ("the 21st century", "ordinal", 21, "century"),
    ("Article 5", "label", 5, "article"),
    ("4,39", "count", 4.39, ""),
    ("one man was killed", "count", 1, "man"),
    ("two and a half million people", "count", 2_500_000, "people"),
    ("three-and-a-half-year", "duration", 3.5 * 365.25, "day"),
    ("$10-12 million", "money", 12_000_000, "usd"),
    ("20-25 km/h", "measure", 25 * 0.27778, "m/s"),
    ("10-12 armed men", "count", 12, "men"),
    ("lost 1-2 despite chances", "score", 1, "1-2"),
    ("Celtic 1-2 Glasgow Rangers", "score", 1, "1-2"),
    ("lost 0-1 in the final", "score", 0, "0-1"),
    ("5 percentage points", "measure", 5, "pp"),
    ("a 25-basis-point cut", "measure", 0.25, "pp"),
    ("a quarter of a percentage point", "measure", 0.25, "pp"),
    ("half a percent", "percent", 0.5, ""),
    ("20 000 people", "count", 20_000, "people"),
    ("1\N{THIN SPACE}234\N{THIN SPACE}567 people", "count", 1_234_567, "people"),
    ("on July 12 100 people", "count", 100, "people"),
    ("-5C", "measure", -5, "°c"),
    ("minus 5 degrees", "measure", -5, "degree"),
    ("at -10C to -5C", "measure", -5, "°c"),
]


@pytest.mark.parametrize(("text", "kind", "value", "of"), READ, ids=[r[0] for r in READ])
def test_reading(text: str, kind: str, value: float, of: str) -> None:
    found = numbers(text)
    assert [(n.kind, pytest.approx(n.value), n.unit or n.noun) for n in found] == [(kind, value, of)]
    assert text[found[0].start : found[0].end] == found[0].text


NONE = [
    "COVID-19",
    "F-16 jets",
    "in 2014",
    "July 12, 2025",
    "July 12 2025",
    "July 12-14",
    "at 1500 GMT",
    "2,000 years ago",
    "at 21:45",
    "3 p.m.",
    "one of them",
    "no one",
    "No one died.",
    "the first lady",
    "MI5",
]


@pytest.mark.parametrize("text", NONE)
def test_no_number(text: str) -> None:
    assert numbers(text) == []


SAME = [
    ("nearly 20,000 people", "up to 20,000 people"),
    ("about 20,000", "20,000"),
    ("a dozen men", "12 men"),
    ("1.98 million", "2 million"),
    ("$1.98m", "two million dollars"),
    ("between 80% and 90%", "85 percent"),
    ("80 to 90 percent", "89.4%"),
    ("3.6%", "4 percent"),
    ("50 miles", "80 km"),
    ("1,600 feet", "about 490 metres"),
    ("half of them", "50 percent"),
    ("at least 12 dead", "15 dead"),
    ("dozens of people", "47 people"),
    ("more than 100", "104"),
    ("three weeks", "21 days"),
    ("won 3-1", "lost 1-3"),
    ("$10-12 million", "$11 million"),
    ("10-15 cm of snow", "12 cm"),
    ("10-15 cm of snow", "10 to 15 cm"),
    ("25 basis points", "0.25 percentage points"),
    ("15 000 to 20 000 km", "18,000 km"),
    ("about minus 5 degrees", "minus 5 degrees"),
]
DIFFERENT = [
    ("12 dead", "15 dead"),
    ("three men", "4 men"),
    ("$32 million", "$38 million"),
    ("85%", "58%"),
    ("480 metres", "640 metres"),
    ("more than 1,000", "900"),
    ("2,620 kilograms", "6,220 kilograms"),
    ("won 3-1", "won 3-2"),
    ("19 hours", "31 hours"),
    ("18-year-old", "aged 81"),
    ("12 people", "12 percent"),
    ("$5", "£5"),
    ("5 percentage points", "5 percent"),
    ("10-15 cm of snow", "20 cm"),
    ("-5C", "5C"),
    ("$10-12 million", "$14 million"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_compatible(one: str, two: str) -> None:
    assert numbers(one)[0].compatible(numbers(two)[0])
    assert numbers(two)[0].compatible(numbers(one)[0])


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_incompatible(one: str, two: str) -> None:
    assert not numbers(one)[0].compatible(numbers(two)[0])
    assert not numbers(two)[0].compatible(numbers(one)[0])


@given(st.integers(0, 10**9))
def test_a_number_is_itself_however_written(value: int) -> None:
    plain, grouped = numbers(f"with {value} boats"), numbers(f"with {value:,} boats")
    if not plain:  # 1900: a year
        assert 1500 <= value <= 2099
        return
    assert plain[0].value == grouped[0].value == value
    assert plain[0].compatible(grouped[0])
    assert not plain[0].compatible(numbers(f"with {2 * value + 1:,} boats")[0])


@given(st.text(alphabet=st.sampled_from(list("0123456789.,-–%$£ mkbthousandfirst'\n")), max_size=40))
def test_any_text_is_read(text: str) -> None:
    for n in numbers(text):
        assert text[n.start : n.end] == n.text
        assert n.low <= n.value <= n.high or n.hedge


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("120 miles per hour", "120 mph"),
        ("150 kilometres an hour", "150 km/h"),
        ("a magnitude 7.5 earthquake", "the 7.5-magnitude earthquake"),
        ("50m from the shore", "50 metres from the shore"),
    ],
)
def test_one_measure_in_two_spellings(one: str, two: str) -> None:
    assert numbers(one)[0].compatible(numbers(two)[0])
