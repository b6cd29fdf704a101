import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.checkers import rules
from harness.text import parse

DAY = "2025-07-13"

# (claim, evidence, kind of disagreement)
DISAGREE = [
    ("Fifteen people died in the fire.", "The fire killed 12 people, police said.", "number"),
    ("The contract is worth 1.4 billion euros.", "The trains cost 1.1 billion euros under the contract.", "number"),
    ("Between 60% and 70% of voters backed the plan.", "The plan was backed by 85 percent of voters.", "number"),
    ("The blast destroyed 28,000 hectares of forest.", "Some 8,000 hectares of forest were destroyed.", "number"),
    ("The team won the match 3-1.", "The team won the match 3-2 after extra time.", "number"),
    ("The 47-year-old driver was arrested.", "Police arrested the driver, aged 74.", "number"),
    ("Kim met Lavrov in Wonsan on Friday.", "On Saturday Lavrov met Kim in Wonsan.", "date"),
    ("The talks resume on May 11.", "The talks are to resume on June 8.", "date"),
    ("The strike began at 3 p.m.", "The strike began at 17:00.", "date"),
    ("The first train runs in March 2028.", "The first train is to run in December 2028.", "date"),
    ("Foreign Minister Ivan Petrov visited Wonsan.", "Foreign Minister Sergey Lavrov visited Wonsan.", "name"),
    ("Markus Kolb led the German team.", "The German team was led by Matthias Kolb.", "name"),
    ("The delegations met in Geneva again.", "The delegations met in Vienna again.", "name"),
    ("The airport was not closed on Monday.", "The airport was closed on Monday.", "negation"),
    ("Nobody was injured in the crash.", "Three people were injured in the crash.", "negation"),
    ("Customer data had been lost in the outage.", "No customer data had been lost in the outage.", "negation"),
    ("Oil prices rose sharply on Monday.", "Oil prices fell sharply on Monday.", "antonym"),
    ("Parliament approved the budget.", "Parliament rejected the budget.", "antonym"),
    ("The visit came before the vote.", "The visit came after the vote.", "antonym"),
]
AGREE = [
    ("The resort can host nearly 20,000 visitors.", "The resort can host up to 20,000 visitors."),
    ("The resort hosts about 20,000 visitors.", "The resort can host up to 20,000 visitors."),
    ("Between 80% and 90% of voters backed the plan.", "Of the voters, 85 percent backed the plan."),
    ("Almost 2 million customers were cut off.", "1.98 million customers were cut off."),
    ("A dozen men were trapped in the mine.", "The 12 men were trapped in the mine."),
    ("Kim met Lavrov in Wonsan on July 12.", "On Saturday Lavrov met Kim in Wonsan."),
    ("The ferry hit the pier at 3 p.m.", "It was 15:00 when the ferry hit the pier."),
    ("President Putin visited North Korea.", "Vladimir Putin visited the DPRK."),
    ("The U.S. warned Moscow.", "America warned Russia."),
    ("The mine is 50 miles from the city.", "The mine is about 80 km from the city."),
    ("Twelve people died and 15 were injured.", "Twelve people died; 15 others were injured."),
    ("Fifteen people were injured in the fire.", "The fire killed 12 people."),
    ("Russia cautioned Japan not to form an alliance.", "Russia warned Japan against forming an alliance."),
    ("Tenko sold the design to Brightbox.", "Brightbox bought the design from Tenko."),
    ("The council did not reject the plan.", "The council approved the plan."),
    ("All sailings were cancelled on Monday.", "There were no sailings on Monday."),
    ("At least 12 people died in the fire.", "The fire killed 15 people."),
    ("The first half ended without goals.", "They scored in the second half."),
    ("Oil prices rose on Monday.", "Gold fell on Tuesday in quiet trade after the holiday."),
]


