"""Training rows of the embedded checker that people labelled, and the news that synthetic ones are made of.

What is made of the news is in synthetic_pairs.py. The weights were trained with these rows: a seed must go on giving the
same ones, so every draw of `rng` stays, in its order.
"""

from __future__ import annotations

import collections
import difflib
import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from harness import conflicts, planted
from harness import text as harness_text
from harness.slots import Told, told
from harness.sources import Compare

SUPPORTED, CONTRADICTED, NOT_MENTIONED, NOT_SUPPORTED, NOT_CONTRADICTED = range(5)
LABELS = {"supported": 0, "contradicted": 1, "not_mentioned": 2, "not_supported": 3}
Spans = list[tuple[int, int]]


class Row(NamedTuple):
    """A claim, what is read with it, and what was said of the two."""

    claim: str
    passage: str
    label: int  # not supported: contradicted or not mentioned, nobody said which of the two; not contradicted likewise
    wrong: Spans | None  # characters of the claim that the passage does not bear out; None: nobody said which
    kind: str  # the source or the edit


# Sources with non-commercial terms are not read; one-class and guessable ones are capped (pairs each).
NON_COMMERCIAL = {"anli_dev", "control", "averitec", "sick", "wsj_sample"}
CAPS = {
    "politihop": 0, "dnc_factuality": 0, "dnc_kg_relations": 0, "dnc_megaveridicality": 0, "dnc_verbnet": 0,
    "dnc_fw_spatial": 100, "begin": 500, "contractnli": 400, "healthver": 1800, "climate_fever": 1800,
    "factcg_cg2c_musique": 500, "mctest": 500, "med": 1000, "help": 500, "scone": 500, "q2_wow": 400,
    "wikifactcheck": 1500, "citation_integrity": 350, "fnc1_stance": 600, "mpe": 500, "folio": 600,
}  # fmt: skip
NEWS_CAPS = {
    "wikinews_vanatteveldt": 264, "wikinews_dimitrakatseli": 44, "wikinews_gum": 23, "bbc2225": 1600, "wsj_sample": 0,
    "brown_press": 200, "abc2006": 900, "reuters21578": 700, "giveme5w1h": 379, "fnc1_bodies": 700,
    "horne2017_real": 105, "article_bias": 2600,
}  # fmt: skip
PASSAGE_WORDS = (95, 95, 160)  # words; at check time one sentence and eight are read
NEWS_WORDS = 320
LOOKED_AT = ("qags_cnndm", "qags_xsum", "cliff", "summedits_news", "summeval")

STOP = set(
    "a an the of to in on at for by with and or but is are was were be been has have had it its he she they his her "
    "their this that as from not no will would said says who which what when i you we".split()
)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def hashed(words: str, parts: int) -> int:
    """Which of so many parts a text falls into, always the same one."""
    return int(hashlib.sha1(words.encode()).hexdigest(), 16) % parts


def sentences(text: str) -> list[str]:
    return [span.text for span in harness_text.sentences(text)]


def json_lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def select(premise: str, claim: str, longest: int | None = None) -> str:
    """The sentences of a premise that share most words with the claim, in order, up to `longest` words.

    Unless told, that is one of PASSAGE_WORDS, always the same one for a claim.
    """
    longest = longest or PASSAGE_WORDS[hashed(claim, len(PASSAGE_WORDS))]
    if len(premise.split()) <= longest:
        return premise
    units = sentences(premise)
    sizes = [len(unit.split()) for unit in units]
    wanted = set(words(claim)) - STOP
    shared = [len(wanted & set(words(unit))) / (size + 8) ** 0.3 for unit, size in zip(units, sizes, strict=True)]
    kept: list[int] = []
    total = 0
    for i in sorted(range(len(units)), key=lambda i: -shared[i]):
        if kept and total + sizes[i] > longest:
            continue
        kept.append(i)
        total += sizes[i]
        if total > longest * 0.8:
            break
    return " ".join(units[i] for i in sorted(kept))


