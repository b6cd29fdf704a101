"""How a brief deals with its sources: what it covers, whom it cites, which conflicts it settles, and what it twists.

Everything is a finding with the words of the brief and of the article beside each other; the metrics of
`source_comparison` only count findings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness import copies, text
from harness.align import Likeness
from harness.checkers.outlets import names_of
from harness.conflicts import Dispute, Side, nouns
from harness.protocols import Desk
from harness.sayings import RUN, SPEECH, Saying, distinctive, quotes_same, run, sayings
from harness.schema import Article, Claim, Span, Summary, Verdict
from harness.slots import DENIALS, Slot, slots, stems
from harness.sources import Compare, Comparison

VERSION = "audit-8"

# What a text says of its sources when it leaves a question open.
_OPEN = re.compile(
    r"\b(?:disagree\w*|differ(?:s|ed|ing|ently)?\b|(?:at|are at|is at) odds|contradict\w*|conflict(?:s|ing)\b|in conflict"
    r"|(?:is|are|was|were|remains?|remained|be|been|hotly|still) (?:disputed|contested)\b|in dispute\b|matter of dispute|unclear|uncertain|not (?:yet )?(?:clear|certain|settled)"
    r"|(?:is|are|was|were|remains?|left|also|still) (?:also |still |left )?open (?:whether|when|who|where|how|which|what)\b|also open is"
    r"|open question|diverg\w+|inconsistent\w*|incompatible|do(?:es)? not (?:agree|fit|match|tally|square)|vary|varies"
    r"|cannot agree|no agreement exists|there is no agreement|nor do the|part company|in doubt\b"
    r"|depend(?:s|ing) on (?:the|which|whom|who|whether)|according to which|if one (?:follows|believes)"
    r"|(?:report|given|giv|put|describ|nam|dat|plac)\w* (?:both|either)|are (?:both|each|variously) |variously"
    r"|both (?:as|for|in|at|to|on) [^.]{2,60} and (?:as|for|in|at|to|on)?|either [^.]{2,60} or "
    r"|(?:in|by|according to|says?|with|from) (?:one|some) (?:\w+ ){0,2}?[^.]{0,60}\b(?:in|by|according to|from)? ?(?:another|other|others)\b"
    r"|(?:in|by|for) (?:the )?one\b[^.]{1,80}\b(?:in|by|for) (?:the )?(?:other|next|another)\b"
    r"|according to [^.;]{3,70}(?:,|;| and| but| while)[^.]{0,40} according to|once as [^.]{1,60} once as\b|now to [^.]{3,80}, now to"
    r"|while (?:another|others?|the other)\b|(?:one|some) (?:report|source|article|outlet|account|paper|version|passenger|witness)s?\b[^.]*\b(?:another|others?)\b"
    r"|sources? (?:give|name|speak|put|differ|say)[^.]*,? (?:while|but|and|the other|others)"
    r"|(?:two|rival|competing|differing|different) (?:\w+ )?(?:versions|accounts|figures|dates|names|towns|places|explanations|tellings|reports)"
    r"|(?:told|given|reported|described|named|spelled|spelt|dated|timed|placed|put) (?:in )?(?:two|three|different|several) (?:different )?"
    r"(?:ways|places|forms|spellings|names|versions|figures|dates|times)|under two (?:\w+ )?(?:sur)?names|two different"
    r"|(?:called|named|said|given) [^.]{1,60} here and [^.]{1,60} there\b|is (?:reported|given|named|put|told|described) as [^.;]{1,80}\b(?:or|and) as\b"
    r"|is (?:credited|ascribed|attributed|given) (?:both|now|variously)|rang(?:e|es|ing) from|(?:somewhere|anywhere) between|whereas|\w+ denying and \w+)",
    re.IGNORECASE,
)
_MAINTAINS = re.compile(
    r"\b(?:maintains?|insists?|says?|said|speaks? of|puts?|tells?|told|denies|denied|claims?)\b", re.IGNORECASE
)
_BUT = re.compile(r"(?:,|;)\s+(?:but|while|whereas|yet|however)\b|,\s+the (?:\w+ ){1,3}of \d", re.IGNORECASE)
# Two such in one sentence tell of two sources; one does where it is set against something else.
_MEDIA = (
    r"\b(?:(?:(?:local |state )?(?:newspapers?|television|radio|media)|(?:news |press )?agency|wire) reports?|(?:news |press )?agency|wire|newswire|newspapers?|(?:local |town's |daily )?papers?|daily|weekly|broadcaster|blog(?:ger)?|radio"
    r"|outlets?|newsroom|television|magazine|(?:one|another|other|wire|news|first|second) (?:report|account|version|story|outlet|paper|source)"
    r"|reports?(?! for)|sources)\b"
)
_CONTRAST = re.compile(r"(?:,|;)\s+(?:but|while|yet|however)\b|^(?:and )?while\b|\bor\b", re.IGNORECASE)
_TELLS = re.compile(
    r"\b(?:writes?|wrote|reports?|reported|has|have|had|counts?|names?|puts?|gives?|gave|speaks?|mentions?|describ\w+|places?|calls?"
    r"|quotes?|heard|saw)\b",
    re.IGNORECASE,
)
_ATTRIBUTED = re.compile(
    r"\b(?:according to|sa(?:id|ys|y)|told|reported|reports?|claim(?:s|ed)|announced|wrote|stated|argued|insist(?:s|ed)|believes?|"
    r"added|warned|estimat\w+|described|called|quoted|in the words of|citing|sources?)\b",
    re.IGNORECASE,
)
ALIKE = 0.42  # of two frames, for a brief to speak of what a dispute is about
BESIDE = 0.2  # the same in the sentence beside one that does
NEAR = 0.3  # cosine of a claim and a sentence of a dispute from which the one is read with the other
LEFT = 0.2  # probability that the one side which does not contradict a claim bears it out, for the claim to take it
TAKEN = 0.5  # probability from which a sentence is read as bearing out or contradicting a claim
_OUTLETS = "agency newspaper paper report outlet source channel media medium broadcaster article magazine".split()
SAME_WORDS = 0.85  # cosine + shared words of two sentences, for one to retell the other
BORNE_OUT = 0.6  # P(supported) from which a claim gives nothing to the wrong person
COPIED = 0.6  # of a brief's words in passages of one article, and
COPIED_WORDS = 20  # so many of them: copied from it


@dataclass(frozen=True, slots=True)
class Handled:
    """A dispute that a claim of the brief settles (states one side as fact) or flags (reports as open)."""

    dispute: int | None  # its number; None for one that only the brief shows
    claim: Claim
    article_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Misattributed:
    """Words that the brief gives to somebody else than the article does, or a quote whose words it changed."""

    claim: Claim
    said_by: str  # in the brief
    article_id: str
    source_by: str  # in the article
    quote: str  # of the article
    kind: str  # "speaker" | "quote"


@dataclass(frozen=True, slots=True)
class Audit:
    """All findings on one brief."""

    claims: tuple[Claim, ...]  # those that could be checked
    supporting: Mapping[str, tuple[str, ...]]  # claim id -> articles that support it
    stated: Mapping[str, tuple[str, ...]]  # claim id -> statements it states
    covered: frozenset[str]  # statement ids
    settled: tuple[Handled, ...]
    flagged: tuple[Handled, ...]
    misattributed: tuple[Misattributed, ...]
    unattributed: tuple[tuple[Claim, str], ...]  # claims that state a single-source statement as fact, and its id
    fused: tuple[tuple[Claim, tuple[str, ...]], ...]  # claims no article supports whose parts stand in several
    copied_from: str | None
    copied_share: float


def audit(comparison: Comparison, summary: Summary, claims: Sequence[Claim], compare: Compare, desk: Desk) -> Audit:
    """The findings on a brief with these claims, against the comparison of its event's articles.

    A claim that could not be checked against all of them is left out; RuntimeError if that leaves none.
    """
    event = comparison.event
    articles = sorted((a for a in event.articles if a.text.strip()), key=lambda a: a.id)
    verdicts = _verdicts(claims, articles, desk)
    claims = [c for c in claims if all(v.label for v in verdicts[c.id])]
    if not claims:
        raise RuntimeError(f"no claim of {summary.id} could be checked: {_first_error(verdicts)}")
    stated = _stated(comparison, claims, compare)
    supporting = {c.id: tuple(v.article_id for v in verdicts[c.id] if v.label == "supported") for c in claims}
    brief = Article(summary.id, summary.text, published=max((a.published or "" for a in articles), default="") or None)
    docs = text.parse([summary.text, *(a.text for a in articles)])
    own = slots(brief, docs[0], lines=True)
    said = sayings(summary.id, docs[0])
    told = [s for a, d in zip(articles, docs[1:], strict=True) for s in sayings(a.id, d)]
    names = _outlet_names(articles)
    settled, flagged = _handled(comparison, claims, own, said, compare, names)
    flagged += _told_as_open(claims, (*settled, *flagged), verdicts, names)
    named = [*_OUTLETS, *_written_names(articles)]
    outlets = [words for words in (stems(text.words(name)) for name in named) if words]
    borne_out = {c.id for c in claims if any((v.probability or 0) >= BORNE_OUT for v in verdicts[c.id])}
    open_ids = {h.claim.id for h in flagged}  # they name several speakers
    copied_from, share = _copied(brief, articles)
    return Audit(
        tuple(claims),
        supporting,
        stated,
        frozenset(s for found in stated.values() for s in found),
        settled,
        flagged,
        tuple(_misattributed([c for c in claims if c.id not in open_ids], borne_out, said, told, outlets, compare)),
        tuple(_unattributed(comparison, claims, stated, supporting)),
        tuple(_fused(claims, verdicts)),
        copied_from,
        share,
    )


def _first_error(verdicts: Mapping[str, Sequence[Verdict]]) -> str | None:
    return next((v.error for found in verdicts.values() for v in found if v.error), None)


def _verdicts(claims: Sequence[Claim], articles: Sequence[Article], desk: Desk) -> dict[str, list[Verdict]]:
    pairs = [(claim, article) for claim in claims for article in articles]
    found: dict[str, list[Verdict]] = {claim.id: [] for claim in claims}
    for (claim, _), verdict in zip(pairs, desk.verdicts(pairs), strict=True):
        found[claim.id].append(verdict)
    return found


def _stated(comparison: Comparison, claims: Sequence[Claim], compare: Compare) -> dict[str, tuple[str, ...]]:
    """The statements each claim of the brief states: alike enough to one of their claims."""
    told = [(s.id, c.text) for s in comparison.statements for c in s.claims]
    if not told or not claims:
        return {c.id: () for c in claims}
    likeness = Likeness([*(t for _, t in told), *(c.text for c in claims)], compare.encode)
    block = likeness.matrix[len(told) :, : len(told)]
    out = {}
    for claim, row in zip(claims, block, strict=True):
        best: dict[str, float] = {}
        for (statement, _), alike in zip(told, row, strict=True):
            best[statement] = max(best.get(statement, -1.0), float(alike))
        ranked = sorted(best, key=lambda s: (-best[s], s))
        out[claim.id] = tuple(s for s in ranked if best[s] >= compare.align.same)[:4]
    return out


# ------------------------------------------------------------------------------------------ conflicts


def _handled(
    comparison: Comparison,
    claims: Sequence[Claim],
    own: Sequence[Slot],
    said: Sequence[Saying],
    compare: Compare,
    outlets: re.Pattern[str],
) -> tuple[tuple[Handled, ...], tuple[Handled, ...]]:
    """What the brief does with each dispute: settles it, or flags it, or neither. Who flags it anywhere has not settled it."""
    settled: list[Handled] = []
    flagged: list[Handled] = []
    by_reading = _sides_by_reading(comparison, claims, compare)
    for number, dispute in enumerate(comparison.disputes, start=1):
        taken: list[tuple[Claim, set[int]]] = []
        for claim in claims:
            if dispute.kind == "attribution":
                sides = _sides_by_quote(dispute, claim, said)
            else:
                sides = _sides_by_value(comparison, dispute, claim, own, compare)
            if sides := sides or by_reading.get((number, claim.id), set()):
                beside = set(sides)
                if dispute.sides[0].value is not None:  # "A reports three dead. B counts four."
                    near = [c for c in claims if c.id != claim.id and abs(c.sentence - claim.sentence) <= 1]
                    beside |= {
                        x for c in near for x in _sides_by_value(comparison, dispute, c, own, compare, alike=BESIDE)
                    }
                taken.append((claim, beside))
        everything = {side for _, sides in taken for side in sides}
        left_open = {claim.id for claim, _ in taken if len(everything) > 1 or _left_open(claim.text, outlets)}
        for claim, sides in taken:
            articles = tuple(sorted({s.version.article_id for s in dispute.sides if s.side in sides}))
            if claim.id in left_open:
                flagged.append(Handled(number, claim, articles))
            elif not left_open:
                settled.append(Handled(number, claim, articles))
    return tuple(settled), tuple(flagged)


def _told_as_open(
    claims: Sequence[Claim],
    known: Sequence[Handled],
    verdicts: Mapping[str, Sequence[Verdict]],
    outlets: re.Pattern[str],
) -> tuple[Handled, ...]:
    """Claims that report a disagreement in so many words, on what the comparison did not find."""
    held = {h.claim.id for h in known}
    out = []
    for claim in claims:
        opposed = _MAINTAINS.search(claim.text) and _BUT.search(claim.text)
        if claim.id not in held and (opposed or _left_open(claim.text, outlets)):
            checked = [(-v.probability, v.article_id) for v in verdicts[claim.id] if v.probability is not None]
            near = [article_id for _, article_id in sorted(checked)[:2]]
            out.append(Handled(None, claim, tuple(sorted(near))))
    return tuple(out)


def _written_names(articles: Sequence[Article]) -> set[str]:
    """What the articles' outlets may be called; without those that a file gave its name ("fire.txt"): common words."""
    return {name for a in articles for name in names_of(a.source) if name != name.lower()}


