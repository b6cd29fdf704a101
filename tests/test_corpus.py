import codecs
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from harness.checkers.outlets import unattributed
from harness.corpus import Articles, Dataset, Folder, Hub, Jsonl, Sample, Skipped, find_duplicates, make_event
from harness.corpus.files import decode, json_lines
from harness.errors import ConfigError, DataError
from harness.schema import Article, Event, from_dict, to_dict

CONF = Path(__file__).parent.parent / "conf" / "dataset"
PROSE = "The council of Nordhavn voted on Tuesday to close the old ferry harbour at the end of the year."
MORE = "Some 340 people work there, and the union said that it would fight the decision in court."


def record(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "title": "Harbour to close",
        "articles": [
            {"id": "a", "source": "Post", "text": f"{PROSE} About 340 people work there.", "published": "2025-03-04"},
            {"id": "b", "title": "Ferry harbour", "text": f"NORDHAVN (NWA) — {MORE}", "url": "https://example.org/b"},
        ],
        "reference": "Nordhavn closes its harbour.",
        "key_facts": [{"text": "The harbour closes.", "articles": ["a"], "weight": 3}, {"id": "k", "text": "Jobs go."}],
        "conflicts": [
            {
                "id": "c1",
                "kind": "number",
                "about": "staff",
                "versions": [
                    {"article": "a", "text": "About 340 people"},
                    {"article": "b", "text": "Some 340 people work"},
                ],
            }
        ],
    } | changes


def jsonl(path: Path, *lines: Any) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(text + "\n", encoding="utf-8")
    return path


# The sample, and configuration


def test_the_sample_loads_and_is_clean() -> None:
    dataset = Sample()
    events = dataset.events()
    assert len(events) >= 12
    assert dataset.skipped == []
    rules = {removed.rule for event in events for article in event.articles for removed in article.removed}
    assert rules >= {"byline", "dateline", "date line", "section", "related", "sign-up", "html", "html entity"}
    for event in events:
        assert event.reference
        assert event.key_facts
        for article in event.articles:
            for leftover in (
                "<p>",
                "<br",
                "&amp;",
                "&nbsp;",
                "Related Post",
                "Sign up for our newsletter",
                "Mins Read",
            ):
                assert leftover not in article.text, article.id
            assert article.published
        for conflict in event.conflicts:
            for version in conflict.versions:
                assert event.article(version.article_id).text[version.start : version.end] == version.text
    assert any(event.duplicates for event in events)
    assert [from_dict(Event, to_dict(event)) for event in events] == events


def test_the_sample_is_found_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "harness" / "datasets" / "sample"
    home.mkdir(parents=True)
    jsonl(home / "events.jsonl", record())
    monkeypatch.setattr("harness.__file__", str(tmp_path / "harness" / "__init__.py"))
    assert [event.id for event in Sample().events()] == ["e1"]