# ------------------------------------------------------------------------------------------------ labelled pairs


def labelled_pairs(path: Path, rng: random.Random) -> list[Row]:
    """Rows of pairs.jsonl: capped per source, long premises cut to the sentences that bear on the claim."""
    by_source: dict[str, list[dict[str, str]]] = collections.defaultdict(list)
    for record in json_lines(path):
        if record["source"] not in NON_COMMERCIAL:
            by_source[record["source"]].append(record)
    rows: list[Row] = []
    for source, records in by_source.items():
        rng.shuffle(records)
        for record in records[: CAPS.get(source, len(records))]:
            claim, label = record["claim"], LABELS[record["label"]]
            wrong: Spans | None = [] if label == SUPPORTED else None
            rows.append(Row(claim, select(record["premise"], claim), label, wrong, source))
    return rows


def _places(text: str, parts: Iterable[str]) -> Spans:
    """Where the parts stand that the text has."""
    return [(at, at + len(part)) for part in parts if (at := text.find(part)) >= 0]


def written_pairs(folder: Path) -> list[Row]:
    """The pairs that were written for the harness (datasets/pairs): claims on a passage, and sentences of two outlets.

    Sentences that contradict each other do so both ways; of two that do not, nobody said whether one bears out the other.
    """
    rows = []
    for record in json_lines(folder / "claims.jsonl"):
        for claim in record["claims"]:
            wrong: Spans | None = _places(claim["text"], [claim["wrong"]]) if "wrong" in claim else []
            rows.append(
                Row(claim["text"], record["passage"], LABELS[claim["label"]], wrong, f"written {claim['kind']}")
            )
    for record in json_lines(folder / "conflicts.jsonl"):
        clash = record["label"] == "conflict"
        for claim, passage in (("one", "two"), ("two", "one")):
            wrong = _places(record[claim], [record[f"slot_{claim}"]]) if clash else None
            label, kind = CONTRADICTED if clash else NOT_CONTRADICTED, f"{record['label']} {record['kind']}"
            rows.append(Row(record[claim], record[passage], label, wrong, kind))
    return rows


def event_pairs(path: Path, rng: random.Random) -> list[Row]:
    """Sentences of two articles of a written event (datasets/pairs/events.jsonl) that may be of one matter.

    A sentence contradicts what holds a sentence that it is annotated to conflict with, and nothing else. So does a claim of
    a brief that takes a side of a conflict. Conflicts are shown three times, what only looks like one twice. The other
    claims of briefs are read with the sentences of all articles that are most like them.
    """
    compare = Compare()
    rows = []
    for event in planted.load(path):
        if event_aside(event.event.id):
            continue
        docs = harness_text.parse([a.text for a in event.event.articles])
        said = [t for article, doc in zip(event.event.articles, docs, strict=True) for t in told(article, doc)]
        of_conflicts = [_of_versions(event, said, c) for c in event.conflicts]
        apart = [set(indices) for indices in of_conflicts]
        of_others = [_of_versions(event, said, c) for c in event.non_conflicts]
        pairs = {(near.one, near.two) for near in conflicts.nearest(said, compare.encode)}
        for versions in (*of_conflicts, *of_others):
            pairs |= {(i, j) for i, j in combinations(versions, 2) if said[i].article_id != said[j].article_id}
        for one, two in sorted(pairs):
            for claim, other in ((one, two), (two, one)):
                around = _around(said, other, rng)
                clash = any(claim in c and not around.isdisjoint(c - {claim}) for c in apart)
                tempting = any(claim in c and other in c for c in of_others)
                passage = " ".join(said[i].text for i in sorted(around))
                row = Row(said[claim].text, passage, CONTRADICTED if clash else NOT_CONTRADICTED, None, "event")
                rows += [row] * (3 if clash else 2 if tempting else 1)
        everything = "\n\n".join(a.text for a in event.event.articles)
        for brief in event.briefs:
            for claim in brief["claims"]:
                if claim["label"] == "supported":
                    rows += _of_brief(event, said, of_conflicts, claim, rng)
                if "wrong" in claim:
                    wrong = _places(claim["text"], [claim["wrong"]])
                    rows.append(Row(claim["text"], select(everything, claim["text"]), NOT_SUPPORTED, wrong, "brief"))
                elif not claim.get("settles") and not claim.get("flags") and rng.random() < 0.6:
                    rows.append(Row(claim["text"], select(everything, claim["text"], 160), SUPPORTED, [], "brief"))
    return rows


