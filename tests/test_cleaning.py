import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cleaning import clean, headline, iso_date

PROSE = "The council of Nordhavn voted on Tuesday to close the old ferry harbour at the end of the year."
MORE = "Some 340 people work there, and the union said that it would fight the decision in court."
BODY = f"{PROSE}\n\n{MORE}"

HEAD = {
    "WORLD": "section",
    "World > Asia-Pacific": "section",
    "Companies & Markets": "section",
    "EXCLUSIVE": "section",
    "13.07.2025 4,39 B 5 Mins Read": "date line",
    "Published 14:05, 3 March 2025": "date line",
    "Posted Wed 7:00 AM PST | Updated 8:12 AM": "date line",
    "26.06.2025 18:30 | 2 min | Share | Print": "date line",
    "Updated 12.00pm Monday 18 August": "date line",
    "July 13, 2025": "date line",
    "5 min read": "date line",
    "By Anna Keller, Staff Reporter": "byline",
    "By Marcus Delaney | Herald City Hall Reporter": "byline",
    "BY ANN LEE AND JAN VAN DER BERG": "byline",
    "By Ann Lee in Seoul": "byline",
    "By AFP": "byline",
    "Anna Keller, Herald Correspondent": "byline",
    "Posted by Trish | 47 comments": "byline",
}
ANYWHERE = {
    "Read more: Ward-by-ward map": "related",
    "READ MORE | How it began": "related",
    "Related: Who still flies there?": "related",
    "SEE ALSO: The map": "related",
    "Sign up for our newsletter": "sign-up",
    "Subscribe to The Ledger for full access.": "sign-up",
    "Follow us on Telegram": "sign-up",
    "Get the 9 app for breaking alerts": "sign-up",
    "Share this article": "share",
    "Facebook Twitter WhatsApp Email": "share",
    "Share on X": "share",
    "Photo: Ann Lee/NWA": "photo",
    "[Photo by Ann Lee]": "photo",
    "FILE PHOTO: The harbour of Nordhavn in May 2024.": "photo",
    "A ferry leaves the harbour on Tuesday. (AP Photo/Ann Lee)": "photo",
    "A ferry leaves the harbour. Getty Images": "photo",
    "Image credit: Ann Lee": "photo",
    "© 2025 The Courier. All rights reserved.": "copyright",
    "Copyright 2025 NWA": "copyright",
    "ADVERTISEMENT": "page furniture",
    "Story continues below advertisement": "page furniture",
    "14 comments": "page furniture",
    "newsdesk@example.org": "contact",
    "***": "end mark",
}
TAIL = {
    "Related Post": "related",
    "Related Posts": "related",
    "Related Post(s)": "related",
    "Most read": "related",
    "(Reporting by Ann Lee; Editing by Jan Berg)": "credits",
    "The Associated Press contributed to this report.": "credits",
    "Tags: harbour, ferries": "credits",
    "By Ann Lee": "byline",
    "-- Updated at 11:35 a.m.": "date line",
    "ENDS": "end mark",
    "-30-": "end mark",
}


@pytest.mark.parametrize(("line", "rule"), [*HEAD.items(), *ANYWHERE.items()])
def test_furniture_at_the_head_goes(line: str, rule: str) -> None:
    cleaned = clean(f"{line}\n\n{BODY}")
    assert cleaned.text == BODY
    assert [(removed.rule, removed.text) for removed in cleaned.removed] == [(rule, line)]


@pytest.mark.parametrize(("line", "rule"), ANYWHERE.items())
def test_furniture_in_the_middle_goes(line: str, rule: str) -> None:
    cleaned = clean(f"{PROSE}\n\n{line}\n\n{MORE}")
    assert cleaned.text == BODY
    assert [(removed.rule, removed.text) for removed in cleaned.removed] == [(rule, line)]


@pytest.mark.parametrize(("line", "rule"), [*TAIL.items(), *ANYWHERE.items()])
def test_furniture_at_the_tail_goes(line: str, rule: str) -> None:
    cleaned = clean(f"{BODY}\n\n{line}\n")
    assert cleaned.text == BODY
    assert [(removed.rule, removed.text) for removed in cleaned.removed] == [(rule, line)]


