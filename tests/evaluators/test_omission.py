from __future__ import annotations

from dataclasses import replace

import pytest

from harness.desk import Desk
from harness.evaluators.omission import Omission, choose_key_facts
from harness.schema import Extraction, KeyFact, Signature
from harness.sources import Compare

FIRE = "A fire destroyed the Carrow warehouse in Port Ellery on Monday."
DEAD = "Nobody was killed in the Port Ellery fire."
QUAY = "Ballast Quay is closed until Thursday."
A1 = f"{FIRE} {DEAD} Firefighters from four counties were called."
A2 = f"{QUAY} {FIRE} The warehouse employed 210 people."
A3 = f"A fire destroyed the warehouse of Carrow in Port Ellery on Monday. {DEAD} The mayor praised the crews."


def two(desk, event, summary):
    found = {row.metric: row for row in Omission().score(event, [summary], desk)}
    return found["completeness"], found["omission"]


@pytest.fixture
def event(make_event):
    facts = (
        KeyFact("k1", FIRE, ("a1", "a2"), 3.0),
        KeyFact("k2", DEAD, ("a1",), 1.0),
        KeyFact("k3", QUAY, ("a2",), 1.0),
    )
    return make_event("e", A1, A2, key_facts=facts)


def test_weighted_recall_of_gold_key_facts(event, make_summary, desk) -> None:
    completeness, omission = two(desk, event, make_summary(event, FIRE))
    assert (completeness.value, completeness.n) == (3 / 5, 3)
    assert omission.value == 1 - 3 / 5
    assert [fact["id"] for fact in completeness.details["stated"]] == ["k1"]
    assert [(f["id"], f["weight"], f["articles"]) for f in omission.details["omitted"]] == [
        ("k2", 1.0, ["a1"]),
        ("k3", 1.0, ["a2"]),
    ]
    assert completeness.details["origin"] == "gold"


def test_a_summary_is_asked_for_what_its_article_states(event, make_summary, desk) -> None:
    completeness, _ = two(desk, event, make_summary(event, QUAY, article="a2"))
    assert (completeness.value, completeness.n) == (1 / 4, 2)
    assert {f["id"] for key in ("stated", "omitted") for f in completeness.details[key]} == {"k1", "k3"}


def test_where_nobody_says_which_articles_state_it_the_checker_is_asked(event, make_summary, desk) -> None:
    event = replace(event, key_facts=tuple(replace(fact, article_ids=()) for fact in event.key_facts))
    completeness, _ = two(desk, event, make_summary(event, DEAD, article="a1"))
    assert {f["id"] for key in ("stated", "omitted") for f in completeness.details[key]} == {"k1", "k2"}


def test_an_article_without_key_facts_asks_nothing(event, make_summary, desk) -> None:
    event = replace(event, key_facts=(KeyFact("k1", QUAY, ("a2",)),))
    found = two(desk, event, make_summary(event, FIRE, article="a1"))
    assert {(row.value, row.outcome) for row in found} == {(None, "no_key_facts")}


def test_an_empty_summary_omits_everything_but_scores_nothing(event, make_summary, desk) -> None:
    assert {(r.value, r.outcome) for r in two(desk, event, make_summary(event, ""))} == {(None, "empty")}


def test_a_fact_that_could_not_be_checked_is_unscored(event, make_summary, ruling_desk) -> None:
    desk = ruling_desk({(FIRE, "Fire!"): "failed", (DEAD, "Fire!"): "supported"})
    completeness, _ = two(desk, event, make_summary(event, "Fire!"))
    assert (completeness.value, completeness.n, completeness.details["key_facts"]) == (1 / 2, 2, 3)
    assert completeness.details["failed"] == [{"id": "k1", "error": "the reply could not be parsed"}]
    desk = ruling_desk({(fact.text, "Fire!"): "failed" for fact in event.key_facts})
    assert {(r.value, r.outcome) for r in two(desk, event, make_summary(event, "Fire!"))} == {(None, "error")}