def _outlet_names(articles: Sequence[Article]) -> re.Pattern[str]:
    """What speaks of the media in general, or of the outlets of these articles by name."""
    names = _written_names(articles)
    known = [rf"\b{re.escape(name)}(?!\w)" for name in sorted(names, key=lambda n: (-len(n), n))]
    return re.compile("|".join((*known, f"(?i:{_MEDIA})")))


def _left_open(words: str, outlets: re.Pattern[str]) -> bool:
    """Whether a sentence tells that its sources differ: in so many words, or by setting one against another."""
    if _OPEN.search(words):
        return True
    named = sum(1 for _ in outlets.finditer(words))
    told = _TELLS.search(words) or _MAINTAINS.search(words)
    return named > 1 or bool(named == 1 and _CONTRAST.search(words) and told)


def _sides_by_value(
    comparison: Comparison,
    dispute: Dispute,
    claim: Claim,
    own: Sequence[Slot],
    compare: Compare,
    alike: float = ALIKE,
) -> set[int]:
    """The sides whose value a claim gives, in a frame like theirs."""
    within = [s for s in own if claim.start <= s.start < claim.end]
    found: set[int] = set()
    for slot in within:
        sides = {side.side for side in dispute.sides if _same_value(comparison, dispute, side, slot)}
        if len(sides) != 1:
            continue
        frames = compare.encode([slot.frame, slot.setting, *dispute.frames])
        if float((frames[:2] @ frames[2:].T).max()) >= alike:
            found |= sides
    return found


