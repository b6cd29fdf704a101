from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import dates

PUBLISHED = "2025-07-13"  # a Sunday
DAYS = [
    ("on Saturday", "2025-07-12", "2025-07-12"),
    ("on Monday", "2025-07-07", "2025-07-07"),
    ("yesterday", "2025-07-12", "2025-07-12"),
    ("July 12", "2025-07-12", "2025-07-12"),
    ("the 12th of July 2024", "2024-07-12", "2024-07-12"),
    ("Saturday, July 12, 2025", "2025-07-12", "2025-07-12"),
    ("13.07.2025", "2025-07-13", "2025-07-13"),
    ("2025-07-13", "2025-07-13", "2025-07-13"),
    ("in December", "2024-12-01", "2024-12-31"),
    ("in March 2028", "2028-03-01", "2028-03-31"),
    ("last year", "2024-01-01", "2024-12-31"),
    ("last month", "2025-06-01", "2025-06-30"),
    ("since 2019", "2019-01-01", "2019-12-31"),
    ("the 1990s", "1990-01-01", "1999-12-31"),
    ("ten days ago", "2025-07-03", "2025-07-03"),
    ("July 12-14", "2025-07-12", "2025-07-14"),
    ("July 12 to 14, 2024", "2024-07-12", "2024-07-14"),
    ("12-14 July", "2025-07-12", "2025-07-14"),
    ("2,000 years ago", "0024-06-28", "0026-06-29"),
]


@pytest.mark.parametrize(("text", "first", "last"), DAYS, ids=[d[0] for d in DAYS])
def test_resolved(text: str, first: str, last: str) -> None:
    found = dates(text, PUBLISHED)
    assert len(found) == 1
    assert (date.fromisoformat(first), date.fromisoformat(last)) in found[0].days
    assert text[found[0].start : found[0].end] == found[0].text


def test_the_future_is_an_alternative_only_where_it_is_told_of() -> None:
    assert len(dates("He died on Friday", PUBLISHED)[0].days) == 1
    assert date(2025, 7, 18) in {a for a, _ in dates("The vote is due on Friday", PUBLISHED)[0].days}


def test_this_weekday_is_the_last_or_the_next_one() -> None:
    this, past, coming = (dates(t, "2025-07-10")[0] for t in ("this Saturday", "July 5", "July 12"))  # a Thursday
    assert this.compatible(past)
    assert this.compatible(coming)
    assert not this.compatible(dates("July 19", "2025-07-10")[0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("July 12 to 14 August", ["July 12", "14 August"]),
        ("July 12 to 14 people", ["July 12"]),
        ("lost 1-3 may be", []),
        ("12 July 1500 GMT", ["12 July", "1500 GMT"]),
    ],
)
def test_no_run_of_days(text: str, told: list[str]) -> None:
    assert [d.text for d in dates(text, PUBLISHED)] == told


SAME = [
    ("Saturday", "July 12"),
    ("3 p.m.", "15:00"),
    ("noon", "12 pm"),
    ("July", "July 12"),
    ("last week", "July 2"),
    ("2025", "yesterday"),
    ("July 12-14", "July 12"),
    ("July 12 to 14", "July 13"),
    ("12-14 July", "July 14"),
    ("at 1500 GMT", "3 p.m. GMT"),
    ("1500 UTC", "15:00"),
    ("1500 hrs", "3 pm"),
]
DIFFERENT = [
    ("Saturday", "July 11"),
    ("3 p.m.", "4 pm"),
    ("May 11", "8 June"),
    ("2014", "2015"),
    ("Monday", "Tuesday"),
    ("21:45", "9.15 pm"),
    ("July 12-14", "July 15"),
    ("July 12 to 14", "July 11"),
    ("12-14 July", "15 July"),
    ("at 1500 GMT", "4 p.m. GMT"),
    ("1500 UTC", "16:00"),
    ("1500 hrs", "4 pm"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_compatible(one: str, two: str) -> None:
    assert dates(one, PUBLISHED)[0].compatible(dates(two, PUBLISHED)[0])


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_incompatible(one: str, two: str) -> None:
    a, b = dates(one, PUBLISHED)[0], dates(two, PUBLISHED)[0]
    assert not a.compatible(b)
    assert not b.compatible(a)


def test_without_a_day_of_publication_nothing_is_guessed() -> None:
    saturday, twelfth = dates("Saturday")[0], dates("July 12")[0]
    assert saturday.days == twelfth.days == ()
    assert saturday.compatible(twelfth)
    assert not saturday.compatible(dates("Friday, July 11, 2025")[0])


@pytest.mark.parametrize(
    "text", ["2,014 people", "more than 2000 visitors", "he may go", "they march in", "call 555-2014"]
)
def test_no_date(text: str) -> None:
    assert dates(text, PUBLISHED) == []


@pytest.mark.parametrize(
    "text", ["31 June", "February 30, 2024", "99.99.2025", "0000-00-00", "25:61", "13 pm", "9999 years ago"]
)
def test_impossible_dates_are_no_error(text: str) -> None:
    for found in dates(text, PUBLISHED):
        assert text[found.start : found.end] == found.text


@given(st.dates(date(1950, 1, 1), date(2050, 1, 1)))
def test_ways_to_write_a_day(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day:%d %B %Y}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day:%A}, {day.day} {day:%b} {day.year}",
    ):
        assert [d.days for d in dates(text)] == [((day, day),)], text


@pytest.mark.parametrize(
    "said",
    ["As many as 12 may have died.", "Up to 30 may be missing in Ellery, Ms Ross said.", "They will march 10 miles."],
)
def test_may_and_march_as_verbs_are_no_months(said: str) -> None:
    assert dates(said, "2025-07-13") == []


@pytest.mark.parametrize("said", ["on 12 may the court met", "the court met on march 12", "on saturday 12 may"])
def test_months_of_a_text_without_capitals_are_read(said: str) -> None:
    assert len(dates(said, "2025-07-13")) == 1


def test_compound_numerals_before_ago() -> None:
    (long_ago,) = dates("twenty-one years ago", "2025-07-13")
    assert long_ago.text == "twenty-one years ago"
    assert long_ago.compatible(dates("in 2004", "2025-07-13")[0])