@pytest.mark.parametrize(
    "dateline",
    [
        "SEOUL, South Korea (AP) — ",
        "PORT ELLERY, England (NWA) - ",
        "TARVIN FALLS, Ore. — ",
        "LAC-MARIEN, Que. — ",
        "WASHINGTON, July 12 (Reuters) - ",
        "MOSCOW/SEOUL, 12 July — ",
        "SÃO PAULO (AFP) – ",
        "UNITED NATIONS -- ",
        "(CNN) -- ",
        "(CNN)",
        "London (AFP) - ",
        "SEOUL, Feb. 5, 2025 (Korea Bizwire) – ",
    ],
)
def test_datelines_go_from_the_first_sentence_only(dateline: str) -> None:
    text = f"{dateline}{BODY}\n\n{dateline}{MORE}"
    cleaned = clean(text)
    assert cleaned.text == f"{BODY}\n\n{dateline}{MORE}"
    assert [(r.rule, r.start, r.text) for r in cleaned.removed] == [("dateline", 0, dateline.strip())]


@pytest.mark.parametrize(
    "sentence",
    [
        "NATO - the alliance of 32 states - said on Tuesday that it would not send ships to the harbour.",
        "Seoul — The city is under water after a week of rain, and the mayor has asked for help from the army.",
        "Subscribers to the newspaper were told on Monday that their data had been copied by intruders.",
        "Share prices fell by 7 percent on Monday after the company said that it had lost the data.",
        "By Tuesday night, Anna Keller and her neighbours had filled four thousand bags with sand.",
        "Related charges against two other men were dropped in May after a witness withdrew her statement.",
        "Photographs of the harbour were shown to the jury, who asked to see them twice more on Monday.",
        "Follow-up inspections found nothing, and the harbour was opened again on the third of May.",
        "Read together, the two reports suggest that nobody had looked at the bridge since 2019.",
        "Copyright law was at the centre of the trial, which lasted for nine weeks. It was changed in 2019.",
        "World leaders met in the harbour town on Monday to talk about fish.",
        "Reporting by the Courier led to the resignation of three members of the council, the mayor among them.",
        "“Sign up for the army,” the poster said, and some four hundred of them did so within a week.",
        "Temperatures were 3 < 5 degrees & rising; R&D at AT&T costs $5 <million> a year, said Mr. Lee.",
        "In 2019 the harbour saw 20,000 ferries; on 13.07.2025 there were 12.",
    ],
)
def test_prose_stays_wherever_it_stands(sentence: str) -> None:
    for text in (f"{sentence}\n\n{BODY}", f"{PROSE}\n\n{sentence}\n\n{MORE}", f"{BODY}\n\n{sentence}"):
        assert clean(text).text == text
        assert clean(text).removed == ()


def test_a_date_between_paragraphs_is_part_of_the_story() -> None:
    text = f"{PROSE}\n\nJuly 13, 2025\n\n{MORE}"
    assert clean(text).text == text


def test_wrapped_lines_are_no_units() -> None:
    text = (
        "The council said that those who want to leave should not\nshare this\nwith anybody but their doctor, and that\n"
        "photo: a word it did not define\nwould be added to the list of forbidden words in the spring of next year."
    )
    assert clean(text).text == text


def test_a_first_line_that_repeats_the_title_goes() -> None:
    for line in ("Harbour to close", '"Harbour to Close"', "Harbour to close - The Courier", "Harbour to close."):
        cleaned = clean(f"{line}\n\n{BODY}", "Harbour to close")
        assert cleaned.text == BODY
        assert cleaned.title == "Harbour to close"
        assert [removed.rule for removed in cleaned.removed] == ["headline"]
    other = f"Ferries to move next year\n\n{BODY}"
    assert clean(other, "Harbour to close").text == other


@pytest.mark.parametrize(
    "line",
    [
        "Harbour to close, council votes",
        '"Council Votes To Close Harbour"',
        "# Harbour to close",
        "How Did It Come To This?",
    ],
)
def test_a_headline_becomes_the_title(line: str) -> None:
    cleaned = clean(f"{line}\n\n{BODY}")
    assert cleaned.title == line.strip('#" ')
    assert cleaned.text == BODY
    assert headline(f"{line}\n\n{BODY}") == cleaned.title


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        f"The town has two harbours and a mill\n\n{BODY}",  # a sentence without its full stop
        f"What would you do with two harbours and one ferry?\n\n{BODY}",
        "Council to close harbour",  # a headline, but nothing below it
        "The council of Nordhavn voted on\nTuesday to close the old ferry harbour.",  # wrapped
        f"'I will fight it. They know that.' The union\n\n{BODY}",
    ],
)
def test_what_is_no_headline_stays(text: str) -> None:
    assert clean(text).text == text
    assert clean(text).title == headline(text) == ""