def _of_versions(event: planted.Planted, said: Sequence[Told], item: Any) -> list[int]:
    """The sentences that hold the versions of a conflict."""
    spans = planted.spans(event, item)
    return [
        i
        for i, t in enumerate(said)
        for article, start, end in spans
        if t.article_id == article and start < t.end and t.start < end
    ]


def _around(said: Sequence[Told], at: int, rng: random.Random) -> set[int]:
    """A sentence alone, with the one before it, or with both its neighbours."""
    wide = rng.choice(((), (-1,), (-1, 1)))
    return {at} | {
        at + by for by in wide if 0 <= at + by < len(said) and said[at + by].article_id == said[at].article_id
    }


def _of_brief(
    event: planted.Planted,
    said: Sequence[Told],
    of_conflicts: Sequence[Sequence[int]],
    claim: Any,
    rng: random.Random,
) -> Iterable[Row]:
    """A true claim of a brief with the sentences of each conflict: it contradicts the other sides of what it settles."""
    for conflict, sentences in zip(event.conflicts, of_conflicts, strict=True):
        if conflict["conflict_id"] in (claim.get("settles"), claim.get("flags")) or rng.random() < 0.2:
            for i in sentences:
                other = claim.get("settles") == conflict["conflict_id"] and said[i].article_id != claim["side"]
                if other and len({v["article_id"] for v in conflict["versions"]}) > 2:
                    continue  # a third article may share the side that is taken
                yield Row(claim["text"], said[i].text, CONTRADICTED if other else NOT_CONTRADICTED, None, "brief")


def event_aside(event_id: str) -> bool:
    """Whether a written event is kept from training: one in four, to fit the comparison by."""
    return hashed(event_id, 4) == 0


def aside(row: Row) -> bool:
    """Whether a written pair is kept from training: one event in eight, to calibrate by."""
    event = row.passage if row.kind.startswith("written") else min(row.passage, row.claim)
    return hashed(event, 8) == 0


# ------------------------------------------------------------------------------------------------ judged summaries