@pytest.mark.parametrize("file", sorted(CONF.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_choice_names_a_class_and_its_settings(file: Path) -> None:
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    dataset = instantiate(OmegaConf.load(file), _convert_="all")
    assert isinstance(dataset, Dataset)
    assert dataset.name == file.stem
    defaults = type(dataset)()
    for setting in ("limit", "seed", "clean", "on_error", "duplicate_share"):
        assert getattr(dataset, setting) == getattr(defaults, setting)


@pytest.mark.parametrize("settings", [{"limit": 0}, {"on_error": "ignore"}, {"duplicate_share": 20}])
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        Sample(**settings)


# Which events


def test_limit_takes_the_first_and_seed_a_sample_that_grows() -> None:
    ids = [event.id for event in Sample().events()]
    assert [event.id for event in Sample(limit=3).events()] == ids[:3]
    three, six = ({event.id for event in Sample(limit=n, seed=1).events()} for n in (3, 6))
    assert len(three) == 3
    assert three < six
    assert [i for i in ids if i in six] == [event.id for event in Sample(limit=6, seed=1).events()]
    assert {event.id for event in Sample(limit=6, seed=2).events()} != six


def test_one_bad_event_among_many_is_skipped_and_listed(tmp_path: Path) -> None:
    lines: list[Any] = [record(n) for n in range(1000)]
    lines[500] = '{"id": "e500", "articles": ['
    file = jsonl(tmp_path / "events.jsonl", *lines)
    with pytest.raises(DataError, match=r"events\.jsonl:501: this line is no JSON.*on_error=skip"):
        Jsonl(path=str(file)).events()
    dataset = Jsonl(path=str(file), on_error="skip")
    assert len(dataset.events()) == 999
    (skipped,) = dataset.skipped
    assert isinstance(skipped, Skipped)
    assert skipped.where == f"{file}:501"
    assert "no JSON" in skipped.reason
    assert len(dataset.events()) == 999
    assert len(dataset.skipped) == 1


def test_nothing_but_bad_events_is_an_error(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "events.jsonl", "{", "[")
    with pytest.raises(DataError, match="no event that can be read"):
        Jsonl(path=str(file), on_error="skip").events()
    file.write_text("\n\n")
    with pytest.raises(DataError, match="it is empty"):
        Jsonl(path=str(file)).events()


# JSONL


def test_an_event_of_our_own_layout(tmp_path: Path) -> None:
    (event,) = Jsonl(path=str(jsonl(tmp_path / "events.jsonl", record()))).events()
    a, b = event.articles
    assert a.published == "2025-03-04"
    assert b.text == MORE
    assert [removed.rule for removed in b.removed] == ["dateline"]
    assert [(fact.id, fact.weight, fact.article_ids) for fact in event.key_facts] == [
        ("e1-k1", 3.0, ("a",)),
        ("k", 1.0, ()),
    ]
    for version in event.conflicts[0].versions:
        assert event.article(version.article_id).text[version.start : version.end] == version.text
    assert event.reference == "Nordhavn closes its harbour."


def test_cleaning_can_be_switched_off(tmp_path: Path) -> None:
    (event,) = Jsonl(path=str(jsonl(tmp_path / "events.jsonl", record())), clean=False).events()
    assert event.articles[1].text == f"NORDHAVN (NWA) — {MORE}"
    assert event.articles[1].removed == ()


def test_only_ids_and_texts_are_needed(tmp_path: Path) -> None:
    line = {"id": 7, "articles": [{"id": "a", "text": PROSE}], "unheard-of": 1}
    (event,) = Jsonl(path=str(jsonl(tmp_path / "events.jsonl", line))).events()
    assert event == Event("7", (Article("a", PROSE),))


def test_a_folder_with_events_jsonl_and_windows_line_ends(tmp_path: Path) -> None:
    text = json.dumps(record(articles=[{"id": "a", "text": f"{PROSE}\r\n\r\n{MORE}"}], key_facts=[], conflicts=[]))
    (tmp_path / "events.jsonl").write_bytes(codecs.BOM_UTF8 + text.encode() + b"\r\n")
    (event,) = Jsonl(path=str(tmp_path)).events()
    assert event.articles[0].text == f"{PROSE}\n\n{MORE}"


def test_the_planted_layout(tmp_path: Path) -> None:
    line = {
        "event_id": "p1",
        "title": "Harbour",
        "articles": [{"article_id": "p1_a1", "source": "Post", "published": "2025-03-04", "text": PROSE}],
        "facts": [
            {"fact_id": "f1", "text": "The harbour closes.", "articles": ["p1_a1"], "importance": "key"},
            {"fact_id": "f2", "text": "It is old.", "articles": ["p1_a1"], "importance": "minor"},
        ],
        "conflicts": [
            {
                "conflict_id": "c",
                "kind": "date",
                "about": "day",
                "versions": [{"article_id": "p1_a1", "text": "on Tuesday"}],
            }
        ],
        "briefs": [{"brief_id": "b"}],
    }
    (event,) = Jsonl(path=str(jsonl(tmp_path / "events.jsonl", line))).events()
    assert [fact.id for fact in event.key_facts] == ["f1"]
    assert event.conflicts[0].versions[0].start == PROSE.index("on Tuesday")


def test_a_version_is_found_across_markup_and_line_breaks() -> None:
    articles = [{"id": "a", "text": "<p>Bell &amp; Sons said <b>three\nmen</b> were hurt in the fire on Monday.</p>"}]
    conflicts = [{"versions": [{"article": "a", "text": "Bell & Sons said three men"}, {"article": "a", "text": "no"}]}]
    event = make_event({"id": "e", "articles": articles, "conflicts": conflicts}, "here")
    first, second = event.conflicts[0].versions
    assert event.articles[0].text[first.start : first.end] == "Bell & Sons said three\nmen"
    assert (second.start, second.end) == (None, None)


BAD = {
    "no id": ({"articles": [{"id": "a", "text": "x"}]}, r"has no id; it has articles"),
    "no articles": ({"id": "e"}, r"'e' has no articles"),
    "articles no list": ({"id": "e", "articles": {"id": "a"}}, r"'articles' of event 'e' is an object"),
    "article no object": ({"id": "e", "articles": ["text"]}, r"article 1 is a string"),
    "article without id": ({"id": "e", "articles": [{"text": "x"}]}, r"article 1 has no id"),
    "no text": ({"id": "e", "articles": [{"id": "a"}]}, r"article 'a' has no text"),
    "white space": ({"id": "e", "articles": [{"id": "a", "text": " \n\t"}]}, r"article 'a' has no text"),
    "text no string": ({"id": "e", "articles": [{"id": "a", "text": ["x"]}]}, r"'text' is a list; expected a string"),
    "furniture only": (
        {"id": "e", "articles": [{"id": "a", "text": "Share this article"}]},
        r"no text left after cleaning \(share\)",
    ),
    "half a surrogate": ({"id": "e", "articles": [{"id": "a", "text": "cut \ud83d"}]}, r"half of a surrogate"),
    "date": (
        {"id": "e", "articles": [{"id": "a", "text": PROSE, "published": "3/4/2025"}]},
        r"'3/4/2025', which is no date",
    ),
    "article twice": (
        {"id": "e", "articles": [{"id": "a", "text": PROSE}] * 2},
        r"two articles of event 'e' have the id 'a'",
    ),
    "fact without text": (record(key_facts=[{"id": "k"}]), r"key fact 1 has no text"),
    "fact twice": (record(key_facts=[{"id": "k", "text": "x"}] * 2), r"two key facts of event 'e1' have the id 'k'"),
    "fact of nobody": (
        record(key_facts=[{"text": "x", "articles": ["z"]}]),
        r"names the article 'z'; the event has a, b",
    ),
    "weight": (record(key_facts=[{"text": "x", "weight": 0}]), r"the weight 0"),
    "version of nobody": (record(conflicts=[{"versions": [{"article": "z", "text": "x"}]}]), r"names the article 'z'"),
}


@pytest.mark.parametrize(("line", "message"), BAD.values(), ids=BAD)
def test_what_is_wrong_with_an_event_is_said_with_file_and_line(tmp_path: Path, line: Any, message: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(record(0)) + "\n" + json.dumps(line) + "\n")
    with pytest.raises(DataError, match=r"events\.jsonl:2.*" + message):
        Jsonl(path=str(file)).events()


def test_an_event_id_that_comes_twice(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "events.jsonl", record(1), record(2), record(1))
    with pytest.raises(DataError, match=r"events\.jsonl:3: the event id 'e1' stands already at .*events\.jsonl:1"):
        Jsonl(path=str(file)).events()


def test_lines_that_are_no_json_object(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    for content, message in ((b"[1]", "a list"), (b'{"id": "\xff"}', "UTF-8"), (b"null", "null")):
        file.write_bytes(content)
        with pytest.raises(DataError, match=message):
            Jsonl(path=str(file)).events()


def test_half_a_character_is_named_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "any.jsonl"
    file.write_text('{"a": "\\ud83d\\ude00"}\n{"a": [{"b": "cut \\ud83d"}]}\n')
    whole, half = [read for _, read in json_lines(file)]
    assert whole() == {"a": "\U0001f600"}
    with pytest.raises(DataError, match=r"any.jsonl:2: .*half of a surrogate pair"):
        half()


# Folders


def test_a_folder_of_texts_is_one_event(tmp_path: Path) -> None:
    home = tmp_path / "harbour"
    home.mkdir()
    (home / "b.md").write_text(f"# Harbour To Close\n\n{MORE}")
    (home / "a.txt").write_text(PROSE)
    (home / ".hidden.txt").write_text("")
    (home / "notes.pdf").write_bytes(b"")
    (event,) = Folder(path=str(home)).events()
    assert event.id == "harbour"
    assert [(a.id, a.source, a.title, a.text) for a in event.articles] == [
        ("a", "a", "", PROSE),
        ("b", "b", "Harbour To Close", MORE),
    ]
    (event,) = Folder(path=str(home), clean=False).events()
    assert event.articles[1].title == "Harbour To Close"
    assert event.articles[1].text.startswith("# Harbour")


def test_the_name_of_a_file_is_the_outlet_that_a_claim_may_name(tmp_path: Path) -> None:
    (tmp_path / "courier.txt").write_text(PROSE)
    ((article,),) = [event.articles for event in Folder(path=str(tmp_path)).events()]
    assert article.source == "courier"
    assert unattributed("The Courier adds that the harbour closes.", article.source) == "The harbour closes."


def test_a_folder_of_folders_is_many_events(tmp_path: Path) -> None:
    for name in ("two", "one"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(PROSE)
    assert [event.id for event in Folder(path=str(tmp_path)).events()] == ["one", "two"]
    (tmp_path / "three").mkdir()
    with pytest.raises(DataError, match=r"three: this folder holds no \.txt or \.md file"):
        Folder(path=str(tmp_path)).events()
    dataset = Folder(path=str(tmp_path), on_error="skip")
    assert len(dataset.events()) == 2
    assert [skipped.where for skipped in dataset.skipped] == [str(tmp_path / "three")]
    (tmp_path / "a.txt").write_text(PROSE)
    with pytest.raises(DataError, match="neither one event nor many"):
        Folder(path=str(tmp_path)).events()


def test_paths_that_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    with pytest.raises(DataError, match=r"artciles does not exist.*Did you mean .*articles\?"):
        Folder(path=str(tmp_path / "artciles")).events()
    with pytest.raises(DataError, match=r"artciles/2025 does not exist.*Did you mean .*articles\?"):
        Folder(path=str(tmp_path / "artciles" / "2025")).events()
    with pytest.raises(DataError, match="it is empty"):
        Folder(path=str(tmp_path / "articles")).events()
    (tmp_path / "articles" / "a.docx").write_bytes(b"")
    with pytest.raises(DataError, match=r"it holds \.docx"):
        Folder(path=str(tmp_path / "articles")).events()
    with pytest.raises(DataError, match=r"is a file; dataset=folder"):
        Folder(path=str(tmp_path / "articles" / "a.docx")).events()
    with pytest.raises(DataError, match=r"holds no events\.jsonl"):
        Jsonl(path=str(tmp_path)).events()
    for dataset in (Folder(), Jsonl(), Articles(), Hub()):
        with pytest.raises(ConfigError, match=r"dataset\.path"):
            dataset.events()


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    (tmp_path / "b.txt").write_text(" \n")
    with pytest.raises(DataError, match="article 'b' has no text"):
        Folder(path=str(tmp_path)).events()


# Encodings

FRENCH = (
    "Le café de la gare était fermé. « Nous ne savons pas pourquoi », a dit François, l’élève. Près de la mairie, "
    "les pompiers ont évacué une école maternelle où vingt élèves étaient réunis."
)
ENGLISH = (
    "“We warn against that,” he said. The council’s vote was 5-4 and the mayor’s plan failed. Officials said that "
    "nobody was hurt in the fire, which began early on Monday."
)
RUSSIAN = "Министр иностранных дел заявил, что переговоры продолжатся в понедельник."
POLISH = "Wójt gminy powiedział, że źródło pożaru jest nieznane. Strażacy gasili ogień przez całą noc."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "utf-16"),
        (FRENCH, "utf-32"),
        (FRENCH, "cp1252"),
        (ENGLISH, "cp1252"),
        (ENGLISH, "mac_roman"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (POLISH, "cp1250"),
    ],
)
def test_texts_are_read_in_the_encoding_they_are_in(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "here") == text


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"A fire in the town hall. " * 5 + b"\xff\xfe\x00\x81",
        FRENCH.encode()[:-1] + b"\xc3",  # UTF-8, cut in the middle of a character
        FRENCH.encode().replace(b"\xc3\xa9", b"\xc3", 1),
        "text".encode("utf-16") + b"\x00",
        b"plain\x00text",
        bytes(range(128, 256)),
    ],
)
def test_bytes_that_are_no_text_are_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.txt: .*UTF"):
        Folder(path=str(tmp_path)).events()


