"""What an event's articles agree on, what one of them alone says, and where they contradict each other.

`compare` does it for an event; `harness sources` prints it for a folder of articles, without any summarising model.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness import conflicts, copies, protocols, sayings, slots, text
from harness.align import Align, Likeness, Statement
from harness.conflicts import Dispute
from harness.copies import Copy
from harness.desk import Desk, article_source
from harness.errors import DataError, HarnessError
from harness.schema import Article, Claim, Conflict, Event, Version
from harness.text.parser import pipeline

Status = Literal["agreed", "single_source", "conflict"]
VERSION = "sources-5"
RELATED = 0.15  # of an article's claims are alike to some of another's if both tell one story, and
SIMILAR = 0.35  # their mean vectors are as similar as this; that and a shared name are enough, too,
AKIN = 0.25  # or as similar as this and they share two: the same press agency and city stand in a thousand stories,
# or as similar as TOLD, and as CLOSE, on average, those claims of one that are most similar to the other's
TOLD, CLOSE = 0.5, 0.42
FOREMOST = 3  # of them


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the articles of an event say together. `reason` tells why there is nothing to compare, if so.

    `statuses` and `independent` (how many sources a statement has, copies counted once) go with `statements`.
    `stories` are the groups of articles that tell of the same thing; one group if all do.
    """

    event: Event
    statements: tuple[Statement, ...] = ()
    statuses: tuple[Status, ...] = ()
    independent: tuple[int, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    copies: tuple[Copy, ...] = ()
    stories: tuple[tuple[str, ...], ...] = ()
    reason: str | None = None

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(dispute.conflict(number) for number, dispute in enumerate(self.disputes, start=1))


class Compare:
    """Compares articles. The numbers decide what counts as the same statement and as a conflict.

    `same`, `maybe`, `neighbours`, `checks`: see `Align`. A dispute is reported from the confidence `certain` on.
    """

    def __init__(
        self,
        same: float = 0.45,
        maybe: float = 0.38,
        neighbours: int = 3,
        checks: int = 2,
        certain: float = 0.6,
        device: str = "cpu",
    ) -> None:
        self.align = Align(same, maybe, neighbours, checks)
        self.certain = certain
        self.device = device

    @cached_property
    def _encoder(self) -> Any:
        from harness.checkers import encoder

        return encoder.load(self.device)

    @cached_property
    def _reader(self) -> Any:
        from harness.checkers import network

        return network.reader(network.WEIGHTS, self.device)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """What a signature says of the comparison."""
        versions = "+".join((VERSION, conflicts.VERSION, slots.VERSION, sayings.VERSION, copies.VERSION))
        return (
            ("sources", versions),
            *self.align.fields,
            ("certain", str(self.certain)),
            ("encoder", self._encoder.name),
            ("reader", self._reader.name),
            ("parser", text.parser_version()),
            ("facts", text.NORMALISER),
        )

    def prepare(self) -> None:
        """The encoder, the network and the parser; WeightsError that says what is missing."""
        self.encode(["ready"])
        self._reader.tokens(["ready"])
        pipeline()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self._encoder.encode(texts)

    def read(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """P(supported, contradicted, not mentioned) of (claim, passage), by the trained network alone."""
        return self._reader.read(pairs)

    def compare(self, event: Event, desk: protocols.Desk) -> Comparison:
        """The comparison of an event's articles; the same whatever their order.

        The statements of a single article are grouped, too, but `reason` says that there is nothing to compare.
        RuntimeError if a claim extraction or a check failed: half a comparison would be a wrong one.
        """
        articles = sorted((a for a in event.articles if a.text.strip()), key=lambda a: a.id)
        extractions = desk.claims([(article_source(event, a), a.text) for a in articles])
        if failed := next((e for e in extractions if e.error), None):
            raise RuntimeError(f"the claims of {failed.source_id} could not be extracted: {failed.error}")
        claims = [(a.id, c) for a, e in zip(articles, extractions, strict=True) for c in sorted(e.claims, key=_place)]
        if not claims:
            return Comparison(event, reason="the articles make no claim that could be compared")
        likeness = Likeness([c.text for _, c in claims], self.encode)
        copied = copies.copies(articles)
        stories = _stories(articles, claims, likeness, self.align.same)
        disputes = [d for story in stories if len(story) > 1 for d in self._disputes(articles, story)]
        disputes.sort(key=lambda d: (-d.confidence, d.sides[0].version.article_id, d.sides[0].version.start or 0))
        disputed = [_disputed(claims, d) for d in disputes]
        apart = {
            (min(i, j), max(i, j))
            for held in disputed
            for (i, one), (j, two) in combinations(held.items(), 2)
            if one.isdisjoint(two)
        }
        if len(stories) > 1:
            story = {article: number for number, group in enumerate(stories) for article in group}
            told_in = np.array([story[article] for article, _ in claims])
            likeness.matrix[told_in[:, None] != told_in] = -np.inf  # what two stories tell is never one statement
        statements = self.align.statements(claims, likeness, desk.verdicts, apart)
        involved = {id(claims[i][1]) for held in disputed for i in held}
        same_text = dict(zip((id(c) for _, c in claims), _same_text(claims, copied), strict=True))
        statuses: list[Status] = []
        independent = []
        for statement in statements:
            sources = _sources(statement, same_text)
            independent.append(sources)
            if any(id(c) in involved for c in statement.claims):
                statuses.append("conflict")
            else:
                statuses.append("agreed" if sources > 1 else "single_source")
        return Comparison(
            event,
            tuple(statements),
            tuple(statuses),
            tuple(independent),
            tuple(disputes),
            tuple(copied),
            stories,
            "the event has one article only: there is nothing to compare" if len(articles) < 2 else None,
        )

    def _disputes(self, articles: Sequence[Article], story: Sequence[str]) -> list[Dispute]:
        told = [a for a in articles if a.id in story]
        docs = text.parse([a.text for a in told])
        found = [s for a, d in zip(told, docs, strict=True) for s in slots.slots(a, d)]
        said = [s for a, d in zip(told, docs, strict=True) for s in sayings.sayings(a.id, d)]
        sentences = [s for a, d in zip(told, docs, strict=True) for s in slots.told(a, d)]
        by_id = {a.id: a for a in told}
        quotes = [q for q in conflicts.of_quotes(said, self.encode) if q.confidence >= self.certain]
        opposed = conflicts.of_sentences(by_id, sentences, said, found, self.encode, self.read, self.certain)
        return [
            *quotes,
            *(o for o in opposed if o.kind in ("number", "date") or not any(_overlap(o, q) for q in quotes)),
        ]


def _place(claim: Claim) -> tuple[int, int, str]:
    return claim.start, claim.end, claim.text


def _overlap(one: Dispute, two: Dispute) -> bool:
    """Whether at least two passages of one stand in passages of the other."""
    pairs = [(a.version, b.version) for a in one.sides for b in two.sides]
    return sum(_meet(a, b) for a, b in pairs) > 1


def _meet(a: Version, b: Version) -> bool:
    return a.article_id == b.article_id and (a.start or 0) < (b.end or 0) and (b.start or 0) < (a.end or 0)


def _stories(
    articles: Sequence[Article], claims: Sequence[tuple[str, Claim]], likeness: Likeness, alike: float
) -> tuple[tuple[str, ...], ...]:
    """Articles in groups that tell of the same thing: linked by the names they share or by claims that are alike.

    No name need be common: one reporter has the agency's, another the streets and first names.
    """
    owner = np.array([article for article, _ in claims])
    named = {a.id: {n.key for n in text.names(a.text) if not conflicts.is_country(n.key)} for a in articles}
    telling = [a.id for a in articles if a.id in owner]  # without a claim there is nothing to tell a story by
    home = {article: article for article in telling}
    for one, two in combinations(telling, 2):
        mine, theirs = np.flatnonzero(owner == one), np.flatnonzero(owner == two)
        block = likeness.matrix[np.ix_(mine, theirs)] >= alike
        shared = len(named[one] & named[two])
        middle = likeness.raw[mine].mean(0), likeness.raw[theirs].mean(0)
        similar = float(middle[0] @ middle[1]) / float(np.linalg.norm(middle[0]) * np.linalg.norm(middle[1]))
        cosine = likeness.raw[mine] @ likeness.raw[theirs].T
        foremost = [float(np.sort(cosine.max(axis))[-FOREMOST:].mean()) for axis in (0, 1)]
        in_other_words = similar >= TOLD and min(foremost) >= CLOSE
        by_claims = max(block.any(1).mean(), block.any(0).mean()) >= RELATED and similar >= SIMILAR
        if (shared > 1 and similar >= AKIN) or (shared and similar >= SIMILAR) or by_claims or in_other_words:
            old, new = home[two], home[one]
            home = {a: new if h == old else h for a, h in home.items()}
    groups: dict[str, list[str]] = {}
    for article, group in home.items():
        groups.setdefault(group, []).append(article)
    return tuple(sorted(tuple(sorted(g)) for g in groups.values()))


def _disputed(claims: Sequence[tuple[str, Claim]], dispute: Dispute) -> dict[int, set[int]]:
    """The claims that hold a disputed value -> the sides they take."""
    held: dict[int, set[int]] = {}
    for side in dispute.sides:
        start, end = side.value or (side.version.start or 0, side.version.end or 0)
        there = [
            i for i, (a, c) in enumerate(claims) if a == side.version.article_id and c.start < end and start < c.end
        ]
        if side.value:  # of the claims made of one sentence, those that say the value
            said = re.compile(rf"(?<![\w.,]){re.escape(side.words)}(?!\w|[.,]\d)", re.IGNORECASE)
            there = [i for i in there if said.search(claims[i][1].text)] or there
        for i in there:
            held.setdefault(i, set()).add(side.side)
    return held


def _same_text(claims: Sequence[tuple[str, Claim]], copied: Sequence[Copy]) -> list[set[str]]:
    """For each claim the other articles that have most of its passage word for word."""
    out: list[set[str]] = []
    for article, claim in claims:
        there = [(c.of, c.passages) for c in copied if c.article_id == article]
        there += [(c.article_id, c.originals) for c in copied if c.of == article]
        enough = 0.6 * (claim.end - claim.start)
        out.append(
            {o for o, spans in there if any(min(p.end, claim.end) - max(p.start, claim.start) >= enough for p in spans)}
        )
    return out


def _sources(statement: Statement, same_text: Mapping[int, set[str]]) -> int:
    """How many of a statement's articles say it in words of their own."""
    home = {a: a for a in statement.article_ids}
    for claim, article in zip(statement.claims, statement.owners, strict=True):
        for other in same_text[id(claim)] & home.keys():
            old, new = home[other], home[article]
            home = {a: new if h == old else h for a, h in home.items()}
    return len(set(home.values()))


# ------------------------------------------------------------------------------------------ as data and as text


def conflict_data(conflict: Conflict) -> dict[str, Any]:
    """A conflict as it is printed and kept in the details of a score."""
    versions = [{"article": v.article_id, "text": v.text, "start": v.start, "end": v.end} for v in conflict.versions]
    return {"kind": conflict.kind, "about": conflict.about, "versions": versions, "confidence": conflict.confidence}


def as_data(comparison: Comparison) -> dict[str, Any]:
    """What `--format json` prints of an event; `note` only where there is something to say."""
    notes = _notes(comparison)
    return {
        "statements": [
            {"id": s.id, "text": s.text, "status": status, "articles": list(s.article_ids)}
            for s, status in zip(comparison.statements, comparison.statuses, strict=True)
        ],
        "conflicts": [conflict_data(c) for c in comparison.conflicts],
        "copies": [
            {
                "article": c.article_id,
                "of": c.of,
                "share": round(c.share, 3),
                "passages": [{"text": p.text, "start": p.start, "end": p.end} for p in c.passages],
            }
            for c in comparison.copies
        ],
        **({"note": " ".join(notes)} if notes else {}),
    }


def _notes(comparison: Comparison) -> list[str]:
    notes = []
    if comparison.reason:
        notes.append(comparison.reason[0].upper() + comparison.reason[1:] + ".")
    if len(comparison.stories) > 1:
        groups = "; ".join(", ".join(story) for story in comparison.stories)
        shared = sum(len(s.article_ids) > 1 for s in comparison.statements)
        notes.append(
            f"The articles tell {len(comparison.stories)} different stories ({groups}): too few of their claims are alike "
            f"({shared} of {len(comparison.statements)} statements stand in two articles). They are not compared with each other."
        )
    silent = {a.id for a in comparison.event.articles} - {a for story in comparison.stories for a in story}
    if silent and comparison.stories:
        notes.append(f"No claim was found in {', '.join(sorted(silent))}.")
    for copy in comparison.copies:
        notes.append(f"{copy.share:.0%} of {copy.article_id} stands word for word in {copy.of}: no corroboration.")
    return notes


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the comparison: a conflict has one line for each version."""

    section: str
    article: str
    text: str
    about: str = ""
    quote: str = ""
    start: int | None = None
    end: int | None = None


def lines(comparison: Comparison) -> list[Line]:
    """Conflicts, what is agreed, and what each article alone says, in that order."""
    out = []
    text_of = {a.id: a.text for a in comparison.event.articles}
    rows = list(zip(comparison.statements, comparison.statuses, comparison.independent, strict=True))
    quoted = [v for conflict in comparison.conflicts for v in conflict.versions]
    for conflict in comparison.conflicts:
        about = f"{conflict.kind}: {conflict.about} ({conflict.confidence:.0%})"
        out += [Line("conflict", v.article_id, v.text, about, v.text, v.start, v.end) for v in conflict.versions]
        for statement, _, _ in rows:  # who says the same as a version, without being quoted
            told = list(zip(statement.claims, statement.owners, strict=True))
            if any(_quotes(v, c, owner) for v in conflict.versions for c, owner in told):
                for c, owner in told:
                    if not any(_quotes(v, c, owner) for v in quoted):
                        quote = text_of[owner][c.start : c.end]
                        out.append(Line("conflict", owner, quote, about, quote, c.start, c.end))
    for statement, _status, sources in sorted((r for r in rows if r[1] == "agreed"), key=lambda r: -r[2]):
        quotes: dict[str, tuple[str, int, int]] = {}
        for claim, owner in zip(statement.claims, statement.owners, strict=True):
            quotes.setdefault(owner, (text_of[owner][claim.start : claim.end], claim.start, claim.end))
        for article, (quote, start, end) in quotes.items():
            out.append(Line("agreed", article, statement.text, f"{sources} sources", quote, start, end))
    for article in sorted({a for s in comparison.statements for a in s.article_ids}):
        for statement, status, _ in rows:
            if status == "single_source" and statement.owners[0] == article:
                also = [a for a in statement.article_ids if a != article]
                about = f"also word for word in {', '.join(also)}" if also else ""
                first = statement.first
                out.append(Line(f"only {article}", article, statement.text, about, "", first.start, first.end))
    return out


def _quotes(version: Version, claim: Claim, owner: str) -> bool:
    """Whether a version of a conflict is quoted from the passage of a claim."""
    return version.article_id == owner and (version.start or 0) < claim.end and claim.start < (version.end or 0)


def _csv(comparisons: Sequence[Comparison]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("event", "section", "about", "article", "statement", "quote", "start", "end"))
    for comparison in comparisons:
        for x in lines(comparison):
            writer.writerow((comparison.event.id, x.section, x.about, x.article, x.text, x.quote, x.start, x.end))
    return out.getvalue()


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def _markdown(comparison: Comparison) -> str:
    out = [
        f"# {_cell(comparison.event.title or comparison.event.id)}",
        "",
        *(f"{_cell(n)}\n" for n in _notes(comparison)),
    ]
    for section, group in _sections(comparison):
        out += [f"## {section[0].upper() + section[1:]}", ""]
        if section == "conflict":
            for about in dict.fromkeys(x.about for x in group):
                out += [f"**{_cell(about)}**", ""]
                out += [f"- {x.article}: “{_cell(x.quote)}”" for x in group if x.about == about] + [""]
        elif section == "agreed":
            for words in dict.fromkeys(x.text for x in group):
                same = [x for x in group if x.text == words]
                out.append(f"- {_cell(words)} ({same[0].about}: {', '.join(x.article for x in same)})")
            out.append("")
        else:
            out += [f"- {_cell(x.text)}" + (f" ({x.about})" if x.about else "") for x in group] + [""]
    return "\n".join(out)


def _sections(comparison: Comparison) -> list[tuple[str, list[Line]]]:
    found: dict[str, list[Line]] = {}
    for line in lines(comparison):
        found.setdefault(line.section, []).append(line)
    return list(found.items())


def _show(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if os.isatty(1) else 160, highlight=False)
    console.print(f"{comparison.event.title or comparison.event.id}", style="bold", markup=False)
    for note in _notes(comparison):
        console.print(note, style="yellow", markup=False)
    articles = [a.id for a in sorted(comparison.event.articles, key=lambda a: a.id)]
    for section, group in _sections(comparison):
        wide = len(articles) <= 3 and section in ("conflict", "agreed")
        grid = Table(title=section, title_justify="left", header_style="bold", show_lines=True)
        if not wide:
            for name in ("about", "article", "text") if section in ("conflict", "agreed") else ("text", "about"):
                grid.add_column(name, overflow="fold")
            for x in group:
                told = (x.about, x.article, x.quote) if section in ("conflict", "agreed") else (x.text, x.about)
                grid.add_row(*map(_plain, told))
        else:
            grid.add_column("about" if section == "conflict" else "sources", overflow="fold", max_width=28)
            for article in articles:
                grid.add_column(article, overflow="fold")
            key = (lambda x: x.about) if section == "conflict" else (lambda x: x.text)
            for same in dict.fromkeys(map(key, group)):
                rows = [x for x in group if key(x) == same]
                cells = ["\n".join(x.quote for x in rows if x.article == a) for a in articles]
                grid.add_row(*map(_plain, (rows[0].about, *cells)))
        console.print(grid)


def _plain(words: str) -> Any:
    from rich.text import Text

    return Text(words)


def render(comparisons: Sequence[Comparison], form: str) -> str:
    """md, json or csv. json is one object, or for several events a list of such objects with their "event"."""
    if form == "json":
        made: Any = (
            as_data(comparisons[0])
            if len(comparisons) == 1
            else [{"event": c.event.id, **as_data(c)} for c in comparisons]
        )
        return json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    if form == "csv":
        return _csv(comparisons)
    return "\n".join(map(_markdown, comparisons))


def read(path: str) -> list[Event]:
    """The events at a path: a folder of articles, a folder of such folders, a .jsonl file. Articles stay as they are,
    so that offsets are those in the file."""
    from harness.corpus import Folder, Jsonl

    place = Path(path)
    if place.is_file() or (place / "events.jsonl").exists():
        return Jsonl(path=path, clean=False).events()
    return Folder(path=path, clean=False).events()


def main(options: argparse.Namespace) -> int:
    events = read(options.path)
    if options.event is not None:
        chosen = [event for event in events if event.id == options.event]
        if not chosen:
            from harness.choices import nearest

            ids = [event.id for event in events]
            raise DataError(f"{options.path} has no event {options.event!r}.{nearest(options.event, ids)}")
        events = chosen
    compare, desk = Compare(), Desk()
    comparisons = [compare.compare(event, desk) for event in events]
    if options.format == "rich" and not options.out:
        for comparison in comparisons:
            _show(comparison)
        return 0
    rendered = render(comparisons, "md" if options.format == "rich" else options.format)
    if not options.out:
        print(rendered, end="")
        return 0
    try:
        Path(options.out).write_text(rendered, encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"The comparison cannot be written to {options.out}: {error.strerror}.") from error
    return 0