def _sides_by_reading(
    comparison: Comparison, claims: Sequence[Claim], compare: Compare
) -> dict[tuple[int, str], set[int]]:
    """The side of each dispute (by number) that each claim takes in words of its own.

    What all sides but one contradict takes that one, unless it is quite foreign to it; so does what one side alone bears
    out and another contradicts.
    """
    if not comparison.disputes:
        return {}
    spans = {a.id: text.sentences(a.text) for a in comparison.event.articles}
    said = [
        (n, s.side, _sentence(spans[s.version.article_id], s))
        for n, d in enumerate(comparison.disputes, start=1)
        for s in d.sides
    ]
    vectors = compare.encode([*(c.text for c in claims), *(words for _, _, words in said)])
    near = np.argwhere(vectors[: len(claims)] @ vectors[len(claims) :].T >= NEAR).tolist()
    found: dict[tuple[int, str], dict[int, np.ndarray]] = defaultdict(dict)
    read = compare.read([(claims[i].text, said[j][2]) for i, j in near])
    for (i, j), p in zip(near, read, strict=True):
        number, side, _ = said[j]
        of_claim = found[number, claims[i].id]
        of_claim[side] = np.maximum(of_claim.get(side, p), p)
    taken: dict[tuple[int, str], set[int]] = {}
    for key, of_side in found.items():
        borne = {side for side, p in of_side.items() if p[0] >= TAKEN}
        denied = {side for side, p in of_side.items() if p[1] >= TAKEN}
        left = {side for number, side, _ in said if number == key[0]} - denied
        if denied and len(left) == 1 and max((p[0] for side, p in of_side.items() if side in left), default=0) >= LEFT:
            taken[key] = left
        elif len(borne) == 1 and denied - borne:
            taken[key] = borne
    return taken