@pytest.mark.parametrize(("claim", "evidence", "kind"), DISAGREE, ids=[d[0] for d in DISAGREE])
def test_disagree(claim: str, evidence: str, kind: str) -> None:
    for one, two in ((claim, evidence), (evidence, claim)):
        assert kind in {d.kind for d in rules.disagreements(one, two, DAY)}


@pytest.mark.parametrize(("claim", "evidence"), AGREE, ids=[a[0] for a in AGREE])
def test_agree(claim: str, evidence: str) -> None:
    assert rules.disagreements(claim, evidence, DAY) == []
    assert rules.disagreements(evidence, claim, DAY) == []


@pytest.mark.parametrize("text", [d[0] for d in DISAGREE] + [a[1] for a in AGREE])
def test_a_copy_agrees_and_is_supported(text: str) -> None:
    assert rules.disagreements(text, text, DAY) == []
    assert rules.unsupported(text, f"Other news came first. {text} Then it rained.", DAY) == []
    assert rules.unsupported(text.lower(), text.lower(), DAY) == []


ARTICLE = (
    "SEOUL, July 13 (AP) — Russia's Foreign Minister Sergey Lavrov met Kim Jong Un in Wonsan on Saturday. The resort can "
    "host up to 20,000 visitors. Lavrov thanked North Korea for 12,000 troops, the U.S. said."
)
SAID = [
    "Lavrov met Kim.",
    "About 20,000 visitors can stay.",
    "A Russian minister flew in on July 12.",
    "America spoke.",
    "lavrov came.",
]
NOT_SAID = {
    "Wang Yi met Kim Jong Un.": "name: Wang Yi",
    "Sergey Ivanov met Kim.": "name: Sergey Ivanov",
    "The resort hosts 35,000 visitors.": "number: 35,000",
    "Lavrov arrived on July 9.": "date: July 9",
    "North Korea sent 12 percent of its army.": "number: 12 percent",
}


@pytest.mark.parametrize("claim", SAID)
def test_said_in_other_words(claim: str) -> None:
    assert rules.unsupported(claim, ARTICLE, DAY) == []


@pytest.mark.parametrize("claim", NOT_SAID)
def test_said_nowhere(claim: str) -> None:
    assert [str(d) for d in rules.unsupported(claim, ARTICLE, DAY)] == [f"{NOT_SAID[claim]} (nowhere in the article)"]


def test_parsed_texts_are_read_too() -> None:
    claim, evidence = parse(["Kim met Lavrov in Wonsan on Friday.", "On Saturday Lavrov met Kim in Wonsan."])
    assert [d.kind for d in rules.disagreements(claim, evidence, DAY)] == ["date"]


def test_the_day_a_text_was_filed_is_no_fact() -> None:
    evidence = "LONDON, April 17 (Press) - The party won the seat."
    assert rules.disagreements("On April 16 the party won the seat.", evidence, "2026-04-17") == []


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts(one: str, two: str) -> None:
    rules.disagreements(one, two, DAY)
    rules.unsupported(one, two)
    assert rules.disagreements(one, "") == [] == rules.disagreements("", two)


def test_thousands_of_pairs_a_second() -> None:
    claims = [f"The fire killed {n} people in Oslo on Monday." for n in range(50)]
    passages = [f"On Monday the fire in Oslo, which began in street {n}, left {n} people dead." for n in range(50)]
    rules.disagreements(claims[0], passages[0])
    start = time.process_time()
    for claim in claims:
        for passage in passages:
            rules.disagreements(claim, passage)
    assert 2500 / (time.process_time() - start) > 1000


def test_an_undated_article_says_of_no_year_that_it_is_meant() -> None:
    article = "Lavrov met Kim in Wonsan on July 12."
    claim = "Lavrov met Kim in Wonsan in July 2022."
    assert [d.kind for d in rules.unsupported(claim, article)] == ["date"]
    assert rules.unsupported(claim, article, "2022-07-13") == []
    assert [d.kind for d in rules.unsupported(claim, article, "2025-07-13")] == ["date"]