# Tables of articles

ROWS = [
    {"cluster": "c1", "body": PROSE, "outlet": "Post", "day": "2025-03-04"},
    {"cluster": "c2", "body": MORE, "outlet": "Wire", "day": "March 5, 2025"},
    {"cluster": "c1", "body": MORE, "outlet": "Wire", "day": ""},
]
FIELDS = {"event": "cluster", "text": "body", "source": "outlet", "published": "day", "title": None}


def table(path: Path, rows: list[dict[str, Any]]) -> str:
    import pandas as pd

    frame = pd.DataFrame(rows)
    {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        ".parquet": lambda: frame.to_parquet(path),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True),
    }[path.suffix]()
    return str(path)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_articles_of_a_table_are_put_together(tmp_path: Path, suffix: str) -> None:
    events = Articles(path=table(tmp_path / f"t{suffix}", ROWS), fields=FIELDS).events()
    assert [[(a.id, a.text, a.source, a.published) for a in event.articles] for event in events] == [
        [("c1-1", PROSE, "Post", "2025-03-04"), ("c1-2", MORE, "Wire", None)],
        [("c2-1", MORE, "Wire", "2025-03-05")],
    ]


def test_without_an_event_column_every_article_is_an_event(tmp_path: Path) -> None:
    file = table(tmp_path / "t.csv", [{"text": PROSE, "ref": "Close."}, {"text": MORE, "ref": ""}])
    events = Articles(path=file, fields={"event": None, "text": "text", "reference": "ref"}).events()
    assert [(event.id, event.reference) for event in events] == [("2", "Close."), ("3", None)]