def read_set(folder: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The documents by their id, and the records, of a judged set."""
    documents = {document["doc_id"]: document for document in json_lines(folder / "documents.jsonl")}
    return documents, list(json_lines(folder / "records.jsonl"))


def judged_summaries(folder: Path, held: Sequence[str], rng: random.Random, key_facts: int = 3500) -> list[Row]:
    """Rows of the sets that may be trained on, without any document that stands in a set we choose or look by.

    `held` are the realsumm documents kept for looking; the key facts of the others make up to `key_facts` rows.
    """
    facts_documents, facts_records = read_set(folder / "realsumm")
    kept_out = [document for name in LOOKED_AT for document in read_set(folder / name)[0].values()]
    kept_out += [facts_documents[doc_id] for doc_id in held]
    taken = {document["split_key"] for document in kept_out}
    seen = {piece for document in kept_out for piece in _pieces(document["document"])}
    rows: list[Row] = []
    for name, rows_of in JUDGED.items():
        documents, records = read_set(folder / name)
        texts = {
            doc_id: document["document"]
            for doc_id, document in documents.items()
            if document["split_key"] not in taken and _share(_pieces(document["document"]), seen) < 0.1
        }
        for record in records:
            if record["doc_id"] in texts:
                document = texts[record["doc_id"]]
                for claim, label, wrong in rows_of(record, rng):
                    rows.append(Row(claim, select(document, claim), label, wrong, name))
    facts = [row for record in facts_records if record["doc_id"] not in held for row in _key_facts(record, rng)]
    rng.shuffle(facts)
    return rows + facts[:key_facts]


def _pieces(text: str) -> set[str]:
    """All runs of 40 letters and digits: two texts that share them are copies."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    return {plain[i : i + 40] for i in range(max(1, len(plain) - 40))}


def _share(pieces: set[str], seen: set[str]) -> float:
    return len(pieces & seen) / max(1, len(pieces))


def _key_facts(record: dict[str, Any], rng: random.Random) -> Iterable[Row]:
    """Facts that a summary has or lacks; of those people were not of one mind about, three in ten."""
    for fact in record["key_facts"]:
        yes, votes = fact["votes"]
        if yes in (0, votes) or rng.random() < 0.3:
            passage = select(record["summary"], fact["text"], 80)
            if fact["present"]:
                yield Row(fact["text"], passage, SUPPORTED, [], "realsumm")
            else:
                yield Row(fact["text"], passage, NOT_SUPPORTED, None, "realsumm")


Judged = Iterable[tuple[str, int, Spans | None]]


def _entfa(record: dict[str, Any], rng: random.Random) -> Judged:
    """A summary of one sentence whose entities were judged: the hallucinated ones are wrong."""
    wrong = [(e["start"], e["end"]) for e in record["entities"] if e["label"] != "Non-hallucinated"]
    if record["label"]:
        yield record["summary"], SUPPORTED, wrong
    else:
        yield record["summary"], NOT_SUPPORTED, wrong or None


def _polytope(record: dict[str, Any], rng: random.Random) -> Judged:
    """Sentences with error spans, and some of the summaries that have none."""
    subtypes = ("Inaccuracy_internal", "Inaccuracy_external", "Positive_Negative_Aspect")
    errors = [e["text"] for e in record["errors"] if e["subtype"] in subtypes]
    if None in errors:
        return
    for claim in sentences(record["summary"]):
        wrong = _places(claim, errors)
        if wrong:
            yield claim, NOT_SUPPORTED, wrong
        elif not errors and rng.random() < 0.12:
            yield claim, SUPPORTED, []


def _summedits(record: dict[str, Any], rng: random.Random) -> Judged:
    """Sentences of an edited summary: unless the edit was judged harmless, what it changed is wrong."""
    summary = record["summary"]
    at = [match.span() for match in re.finditer(r"\S+", summary)]
    before = record["original_summary"].split()
    edits = difflib.SequenceMatcher(None, before, summary.split(), autojunk=False).get_opcodes()
    changed = [(at[i][0], at[j - 1][1]) for tag, _, _, i, j in edits if tag != "equal" and j > i]
    for claim in sentences(summary):
        begin = summary.find(claim)
        wrong = [(i - begin, j - begin) for i, j in changed if j > begin and i < begin + len(claim)]
        if record["label"] == 1:
            yield claim, SUPPORTED, []
        elif wrong:
            yield claim, NOT_SUPPORTED, wrong


# The sets that may be trained on, and how their records become (claim, label, wrong).
JUDGED: dict[str, Callable[[dict[str, Any], random.Random], Judged]] = {
    "summedits_samsum": _summedits,
    "summedits_scitldr": _summedits,
    "entfa": _entfa,
    "polytope": _polytope,
}


# ------------------------------------------------------------------------------------------------ news


def news_texts(path: Path, rng: random.Random) -> list[str]:
    """The heads of the news articles, capped per source, in random order."""
    by_source: dict[str, list[str]] = collections.defaultdict(list)
    for record in json_lines(path):
        by_source[record["source"]].append(record["text"])
    texts: list[str] = []
    for source, found in by_source.items():
        rng.shuffle(found)
        texts += found[: NEWS_CAPS.get(source, len(found))]
    rng.shuffle(texts)
    return [" ".join(text.split()[:NEWS_WORDS]) for text in texts]