def test_a_copy_of_the_sources_is_complete(make_event, make_summary, desk) -> None:
    event = make_event("e", A1, A2, A3)
    completeness, omission = two(desk, event, make_summary(event, "\n\n".join(a.text for a in event.articles)))
    assert (completeness.value, omission.value) == (1.0, 0.0)
    assert completeness.details["origin"] == "extracted"


CHOICE = Omission().choice


def chosen(event, desk, choice=CHOICE):
    return choose_key_facts(Compare().compare(event, desk), choice)


def test_chosen_facts_are_corroborated_merged_and_weighted(make_event, desk) -> None:
    facts = chosen(make_event("e", A1, A2, A3), desk)
    assert facts[0].article_ids == ("a1", "a2", "a3")
    assert facts[0].weight == 3.0
    assert "fire destroyed" in facts[0].text
    assert sum("fire destroyed" in fact.text for fact in facts) == 1, "A1, A2 and A3 say the same"
    assert facts[1].text == DEAD
    assert facts[1].article_ids == ("a1", "a3")
    assert [fact.id for fact in facts] == [f"k{n}" for n in range(1, len(facts) + 1)]
    assert {fact.origin for fact in facts} == {"extracted"}


def test_choice_is_independent_of_the_order_of_articles(make_event, desk) -> None:
    event = make_event("e", A1, A2, A3)
    facts = chosen(event, desk)
    for articles in (event.articles[::-1], event.articles[1:] + event.articles[:1]):
        fresh = Desk(desk.extractor, desk.checker)
        assert chosen(replace(event, articles=articles), fresh) == facts


def test_count_is_a_bound(make_event, desk) -> None:
    event = make_event("e", A1, A2, A3)
    assert len(chosen(event, desk, replace(CHOICE, count=2))) == 2


def test_what_the_articles_dispute_is_no_key_fact(make_event, desk) -> None:
    event = make_event(
        "e", f"The blaze in Port Ellery injured 12 people. {QUAY}", "The blaze in Port Ellery injured 15 people."
    )
    assert [fact.text for fact in chosen(event, desk)] == [QUAY]


def test_a_copy_is_no_further_source(make_event, desk) -> None:
    facts = chosen(make_event("e", A1, A1, A2), desk)
    assert {fact.text: fact.weight for fact in facts}[DEAD] == 1.0
    assert facts[0].weight == 2.0


def test_what_cannot_stand_alone_is_no_key_fact(make_event, desk) -> None:
    text = "She praised the brave fire crews. Who pays for the burnt warehouse? The harbour police praised fire crews."
    facts = chosen(make_event("e", text), desk)
    assert [fact.text for fact in facts] == ["The harbour police praised fire crews."]


def test_facts_are_made_once_per_event_and_shared(make_event, make_summary, desk) -> None:
    event = make_event("e", A1, A2)
    first = Omission()
    first.score(event, [make_summary(event, FIRE)], desk)

    def never(event):
        raise AssertionError("chosen a second time")

    assert desk.key_facts(event, first._chosen(desk), never)
    with pytest.raises(AssertionError):
        desk.key_facts(event, Omission(count=3)._chosen(desk), never)
    with pytest.raises(AssertionError):
        desk.key_facts(make_event("e", A1, A3), first._chosen(desk), never)


class Failing:
    signature = Signature("failing")

    def extract(self, texts):
        return [Extraction(source, (), error="no JSON") for source, _ in texts]


def test_facts_are_not_chosen_from_half_of_the_sources(make_event, desk) -> None:
    event = make_event("e", A1, A2)
    with pytest.raises(RuntimeError, match="a1 could not be extracted: no JSON"):
        chosen(event, Desk(Failing(), desk.checker))


def test_articles_without_claims_have_no_key_facts(make_event, make_summary, desk) -> None:
    event = make_event("e", "***", "Yes.")
    assert {(r.value, r.outcome) for r in two(desk, event, make_summary(event, FIRE))} == {(None, "no_key_facts")}


def test_the_signature_holds_the_choice(desk) -> None:
    assert Omission().signature(desk) == Omission(count=10).signature(desk)
    assert Omission().signature(desk) != Omission(count=11).signature(desk)