def test_an_unknown_mapping_lists_what_there_is(tmp_path: Path) -> None:
    file = table(tmp_path / "t.csv", ROWS)
    with pytest.raises(DataError, match=r"no column 'bodi' for text; it has cluster, body, outlet, day.*text=body\?"):
        Articles(path=file, fields=FIELDS | {"text": "bodi"}).events()
    with pytest.raises(DataError, match=r"'txt'; the fields are event, id, .*Did you mean text\?"):
        Articles(path=file, fields={"txt": "body"}).events()
    with pytest.raises(DataError, match=r"fields\.text has to name"):
        Articles(path=file, fields={"event": "cluster"}).events()
    with pytest.raises(DataError, match=r"no column 'event' for event; it has cluster"):
        Articles(path=file).events()


def test_a_bad_row_is_named_and_skipped(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f'event,text\ne1,"{PROSE}\n{MORE}"\ne2,\ne3,"{MORE}"\n,"{MORE}"\ne5\n')
    with pytest.raises(DataError, match=r"t\.csv:6: 'event' is empty"):
        Articles(path=str(file)).events()
    dataset = Articles(path=str(file), on_error="skip")
    assert [event.id for event in dataset.events()] == ["e1", "e3"]
    assert [Path(skipped.where).name for skipped in dataset.skipped] == ["t.csv:6", "t.csv:7", "t.csv:4"]
    jsonl(tmp_path / "t.jsonl", {"event": "e1", "text": PROSE}, "{oh", {"event": "e2", "text": MORE})
    with pytest.raises(DataError, match=r"t\.jsonl:2: this line is no JSON"):
        Articles(path=str(tmp_path / "t.jsonl")).events()