def _sentence(spans: Sequence[Span], side: Side) -> str:
    """Those of its article's sentences that a side's passage stands in."""
    version = side.version
    start, end = version.start or 0, version.end or 0
    return " ".join(s.text for s in spans if s.start < end and start < s.end) or version.text


def _same_value(comparison: Comparison, dispute: Dispute, side: Side, slot: Slot) -> bool:
    article = comparison.event.article(side.version.article_id)
    if side.value is None:
        return False
    if dispute.kind not in ("number", "date"):
        return slot.kind == "name" and text.same_name(slot.value.key, text.name_key(side.words))  # type: ignore[union-attr]
    if slot.kind != dispute.kind:
        return False
    # read in its sentence: "May" alone is a verb, and a weekday has the tense of its sentence
    words = side.version.text
    read: Sequence[Any] = text.numbers(words) if dispute.kind == "number" else text.dates(words, article.published)
    begin, end = (at - (side.version.start or 0) for at in side.value)
    theirs = [value for value in read if value.start < end and begin < value.end]
    if dispute.kind == "number":  # not so many of something else
        theirs = [n for n in theirs if nouns(slot.value, n) != "other"]  # type: ignore[arg-type]
    return any(slot.value.comparable(v) and slot.value.compatible(v) for v in theirs)  # type: ignore[arg-type]


