import csv
import io
import json
from pathlib import Path

import pytest

from harness import copies, planted, slots, sources, text
from harness.align import Statement
from harness.checkers.similarity import Similarity
from harness.claims.clauses import Clauses
from harness.cli import main
from harness.conflicts import Dispute, Side
from harness.desk import Desk
from harness.schema import Article, Claim, Event, Version

A = (
    "A car ferry with 312 people on board ran into the breakwater at Osterhavn on Saturday, the port authority said.\n\n"
    "Fourteen people were taken to hospital with broken bones.\n\n"
    '"The engines simply did not answer," captain Tor Eide told reporters on the quay.\n\n'
    "The operator Sundlink cancelled all crossings until Monday."
)
B = (
    "Just over 300 people were aboard when the ferry hit the breakwater at Osterhavn on July 12.\n\n"
    "Seventeen people were taken to hospital, doctors said.\n\n"
    'It was operations director Marit Lunde who said that the engines "simply did not answer".\n\n'
    "Forty-one Germans, members of a choir from Bremen, were among the passengers."
)
C = "The central bank raised its rate by a quarter of a point. Analysts at Bergmark expect another rise in autumn. Bond yields climbed."


def event(**texts):
    return Event("e", tuple(Article(i, t, published="2025-07-13") for i, t in texts.items()))


@pytest.fixture(scope="module")
def compare():
    made, desk = sources.Compare(), Desk(Clauses(), Similarity())
    return lambda e: made.compare(e, desk)


@pytest.fixture(scope="module")
def ferry(compare):
    return compare(event(a=A, b=B))


def test_conflicts_quote_both_sides_at_their_place(ferry):
    number = next(c for c in ferry.conflicts if c.kind == "number")
    assert {v.article_id: "Fourteen" in v.text or "Seventeen" in v.text for v in number.versions} == {
        "a": True,
        "b": True,
    }
    for conflict in ferry.conflicts:
        for v in conflict.versions:
            assert ferry.event.article(v.article_id).text[v.start : v.end] == v.text


def test_one_quote_and_two_speakers(ferry):
    said = next(c for c in ferry.conflicts if c.kind == "attribution")
    assert "did not answer" in said.about


def test_rounding_and_a_weekday_for_a_date_are_no_conflict(ferry):
    quoted = " ".join(v.text for c in ferry.conflicts for v in c.versions if c.kind in ("number", "date"))
    assert "312" not in quoted
    assert "July 12" not in quoted


def test_the_order_of_articles_changes_nothing(compare, ferry):
    turned = compare(event(b=B, a=A))
    assert sources.as_data(turned) == sources.as_data(ferry)


def test_the_same_again_is_the_same(compare, ferry):
    assert sources.as_data(compare(event(a=A, b=B))) == sources.as_data(ferry)


def test_statuses(ferry):
    status = {s.text: x for s, x in zip(ferry.statements, ferry.statuses, strict=True)}
    assert next(x for t, x in status.items() if "Germans" in t) == "single_source"
    assert next(x for t, x in status.items() if t.startswith("Fourteen")) == "conflict"


def test_one_article_has_nothing_to_compare(compare):
    alone = compare(event(a=A))
    assert "one article only" in alone.reason
    assert set(alone.statuses) == {"single_source"}
    assert "nothing to compare" in sources.as_data(alone)["note"]


def test_two_identical_articles_are_copies_and_corroborate_nothing(compare):
    twice = compare(event(a=A, b=A))
    assert twice.copies[0].share == 1.0
    assert not twice.conflicts
    assert set(twice.statuses) == {"single_source"}
    assert all(s.article_ids == ("a", "b") for s in twice.statements)


def test_articles_on_different_events_are_reported_and_not_set_against_each_other(compare):
    mixed = compare(event(a=A, b=B, c=C))
    assert mixed.stories == (("a", "b"), ("c",))
    assert not any(v.article_id == "c" for x in mixed.conflicts for v in x.versions)
    assert "2 different stories" in sources.as_data(mixed)["note"]


def test_copied_passages_but_not_shared_quotes():
    agency = "The accident board is sending three inspectors to the town and a small amount of diesel leaked from a cracked tank."
    found = copies.copies([Article("x", f"First. {agency} More."), Article("y", f"{agency} Other words here.")])
    assert [(c.article_id, c.of) for c in found] == [("x", "y")]  # of two undated ones the longer is the original
    dated = [
        Article("x", f"First. {agency} More.", published="2025-07-12"),
        Article("y", f"{agency} Other words here."),
    ]
    assert [(c.article_id, c.of) for c in copies.copies(dated)] == [("y", "x")]
    assert found[0].passages[0].text in agency
    quotes = [Article("x", f'He said: "{agency}" Yes.'), Article("y", f'"{agency}" Those were her words.')]
    assert copies.copies(quotes) == []
    single = [Article("x", f"He said: ‘{agency}’ Yes."), Article("y", f"‘{agency}’ Those were the board's own words.")]
    assert copies.copies(single) == []
    assert copies.copies([Article("x", f"The board's word: {agency}"), Article("y", f"It's so. {agency}")]) != []
    assert copies.copies([Article("x", "One two three."), Article("y", "One two three four.")]) == []


