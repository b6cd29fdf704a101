import pytest

from harness import audit, text
from harness.checkers.similarity import Similarity
from harness.claims.clauses import Clauses
from harness.desk import Desk
from harness.evaluators.source_comparison import SourceComparison, evenness
from harness.sayings import sayings
from harness.schema import Article, Event, Generation, Summary, Verdict
from harness.sources import Compare

A = (
    "A car ferry ran into the breakwater at Osterhavn on Saturday.\n\nFourteen people were taken to hospital.\n\n"
    "Sundlink cancelled all crossings until Monday.\n\n"
    '"There is no more money in the pot for repairs," said harbour master Erik Solvang.'
)
B = (
    "On Saturday a car ferry hit the breakwater at Osterhavn.\n\nSeventeen people were taken to hospital.\n\n"
    "A choir from Bremen was among the passengers and sang in a sports hall."
)
EVENT = Event("e", (Article("a", A, published="2025-07-13"), Article("b", B, published="2025-07-13")))


@pytest.fixture(scope="module")
def evaluator():
    return SourceComparison()


@pytest.fixture(scope="module")
def desk():
    return Desk(Clauses(), Similarity())


def brief(text, articles=("a", "b"), number=1, kind="brief"):
    return Summary(f"e/{number}", "e", kind, articles, text, Generation(text, "stop"))


def scores(evaluator, desk, text, **kw):
    made = evaluator.score(EVENT, [brief(text, **kw)], desk)
    assert [s.metric for s in made] == list(evaluator.metrics)
    return {s.metric: s for s in made}


def test_a_conflict_is_settled_flagged_or_avoided(evaluator, desk):
    settled = scores(evaluator, desk, "Fourteen people were taken to hospital after a ferry crash.")
    flagged = scores(evaluator, desk, "Reports differ on whether 14 or 17 people were taken to hospital.")
    avoided = scores(evaluator, desk, "A car ferry hit the breakwater at Osterhavn on Saturday.")
    for which, made in (("settled", settled), ("flagged", flagged), ("avoided", avoided)):
        values = {m: made[f"conflicts_{m}"].value for m in ("settled", "flagged", "avoided")}
        assert sum(values.values()) == pytest.approx(1.0)
        assert values[which] == max(values.values()), which
    detail = settled["conflicts_settled"].details
    assert detail["claims"][0]["articles"] == ["a"]
    assert "Seventeen" in str(detail["conflicts"])


def test_who_speaks_of_something_else_has_not_left_the_question_open(evaluator, desk):
    made = scores(evaluator, desk, "Police said fourteen people were taken to hospital, but the road stayed open.")
    assert made["conflicts_settled"].value > 0
    assert made["conflicts_flagged"].value == 0


@pytest.mark.parametrize(
    ("beside", "metric"),
    [
        ("The ferry was built in 2014.", "settled"),
        ("Seventeen schools stayed closed on Monday.", "settled"),
        ("Another paper counts seventeen patients.", "flagged"),
    ],
)
def test_the_other_number_beside_it_flags_a_conflict_only_where_it_counts_the_same(evaluator, desk, beside, metric):
    made = scores(evaluator, desk, f"Fourteen people were taken to hospital after a ferry crash. {beside}")
    assert made[f"conflicts_{metric}"].value > 0
    assert made["conflicts_flagged"].value + made["conflicts_settled"].value == made[f"conflicts_{metric}"].value


def test_a_brief_in_lines_is_read_like_one_in_sentences(evaluator, desk):
    made = scores(evaluator, desk, "- Fourteen people were taken to hospital\n- A car ferry hit the breakwater")
    assert made["conflicts_settled"].value > 0


@pytest.mark.parametrize(("second", "altered"), [("nobody", False), ("somebody", True)])
def test_a_sentence_may_quote_two_sentences(second, altered):
    told = sayings(
        "a",
        text.parse(
            [
                '"We saw smoke at nine o\'clock," fire chief Ann Ray said. "Nobody was hurt in the hotel kitchen," Ray added.'
            ]
        )[0],
    )
    words = f'Ray said her crews "saw smoke at nine o\'clock" and that "{second} was hurt in the hotel kitchen".'
    (quoted,) = sayings("b", text.parse([words])[0])
    assert (audit._altered(quoted, told) is not None) is altered