def _sides_by_quote(dispute: Dispute, claim: Claim, said: Sequence[Saying]) -> set[int]:
    mine = [s for s in said if s.start < claim.end and claim.start < s.end]
    found = set()
    for side in dispute.sides:
        quoted = set(text.content_words(side.version.text))
        for saying in mine:
            shared = len(saying.words & quoted) / max(1, min(len(saying.words), len(quoted)))
            who = {text.stem(w) for w in text.words(side.words) if w not in text.STOP_WORDS}
            if shared >= 0.4 and (who & (saying.who | saying.words)):
                found.add(side.side)
    return found


# ------------------------------------------------------------------------------------------ attribution, copying


def _misattributed(
    claims: Sequence[Claim],
    borne_out: Container[str],
    said: Sequence[Saying],
    told: Sequence[Saying],
    outlets: Sequence[frozenset[str]],
    compare: Compare,
) -> list[Misattributed]:
    """Claims that give an article's content to somebody whom the article, there, does not give it to.

    Only what the brief presents as said by somebody other than an outlet and what no article bears out; and quotes of
    four words or more that no article has so.
    """
    out = []
    for claim in claims:
        for saying in (s for s in said if s.start < claim.end and claim.start < s.end):
            if altered := _altered(saying, told):
                out.append(Misattributed(claim, saying.actor, altered.source_id, altered.actor, altered.text, "quote"))
            if claim.id in borne_out or not (saying.spoken or saying.verb in SPEECH):
                continue
            if any(words <= saying.who for words in outlets):  # "the Courier adds": the article itself is named
                continue
            if saying.who and len(saying.words) > 2 and (found := _wrong_speaker(saying, told, compare)):
                out.append(Misattributed(claim, saying.actor, found.source_id, found.actor, found.text, "speaker"))
                break
    return out