def test_an_article_longer_than_csv_likes(tmp_path: Path) -> None:
    file = table(tmp_path / "t.csv", [{"event": "e", "text": f"{PROSE} " * 3000}])
    (event,) = Articles(path=file).events()
    assert len(event.articles[0].text) > 200_000


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    for name, message in (("t.xlsx", r"not \.xlsx"), ("t.parquet", "as Parquet")):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(DataError, match=message):
            Articles(path=str(tmp_path / name)).events()


# The hub, by local files


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def preset(name: str, **changes: Any) -> Hub:
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    return instantiate(OmegaConf.load(CONF / f"{name}.yaml"), _convert_="all", **changes)


@pytest.mark.usefixtures("no_network")
def test_presets_read_local_files_in_their_columns(tmp_path: Path) -> None:
    joined = f" {PROSE} \n\n|||||{MORE}|||||\n "
    files = {
        "multi_news": table(tmp_path / "multi.parquet", [{"document": joined, "summary": "– Closed."}]),
        "cnn_dailymail": table(
            tmp_path / "cnn.jsonl", [{"article": f"(CNN){PROSE}", "highlights": "A.\nB.", "id": "x1"}]
        ),
        "xsum": table(tmp_path / "xsum.csv", [{"document": PROSE, "summary": "S.", "id": 42}]),
        "wcep10": str(jsonl(tmp_path / "wcep.jsonl", {"document": [PROSE, MORE], "summary": "W."})),
    }
    events = {name: preset(name, data_files=file).events()[0] for name, file in files.items()}
    assert [(a.id, a.text) for a in events["multi_news"].articles] == [("test-0-1", PROSE), ("test-0-2", MORE)]
    assert events["multi_news"].reference == "– Closed."
    assert events["cnn_dailymail"].id == "x1"
    assert events["cnn_dailymail"].articles[0].text == PROSE
    assert events["cnn_dailymail"].reference == "A.\nB."
    assert events["xsum"].id == "42"
    assert [a.text for a in events["wcep10"].articles] == [PROSE, MORE]