def test_a_headline_that_opens_like_its_story_hides_no_copy():
    words = "a small amount of diesel leaked from a cracked tank into the harbour basin at Osterhavn on Friday night"
    headline = "A small amount of diesel leaked from a cracked tank"
    (copy,) = copies.copies([Article("a", f"{headline}\n\nOn Saturday {words}."), Article("b", f"So {words}.")])
    assert copy.share > 0.9


def test_runs_shared_with_one_article():
    words = "the quick brown fox jumps over the lazy dog again"
    assert copies.shared(words, f"so {words} and") == [10]
    assert copies.shared(words, "nothing of it") == []


def write(folder, **texts):
    folder.mkdir(parents=True, exist_ok=True)
    for name, words in texts.items():
        (folder / f"{name}.txt").write_text(words, encoding="utf-8")
    return str(folder)


@pytest.fixture
def embedded(monkeypatch):
    """The command with the checker that loads in no time."""
    monkeypatch.setattr(sources, "Desk", lambda: Desk(Clauses(), Similarity()))


def test_json_of_a_folder(tmp_path, capsys, embedded):
    assert main(["sources", write(tmp_path / "ferry", a=A, b=B), "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"statements", "conflicts", "copies"}
    assert set(made["statements"][0]) == {"id", "text", "status", "articles"}
    versions = [v for c in made["conflicts"] for v in c["versions"]]
    assert all({"article", "text", "start", "end"} == set(v) for v in versions)
    assert all({"a": A, "b": B}[v["article"]][v["start"] : v["end"]] == v["text"] for v in versions)


def test_a_date_line_says_when_an_article_was_published(tmp_path):
    folder = write(tmp_path / "ferry", a=f"Ferry Hits Breakwater\n\n13.07.2025\n\n{A}", b=B)
    (read,) = sources.read(folder)
    assert [a.published for a in read.articles] == ["2025-07-13", None]
    assert read.articles[0].text.startswith("Ferry Hits Breakwater\n\n13.07.2025")


def test_several_events_are_a_list_and_one_can_be_chosen(tmp_path, capsys, embedded):
    write(tmp_path / "all" / "one", a=A, b=B)
    write(tmp_path / "all" / "two", a=C)
    assert main(["sources", str(tmp_path / "all"), "--format", "json"]) == 0
    assert [e["event"] for e in json.loads(capsys.readouterr().out)] == ["one", "two"]
    assert main(["sources", str(tmp_path / "all"), "--format", "json", "--event", "two"]) == 0
    assert "note" in json.loads(capsys.readouterr().out)
    assert main(["sources", str(tmp_path / "all"), "--event", "tow"]) == 2
    assert "two" in capsys.readouterr().err


def test_markdown_csv_and_the_terminal(tmp_path, capsys, embedded):
    path = write(tmp_path / "ferry", a=A, b=B)
    out = tmp_path / "out.md"
    assert main(["sources", path, "--format", "md", "--out", str(out)]) == 0
    assert "## Conflict" in out.read_text(encoding="utf-8")
    assert main(["sources", path, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {"conflict", "only a"} <= {r["section"] for r in rows}
    assert main(["sources", path]) == 0
    assert "Seventeen" in capsys.readouterr().out


def test_a_path_that_is_not_there(capsys):
    assert main(["sources", "no/such/folder"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_headline_fills_no_slot():
    said = '"Mayor Warns Against Haldane-Carrow Deal"\n\nThe mayor warned Carrow on Monday that 26 people could lose their work.'
    found = slots.slots(Article("a", said), text.parse([said])[0])
    assert found
    assert all(slot.start > said.index("\n") for slot in found)


@pytest.mark.parametrize(
    ("words", "counted"),
    [
        ("Twelve tourists were injured.", ["Twelve"]),
        ("Six towns were flooded.", ["Six"]),
        ("Four pastors were held.", ["Four"]),
        ("The crash sent 14 to hospital.", ["14"]),
        ("The toll rose from 120 to 135 on Monday.", ["120", "135"]),
        ("The toll rose from two to five on Monday.", ["two", "five"]),
        ("The doors opened at ten past two this morning.", []),
    ],
)
def test_a_count_is_a_slot_and_a_time_of_day_is_none(words, counted):
    found = slots.slots(Article("a", words), text.parse([words])[0])
    assert [s.text for s in found if s.kind == "number"] == counted


def test_short_sentences_that_count_or_deny_are_told():
    words = "The mill burned down. Six died. Nobody fled. He did."
    assert [t.text for t in slots.told(Article("a", words), text.parse([words])[0])] == [
        "The mill burned down.",
        "Six died.",
        "Nobody fled.",
    ]


def test_lines_without_a_full_stop_have_slots_where_they_are_asked_for():
    words = "- Fourteen people were taken to hospital\n- The ferry hit the breakwater"
    article, doc = Article("a", words), text.parse([words])[0]
    assert slots.slots(article, doc) == []
    assert [s.text for s in slots.slots(article, doc, lines=True) if s.kind == "number"] == ["Fourteen"]


def test_a_claim_is_disputed_for_the_value_it_says_not_for_its_digits():
    sentence = "14 people were hurt and 4 died."
    claims = [("a", Claim("a#1", "a", "14 people were hurt.", 0, 31)), ("a", Claim("a#2", "a", "4 died.", 0, 31))]
    four = Side(Version("a", sentence, 0, 31), 0, (24, 25), "4")
    assert sources._disputed(claims, Dispute("number", "how many died?", 0.9, (four,))) == {1: {0}}


def test_who_says_the_same_as_a_version_stands_beside_it():
    said = {"a": "Fourteen people were hurt.", "b": "Nine people were hurt.", "c": "14 people were injured."}
    claims = {i: Claim(f"{i}#1", i, t, 0, len(t)) for i, t in said.items()}
    agreed = Statement("s1", said["a"], (claims["a"], claims["c"]), ("a", "c"), ("a", "c"))
    alone = Statement("s2", said["b"], (claims["b"],), ("b",), ("b",))
    sides = tuple(Side(Version(i, said[i], 0, len(said[i])), n, None, said[i]) for n, i in enumerate("ab"))
    made = sources.Comparison(
        event(**said),
        (agreed, alone),
        ("conflict", "conflict"),
        (2, 1),
        (Dispute("number", "how many?", 0.9, sides),),
    )
    assert [(x.section, x.article, x.quote) for x in sources.lines(made)] == [("conflict", i, said[i]) for i in "abc"]


BRIDGE = (
    "The old bridge at Carrow was closed on Monday.\n\nNobody was hurt when the bridge collapsed, police said.",
    "The bridge at Carrow had been inspected in spring.\n\nSeveral people were injured when the bridge collapsed.",
)


def test_a_contradiction_needs_no_number_date_or_name(compare):
    found = compare(event(a=BRIDGE[0], b=BRIDGE[1])).conflicts
    (conflict,) = [c for c in found if c.kind == "contradiction"]
    assert [(v.article_id, v.text.split()[0]) for v in conflict.versions] == [("a", "Nobody"), ("b", "Several")]
    assert all({"a": BRIDGE[0], "b": BRIDGE[1]}[v.article_id][v.start : v.end] == v.text for v in conflict.versions)


def test_a_text_too_short_to_have_a_passage_is_a_copy_as_a_whole():
    words = "The bridge is closed until Monday."
    (copy,) = copies.copies([Article("a", words), Article("b", words.upper()), Article("c", "The bridge is open.")])
    assert (copy.article_id, copy.of, copy.share) == ("b", "a", 1.0)
    assert copy.passages[0].text == words.upper().rstrip(".")


def test_two_names_in_common_do_not_make_one_story(compare):
    fire = (
        "A warehouse in London burned down on Monday night, firefighters said. Forty crews fought the flames until dawn. "
        "The roof fell in at three, the BBC reported."
    )
    player = (
        "The striker has signed a contract for four years with a club in London. He scored nineteen goals last season. "
        "His agent told the BBC that the transfer cost 30 million pounds."
    )
    apart = compare(event(a=fire, b=player))
    assert apart.stories == (("a",), ("b",))
    assert not apart.conflicts
    assert all(len(s.article_ids) == 1 for s in apart.statements)


@pytest.mark.parametrize("number", ["dev10", "dev13"])
def test_one_event_is_one_story_whatever_names_its_reporters_use(compare, number):
    found = next(
        p for p in planted.load(Path(__file__).parent.parent / "datasets" / "planted" / "dev") if p.event.id == number
    )
    assert len(compare(found.event).stories) == 1