@pytest.mark.parametrize("source", ["The Courier", "The Ellery Courier"])
def test_the_mayor_of_a_town_is_not_its_paper(evaluator, desk, source):
    articles = (
        Article("a", "Police chief Nina Holt said the quay would reopen to all traffic in spring.", source=source),
        Article(
            "b", "The quay at Ellery will reopen to traffic. Its wall fell in a storm in March.", source="The Post"
        ),
    )

    def errors(who):
        words = f"{who} said the quay would reopen to all traffic in spring."
        summary = Summary("q/1", "q", "brief", ("a", "b"), words, Generation(words, "stop"))
        made = evaluator.score(Event("q", articles), [summary], desk)
        return {s.metric: s for s in made}["attribution_errors"].value

    assert errors("Ellery mayor Ann Ray") == 1.0
    assert errors(source) == 0.0


def test_what_a_brief_flags_it_has_not_settled(evaluator, desk):
    made = scores(
        evaluator,
        desk,
        "Fourteen people were taken to hospital after a ferry crash. The sea was calm on that day. Reports differ on whether 14 or "
        "17 people were taken to hospital.",
    )
    values = [made[f"conflicts_{m}"].value for m in ("settled", "flagged", "avoided")]
    assert sum(values) == pytest.approx(1.0)
    assert values[1] > 0
    assert all(c["conflict"] != "c1" for c in made["conflicts_settled"].details["claims"]) or values[0] == 0


@pytest.mark.parametrize(
    ("words", "open_"),
    [
        ("The agency puts the dead at nine, the Ellery Courier at eleven.", True),
        ("While the Courier writes of a fouled spring, officials call the water clean.", True),
        ("Whether the boiler was inspected is a matter of dispute.", True),
        ("The captain is called Eide here and Heide there.", True),
        ("Police said fourteen people were hurt, but the road stayed open.", False),
        ("The Courier was sold for two million.", False),
        ("The museum remains open.", False),
    ],
)
def test_a_sentence_that_sets_one_source_against_another_leaves_it_open(words, open_):
    outlets = audit._outlet_names([Article("a", "x", source="The Ellery Courier"), Article("b", "y", source="")])
    assert audit._left_open(words, outlets) is open_


def test_a_quote_that_lost_its_not_is_altered(evaluator, desk):
    articles = (
        Article("a", 'The wall fell in March. "We will not repair the harbour wall this year," mayor Anna Vik said.'),
        Article(
            "b",
            "The harbour wall at Osterhavn fell in March after a storm. Its repair is a matter for the mayor, Anna Vik.",
        ),
    )
    event = Event("q", articles, title="Wall")

    def errors(words):
        text = f'"{words}," mayor Anna Vik said.'
        summary = Summary("q/1", "q", "brief", ("a", "b"), text, Generation(text, "stop"))
        return {s.metric: s for s in evaluator.score(event, [summary], desk)}["attribution_errors"]

    assert errors("We will not repair the harbour wall this year").value == 0.0
    assert errors("We will repair the harbour wall this year").details["claims"][0]["kind"] == "quote"


@pytest.mark.parametrize(("number", "altered"), [("14", False), ("15", True)])
def test_a_number_in_a_quote_that_its_speaker_interrupts(number, altered):
    def said(article, words):
        return sayings(article, text.parse([words])[0])

    told = said("a", '"We lost 14 boats," mayor Anna Vik said, "and the whole harbour wall fell."')
    (quoted,) = said("b", f'"We lost {number} boats and the harbour wall fell," mayor Anna Vik said.')
    assert (audit._altered(quoted, told) is not None) is altered


def test_a_claim_that_could_not_be_checked_is_left_out_and_no_checked_claim_is_an_error(evaluator):
    class Choosy(Similarity):
        def check(self, pairs):
            return [
                Verdict(c.id, a.id, None, None, error="too long") if "ferry" in c.text else v
                for (c, a), v in zip(pairs, super().check(pairs), strict=True)
            ]

    desk = Desk(Clauses(), Similarity())
    comparison = Compare().compare(EVENT, desk)
    text = "A car ferry hit the breakwater. Fourteen people were taken to hospital."
    claims = desk.claims([("e/1", text)])[0].claims
    found = audit.audit(comparison, brief(text), claims, Compare(), Desk(Clauses(), Choosy()))
    assert [c.text for c in found.claims] == ["Fourteen people were taken to hospital."]
    with pytest.raises(RuntimeError, match=r"no claim of e/1 could be checked: too long"):
        audit.audit(comparison, brief(text), claims[:1], Compare(), Desk(Clauses(), Choosy()))


def test_a_side_can_be_taken_in_other_words(evaluator, desk):
    articles = (
        Article(
            "a",
            "The old bridge at Carrow was closed on Monday.\n\nNobody was hurt when the bridge collapsed, police said.",
        ),
        Article(
            "b",
            "The bridge at Carrow had been inspected in spring.\n\nSeveral people were injured when the bridge collapsed.",
        ),
    )
    event = Event("e", articles)
    made = evaluator.score(event, [brief("There were no injuries when the bridge fell down.")], desk)
    settled = next(s for s in made if s.metric == "conflicts_settled")
    assert settled.value == 1.0
    assert settled.details["claims"][0]["articles"] == ["a"]