def _altered(saying: Saying, told: Sequence[Saying]) -> Saying | None:
    """The article's sentence whose quote was changed, if the brief quotes four words or more otherwise than they stand."""
    if len(saying.quoted) < 4:
        return None
    runs = [(run(saying.quoted, t.tokens), t) for t in told]
    if any(length >= len(saying.quoted) for length, _ in runs):
        return None
    alike = [(quotes_same(saying, t), t) for t in told if t.quoted]
    best, original = max(alike, key=lambda a: a[0], default=(0.0, None))
    if original is None or best < 0.5:
        return None
    # A sentence of the brief may hold quotes of several sentences.
    of_quotes = [t.tokens for n, t in runs if n >= RUN and t.source_id == original.source_id]
    words = frozenset(w for tokens in (original.tokens, *of_quotes) for w in tokens)
    quoted, there = frozenset(saying.quoted), set(map(text.stem, words))
    changed = any(text.stem(w) not in there for w in quoted - text.STOP_WORDS) or quoted & DENIALS != words & DENIALS
    return original if changed else None


def _wrong_speaker(saying: Saying, told: Sequence[Saying], compare: Compare) -> Saying | None:
    """The saying of an article that has this content from another speaker, if none has it from this one."""
    vectors = compare.encode([" ".join(saying.tokens), *(" ".join(t.tokens) or t.text for t in told)])
    alike = vectors[1:] @ vectors[0]
    scored = []
    for at, (other, cosine) in enumerate(zip(told, alike, strict=True)):
        shared = len(saying.words & other.words) / max(1, min(len(saying.words), len(other.words)))
        scored.append((float(cosine) + shared + 0.4 * quotes_same(saying, other), at))
    best, at = max(scored, key=lambda s: (s[0], -s[1]))
    if best < SAME_WORDS or not (told[at].spoken or saying.spoken):
        return None
    for score, i in scored:
        if score < best - 0.2:
            continue
        # who is meant by "he" stands in the sentences before
        before = [t for t in told[max(0, i - 2) : i] if t.source_id == told[i].source_id] if not told[i].who else []
        context = told[i].who | told[i].words | {w for t in before for w in t.who | t.words}
        if distinctive(saying) & context or told[i].actor.lower() == "it":
            return None
    actor = told[at].actor or told[at].text
    phrases = compare.encode([saying.actor, actor])
    return told[at] if float(phrases[0] @ phrases[1]) < 0.6 else None


def _unattributed(
    comparison: Comparison,
    claims: Sequence[Claim],
    stated: Mapping[str, tuple[str, ...]],
    supporting: Mapping[str, tuple[str, ...]],
) -> list[tuple[Claim, str]]:
    status = dict(zip((s.id for s in comparison.statements), comparison.statuses, strict=True))
    out = []
    for claim in claims:
        states = stated[claim.id]
        alone = states and status[states[0]] == "single_source" and len(supporting[claim.id]) <= 1
        if alone and not claim.speaker and not _ATTRIBUTED.search(claim.text):
            out.append((claim, states[0]))
    return out


def _fused(claims: Sequence[Claim], verdicts: Mapping[str, Sequence[Verdict]]) -> list[tuple[Claim, tuple[str, ...]]]:
    """Claims that no article supports though most content words stand in two articles' best passages together, and fewer in each
    alone."""
    out = []
    for claim in claims:
        judged = verdicts[claim.id]
        if any(v.label == "supported" for v in judged):
            continue
        wanted = frozenset(text.content_words(claim.text))
        parts = {
            v.article_id: wanted & frozenset(text.content_words(" ".join(s.text for s in v.evidence[:2])))
            for v in judged
        }
        best = max(
            (
                (len(parts[a] | parts[b]), tuple(sorted((a, b))))
                for a in parts
                for b in parts
                if a < b and parts[a] - parts[b] and parts[b] - parts[a]
            ),
            default=(0, ()),
        )
        if wanted and best[0] >= 0.8 * len(wanted) and max(map(len, parts.values())) < 0.7 * len(wanted):
            out.append((claim, best[1]))
    return out


def _copied(brief: Article, articles: Sequence[Article]) -> tuple[str | None, float]:
    """The article that holds most of the brief word for word, and the share of the brief's words that are there."""
    best: tuple[float, str, int] = (0.0, "", 0)
    words = max(1, copies.length(brief.text))
    for article in articles:
        runs = copies.shared(brief.text, article.text)
        share = min(1.0, sum(runs) / words)
        best = max(best, (share, article.id, sum(runs)), key=lambda s: (s[0], s[1]))
    return (best[1] if best[0] >= COPIED and best[2] >= COPIED_WORDS else None), best[0]