@pytest.mark.usefixtures("no_network")
def test_hub_mapping_limit_and_bad_rows(tmp_path: Path) -> None:
    rows = [{"doc": PROSE if n != 2 else "  ", "ref": "R."} for n in range(6)]
    file = table(tmp_path / "rows.jsonl", rows)
    with pytest.raises(DataError, match=r"no column 'text' for text; it has doc, ref"):
        preset("hub", data_files=file).events()
    fields = {"text": "doc", "reference": "ref"}
    with pytest.raises(DataError, match=r"rows\.jsonl test\[2\]: .*has no articles"):
        Hub(data_files=file, fields=fields, separator="|").events()
    dataset = Hub(data_files=file, fields=fields, limit=3, on_error="skip")
    assert [event.id for event in dataset.events()] == ["test-0", "test-1", "test-3"]
    with pytest.raises(DataError, match="does not exist"):
        Hub(data_files=str(tmp_path / "none.jsonl")).events()


@pytest.mark.usefixtures("no_network")
def test_a_hub_that_does_not_answer_is_a_data_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the library tries again, and again
    with pytest.raises(DataError, match=r"nobody/nothing .* cannot be loaded: .*dataset\.data_files"):
        Hub(path="nobody/nothing").events()


# Duplicates


def test_copies_are_reported_with_their_share(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    own = "A spokesman for the port declined to comment when he was asked on Wednesday morning about the ferries."
    articles = [
        Article("a", f"{PROSE} {MORE}"),
        Article("b", own),
        Article("c", f"{PROSE.upper()} {own}"),
        Article("d", f"{PROSE} {MORE}"),
        Article("e", "Too short"),
        Article("f", "too SHORT."),
    ]
    found = {d.article_id: d for d in find_duplicates(articles, 0.2)}
    assert set(found) == {"c", "d", "f"}
    assert found["d"].of == "a"
    assert found["d"].share == found["f"].share == 1
    assert 0.35 < found["c"].share < 0.6
    assert {d.article_id for d in find_duplicates(articles, 0.9)} == {"d", "f"}
    line = {"id": "e", "articles": [{"id": a.id, "text": a.text} for a in articles]}
    Jsonl(path=str(jsonl(tmp_path / "events.jsonl", line))).events()
    assert "all of article d stands in article a" in caplog.text