def test_a_list_of_links_goes_with_its_heading() -> None:
    cleaned = clean(f"{BODY}\n\nRelated Posts\n\nTen pictures of ferries\n\nA map of the harbour\n")
    assert cleaned.text == BODY
    assert {removed.rule for removed in cleaned.removed} == {"related"}
    kept = f"{PROSE}\n\nRelated stories\n\n{MORE}"
    assert clean(kept).text == BODY  # prose after the heading is no list of links


def test_markup_is_decoded_and_its_lines_are_cleaned() -> None:
    text = (
        '<script>var x = "<p>";</script><p>By Ann Lee</p><p class="a">Bell &amp; Sons said &#39;yes&#39;&nbsp;to a vote '
        'on <a href="https://example.org">the <b>harbour</b></a> on Monday.<br/>It was 5&lt;6.</p><!-- end -->'
        "<figcaption>A ferry</figcaption><div>Sign up for <i>our</i> newsletter</div>"
    )
    cleaned = clean(text)
    assert cleaned.text == "Bell & Sons said 'yes' to a vote on the harbour on Monday.\nIt was 5<6."
    rules = {removed.text: removed.rule for removed in cleaned.removed}
    assert rules["By Ann Lee"] == "byline"
    assert rules["Sign up for <i>our</i> newsletter"] == "sign-up"
    assert rules["<figcaption>A ferry</figcaption>"] == "photo"
    assert rules["&amp;"] == "html entity"


def test_the_date_of_a_date_line_is_found() -> None:
    assert clean(f"13.07.2025 4,39 B 5 Mins Read\n\n{BODY}").published == "2025-07-13"
    assert clean(f"3/4/2025\n\n{BODY}").published is None
    assert clean(f"{BODY} It was built on 13.07.2025.").published is None


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2025-07-13", "2025-07-13"),
        ("2025-07-13T10:00:00Z", "2025-07-13T10:00:00Z"),
        ("Sun, 13 Jul 2025 10:00:00 +0200", "2025-07-13T10:00:00+02:00"),
        ("13 July 2025", "2025-07-13"),
        ("Sept. 3rd, 2025", "2025-09-03"),
        ("13/7/2025", "2025-07-13"),
        ("7/13/2025", "2025-07-13"),
        ("5/5/2025", "2025-05-05"),
        ("7/8/2025", None),
        ("31.02.2025", None),
        ("13 July", None),
        ("yesterday", None),
    ],
)
def test_dates_that_are_certain(text: str, date: str | None) -> None:
    assert iso_date(text) == date


LINES = st.sampled_from([*HEAD, *ANYWHERE, *TAIL, PROSE, MORE, "", "<p>", "&amp;", "SEOUL (AP) — It rained.", "Why?"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=60)), max_size=12).map("\n".join))
def test_removed_is_what_stood_there_and_nothing_else_is_lost(text: str) -> None:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = clean(text)
    end = 0
    for removed in cleaned.removed:
        assert text[removed.start : removed.end] == removed.text
        assert removed.start >= end
        end = removed.end
    if "&" not in text:  # what is kept and what is removed make up the text, but for white space
        rest, at = "", 0
        for removed in cleaned.removed:
            rest += text[at : removed.start]
            at = removed.end
        assert re.sub(r"\s+", "", rest + text[at:]) == re.sub(r"\s+", "", cleaned.text)


def test_sentences_of_real_news_stay() -> None:
    """Briefs and references of the sample are prose: of them nothing goes, in whatever order they stand."""
    from harness.corpus import Sample

    events = Sample().events()
    paragraphs = [event.reference or "" for event in events] + [
        paragraph for event in events for article in event.articles for paragraph in article.text.split("\n\n")
    ]
    prose = [p for p in paragraphs if len(p.split()) >= 12 and p.endswith(".")]
    assert len(prose) > 150
    for start in range(0, len(prose), 5):
        text = "\n\n".join(prose[start : start + 5])
        assert clean(text).text == text