def test_coverage_of_what_is_agreed(evaluator, desk):
    says = scores(evaluator, desk, "A car ferry ran into the breakwater at Osterhavn on Saturday.")["agreed_coverage"]
    silent = scores(evaluator, desk, "A choir from Bremen sang in a sports hall.")["agreed_coverage"]
    assert says.value > silent.value
    assert silent.details["missing"]
    assert says.details["citations"][0]["cited"] == "[1][2]"


def test_one_source_is_less_balanced_than_two(evaluator, desk):
    both = scores(
        evaluator, desk, "Sundlink cancelled all crossings until Monday. A choir from Bremen was among the passengers."
    )
    one = scores(evaluator, desk, "Sundlink cancelled all crossings until Monday.")
    assert both["source_balance"].value > one["source_balance"].value


def test_single_source_statements_want_a_name(evaluator, desk):
    bare = scores(evaluator, desk, "Sundlink cancelled all crossings until Monday.")
    named = scores(evaluator, desk, "Sundlink cancelled all crossings until Monday, one newspaper reported.")
    assert bare["unattributed_single_source"].value == 1.0
    assert bare["unattributed_single_source"].details["claims"][0]["statement"].startswith("s")
    assert named["unattributed_single_source"].value == 0.0


def test_words_given_to_somebody_else(evaluator, desk):
    wrong = scores(evaluator, desk, '"There is no more money in the pot for repairs," said a choir singer from Bremen.')
    right = scores(
        evaluator, desk, '"There is no more money in the pot for repairs," said harbour master Erik Solvang.'
    )
    assert wrong["attribution_errors"].value == 1.0
    assert "Solvang" in wrong["attribution_errors"].details["claims"][0]["article_says"]
    assert right["attribution_errors"].value == 0.0


def test_what_an_article_bears_out_is_no_attribution_error(evaluator, desk, monkeypatch):
    monkeypatch.setattr(audit, "BORNE_OUT", 0.0)  # as if the checker were sure of it
    made = scores(evaluator, desk, '"There is no more money in the pot for repairs," said a choir singer from Bremen.')
    assert made["attribution_errors"].value == 0.0


def test_copying_from_one_source(evaluator, desk):
    copied = scores(evaluator, desk, B.replace("\n\n", " "))["copied_share"]
    assert copied.value > 0.7
    assert copied.details["copied_from"] == "b"
    own = scores(evaluator, desk, "Passengers needed hospital care when a vessel crashed.")["copied_share"]
    assert own.value == 0.0
    assert own.details["copied_from"] is None


def test_nothing_to_compare_is_no_number(evaluator, desk):
    for made in (
        scores(evaluator, desk, "A ferry crashed.", articles=("a",), kind="summary"),
        {s.metric: s for s in evaluator.score(Event("e", EVENT.articles[:1]), [brief("A ferry crashed.")], desk)},
    ):
        assert {s.outcome for s in made.values()} == {"nothing_to_compare"}
        assert all(s.value is None and s.reason for s in made.values())
    assert {s.outcome for s in scores(evaluator, desk, "").values()} == {"empty"}


def test_no_conflict_leaves_its_metrics_unscored(evaluator, desk):
    event = Event("e", (Article("a", A), Article("b", A.split("\n\n")[0])))
    made = {s.metric: s for s in evaluator.score(event, [brief("A car ferry ran into the breakwater.")], desk)}
    assert made["conflicts_settled"].outcome == "nothing_to_compare"
    assert made["copied_share"].outcome == "scored"


def test_order_of_articles_and_other_briefs_change_nothing(evaluator, desk):
    text = "Fourteen people were taken to hospital. A choir from Bremen was among the passengers."
    alone = [s.value for s in evaluator.score(EVENT, [brief(text)], desk)]
    turned = Event("e", EVENT.articles[::-1])
    again = SourceComparison().score(turned, [brief("Other words.", number=2), brief(text, articles=("b", "a"))], desk)
    assert [s.value for s in again if s.summary_id == "e/1"] == alone


def test_the_signature_names_what_decides(evaluator, desk):
    assert str(evaluator.signature(desk)) != str(SourceComparison(Compare(certain=0.9)).signature(desk))
    assert str(evaluator.signature(desk)) != str(SourceComparison(Compare(same=0.5)).signature(desk))


def test_evenness():
    assert evenness([0.3, 0.3, 0.3]) == pytest.approx(1.0)
    assert evenness([0.5, 0.0]) == 0.0
