"""Deterministic checks that stand beside every checker: numbers, dates, names, negation and antonyms.

A network that has read "between 80% and 90%" scores it 0.09 against 85, 86 and 89.4. `disagreements` compares a claim
with the one passage it was aligned with, slot by slot, and cries only when the slot is the same. `unsupported` asks
what of a claim occurs nowhere in the article. Both read plain strings, thousands of pairs a second; parsed texts make
the names better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from harness.text import (
    NORMALISER,
    PEOPLE,
    STOP_WORDS,
    Date,
    Name,
    Number,
    dateline,
    dates,
    name_key,
    names,
    numbers,
    same_name,
    stem,
    unaccented,
    words,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc

VERSION = f"2/{NORMALISER}"
ALIGNED = 0.2  # share of the shorter text's content words that two statements about the same thing have in common
CLOSE = 0.35  # the same for negation and antonyms, which need more than a common subject

Kind = Literal["number", "date", "name", "negation", "antonym"]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing a claim says otherwise than its evidence, or that the article does not say at all (evidence "").

    >>> str(Disagreement("number", "12", "15", "people")), str(Disagreement("name", "Kim", "", "nowhere in the article"))
    ('number: 12 against 15 (people)', 'name: Kim (nowhere in the article)')
    """

    kind: Kind
    claim_value: str
    evidence_value: str
    detail: str = ""

    def __str__(self) -> str:
        against = f" against {self.evidence_value}" if self.evidence_value else ""
        return f"{self.kind}: {self.claim_value}{against}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True)
class _Facts:
    text: str
    numbers: tuple[Number, ...]
    dates: tuple[Date, ...]
    names: tuple[Name, ...]
    stems: frozenset[str]  # content words that are no number
    tokens: frozenset[str]


def _facts(source: str | Doc, published: str | None) -> _Facts:
    return (
        _read(source, published) if isinstance(source, str) else _collect(source.text, tuple(names(source)), published)
    )


@lru_cache(maxsize=20_000)
def _read(text: str, published: str | None) -> _Facts:
    return _collect(text, tuple(names(text)), published)


def _collect(text: str, found: tuple[Name, ...], published: str | None) -> _Facts:
    tokens = words(text)
    content = frozenset(stem(w) for w in tokens if w not in STOP_WORDS and not w[0].isdigit())
    told = dateline(text)  # the day an article was filed is not the day it tells of
    days = tuple(d for d in dates(text, published) if d.start >= told)
    return _Facts(text, tuple(numbers(text)), days, found, content, frozenset(tokens))


def disagreements(claim: str | Doc, evidence: str | Doc, published: str | None = None) -> list[Disagreement]:
    """What a claim says otherwise than the passage it was aligned with; nothing when they are about other things.

    >>> [str(d) for d in disagreements("Twelve people died in the fire on Monday.", "The fire killed 15 people on Monday.")]
    ['number: Twelve against 15 (people)']
    >>> disagreements("Nearly 20,000 visitors can stay.", "It can host up to 20,000 visitors.")
    []
    """
    one, two = _facts(claim, published), _facts(evidence, published)
    shared = len(one.stems & two.stems)
    share = shared / max(1, min(len(one.stems), len(two.stems)))
    if share < ALIGNED:
        return []
    out = [*_numbers(one, two), *_dates(one, two), *_names(one, two)]
    if share >= CLOSE:
        out += [*_negation(one, two), *_antonyms(one, two)]
    return out


# ------------------------------------------------------------------------------------------------ numbers and dates

_DEAD = frozenset("dead die di kill death fatality fatal lif".split())
_HURT = frozenset("injur hurt wound injury hospital hospitalis casualty treat".split())
_GENERIC = PEOPLE | {"", "time", "tim", "other", "mor", "more"}
_NEAR = 60  # characters on either side of a value that tell what it is a value of
_TOKEN = re.compile(r"[^\W\d_]+")


def _around(text: str, start: int, end: int) -> frozenset[str]:
    """Stems of the content words about a value, not across a sentence."""
    left = re.split(r"[.;!?]\s", text[max(0, start - _NEAR) : start])[-1]
    right = re.split(r"[.;!?](?:\s|$)", text[end : end + _NEAR])[0]
    return frozenset(stem(w) for w in _TOKEN.findall((left + " " + right).lower()) if w not in STOP_WORDS)


def _numbers(one: _Facts, two: _Facts) -> Iterable[Disagreement]:
    for mine in one.numbers:
        theirs = [n for n in two.numbers if mine.comparable(n)]
        if not theirs or any(mine.compatible(n) for n in theirs):
            continue
        if any(n.compatible(m) for m in one.numbers for n in theirs if m is not mine) and len(theirs) == 1:
            continue  # the passage's only number of this kind is another of the claim's
        slot = next((n for n in theirs if _same_slot(one, mine, two, n, len(theirs))), None)
        if slot:
            yield Disagreement("number", mine.text, slot.text, slot.noun or slot.unit)


def _same_slot(one: _Facts, mine: Number, two: _Facts, other: Number, rivals: int) -> bool:
    if mine.kind == "score":
        return rivals == 1
    near, there = _around(one.text, mine.start, mine.end), _around(two.text, other.start, other.end)
    shared = (near & there) - {mine.noun, other.noun}
    if mine.kind in ("ordinal", "label"):
        return bool(mine.kind == "label" or (mine.noun and mine.noun == other.noun)) and bool(shared)
    if mine.kind == "count":
        people = (mine.noun in PEOPLE or not mine.noun) and (other.noun in PEOPLE or not other.noun)
        if people and _fate(mine.noun, near) and _fate(other.noun, there):
            return _fate(mine.noun, near) == _fate(other.noun, there)  # dead is not injured
        if mine.noun and mine.noun == other.noun and mine.noun not in _GENERIC:
            return True
        return bool(people and (mine.noun or other.noun) and shared)
    return bool(shared) or rivals == 1


def _fate(noun: str, near: frozenset[str]) -> str:
    held = near | {noun}
    dead, hurt = bool(held & _DEAD), bool(held & _HURT)
    return "" if dead == hurt else "dead" if dead else "hurt"


def _grain(value: Date) -> str:
    if value.minute is not None:
        return "time"
    if value.days and all((b - a).days >= 300 for a, b in value.days):
        return "year"
    if (value.days and all((b - a).days <= 1 for a, b in value.days)) or value.day or value.weekday is not None:
        return "day"
    if value.month:
        return "month"
    return "year" if value.year else ""


def _dates(one: _Facts, two: _Facts) -> Iterable[Disagreement]:
    for mine in one.dates:
        grain = _grain(mine)
        theirs = [d for d in two.dates if grain and _grain(d) == grain]
        if not theirs or any(mine.compatible(d) for d in two.dates if mine.comparable(d)):
            continue
        near = _around(one.text, mine.start, mine.end)
        slot = next((d for d in theirs if len(theirs) == 1 or near & _around(two.text, d.start, d.end)), None)
        if slot and not any(slot.compatible(d) for d in one.dates if d is not mine and _grain(d) == grain):
            yield Disagreement("date", mine.text, slot.text, grain)


# ------------------------------------------------------------------------------------------------ names

_SLOT = re.compile(r"([^\W_]+)\W+([^\W_]+)\W+$|([^\W_]+)\W+$")
_OF_A_SLOT = frozenset("in at from near to of by outside inside with against".split())


def _slot(text: str, name: Name) -> str | None:
    """What stands before a name, if it tells the role: a title ("harbour master"), a verb, "verb in"."""
    match = _SLOT.search(text[max(0, name.start - 40) : name.start].lower())
    if not match or re.search(r"[.;:!?]\s*$", text[: name.start]):
        return None
    far, near = match.group(1) or "", match.group(2) or match.group(3)
    if near in ("the", "a", "an") and far:
        far, near = "", far
    if near in _OF_A_SLOT:
        return f"{stem(far)} {near}" if far and far not in STOP_WORDS else None
    return stem(near) if near not in STOP_WORDS and not near[0].isdigit() else None


def _half(one: str, two: str) -> str:
    """The first or last name two full names share when the other part differs: "Matthias Kolb" and "Markus Kolb"."""
    mine, theirs = one.split(), two.split()
    if not (len(mine) == len(theirs) == 2):
        return ""
    return mine[1] if same_name(mine[1], theirs[1]) else mine[0] if same_name(mine[0], theirs[0]) else ""


def _names(one: _Facts, two: _Facts) -> Iterable[Disagreement]:
    new = [n for n in two.names if not any(n.compatible(m) for m in one.names)]
    for mine in one.names:
        if any(mine.compatible(n) for n in two.names) or all(t in two.tokens for t in mine.key.split()):
            continue
        slot = _slot(one.text, mine)
        for other in new:
            if not mine.comparable(other) or all(t in one.tokens for t in other.key.split()):
                continue
            if slot and _slot(two.text, other) == slot:
                yield Disagreement("name", mine.text, other.text, slot)
                break
            written = all(n.key in unaccented(n.text.lower()).replace("-", " ") for n in (mine, other))
            if written and (half := _half(mine.key, other.key)):
                yield Disagreement("name", mine.text, other.text, f"only {half!r} is the same")
                break


# ------------------------------------------------------------------------------------------------ negation, antonyms

_NEGATORS = frozenset("not no never none nobody neither nor without cannot nothing".split())
_HIDDEN = frozenset("refuse refus fail deny deni declin unable lack".split())
# What says "not" without a negator: "warned against forming" for "warned not to form", "ruled out" for "is not".
_CALLED_OFF = frozenset(
    stem(word)
    for word in """cancel cancelled suspend suspended halt scrap call called stop stopped miss missed lack without prevent
    prevented avoid avoided free against ban banned forbid forbade prohibit prohibited bar barred rule ruled exclude excluded
    reject rejected refuse refused decline declined deny denied fail failed unable unlikely""".split()
)
_PASSED_OVER = STOP_WORDS | {"one", "anyone", "any", "yet", "longer", "ever", "been", "only", "actually"}


def _negated(facts: _Facts) -> frozenset[str]:
    """The negated stems of a text that are no part of a name or date; none where it compares ("nobody has more")."""
    if facts.tokens & _COMPARED:
        return frozenset()
    facts_said = [n.text for n in facts.names] + [d.text for d in facts.dates]
    held = {stem(w) for said in facts_said for w in words(said)}
    return _after_negations(facts.text) - held


_COMPARED = frozenset("more better higher than other".split())


@lru_cache(maxsize=20_000)
def _after_negations(text: str) -> frozenset[str]:
    """Stems of the first content word after each negation: "was not immediately injured" -> {"immediately", "injur"}."""
    tokens = words(text)
    out = set()
    for i, token in enumerate(tokens):
        if not (token in _NEGATORS or token.endswith("n't") or token == "n" or stem(token) in _HIDDEN):
            continue
        if tokens[i + 1 : i + 2] == ["only"]:
            continue
        reach = 0
        for word in tokens[i + 1 : i + 7]:
            if word in _PASSED_OVER:
                continue
            out.add(stem(word))
            reach += 1
            if reach == (2 if word.endswith("ly") else 1):
                break
    return frozenset(out)


def _negation(one: _Facts, two: _Facts) -> Iterable[Disagreement]:
    mine, theirs = _negated(one), _negated(two)
    if mine and not theirs and not (two.stems | two.tokens) & _CALLED_OFF:
        for word in sorted(mine & two.stems):
            yield Disagreement("negation", f"not {word}", word)
    if theirs and not mine and not (one.stems | one.tokens) & _CALLED_OFF:
        for word in sorted(theirs & one.stems):
            yield Disagreement("negation", word, f"not {word}")


_ANTONYMS = """rise rose risen increase increased grow grew up climb / fall fell fallen decrease decreased drop dropped decline declined down
win won / lose lost
before / after
approve approved accept accepted back backed pass passed / reject rejected refuse refused veto vetoed
support supported / oppose opposed
open opened opening reopen reopened / close closed closing shut
arrive arrived enter entered join joined / leave left depart departed quit
alive survive survived / dead die died killed
guilty convicted / innocent acquitted cleared
more / less fewer
allow allowed permit permitted legalise legalised / ban banned forbid forbade prohibit prohibited
confirm confirmed admit admitted / deny denied
higher / lower
imports import / exports export
hire hired appoint appointed / fire fired dismiss dismissed sack sacked
improve improved better / worsen worsened worse
strengthen strengthened / weaken weakened
begin began begun start started / end ended finish finished stop stopped
arrest arrested detain detained jailed / release released freed
majority / minority
above / below
north northern / south southern
east eastern / west western
inside / outside
legal / illegal
public / private
maximum / minimum
largest biggest / smallest
oldest / youngest
male / female
success succeeded successful / failure failed unsuccessful
lift lifted / impose imposed
gain gained / loss
deadlier / safer
early earlier / late later
morning / evening afternoon night
possible / impossible
agree agreed / disagree disagreed
include included / exclude excluded
meet met / miss missed
keep kept retain retained / lost
live alive / dead"""


def _opposites() -> dict[str, tuple[int, int]]:
    out: dict[str, tuple[int, int]] = {}
    for row, line in enumerate(_ANTONYMS.splitlines()):
        for side, part in enumerate(line.split(" / ")):
            for word in part.split():
                out.setdefault(word, (row, side))
    return out


_SIDES = _opposites()


def _antonyms(one: _Facts, two: _Facts) -> Iterable[Disagreement]:
    mine: dict[int, dict[int, str]] = {}
    theirs: dict[int, dict[int, str]] = {}
    for facts, held in ((one, mine), (two, theirs)):
        for word in sorted(facts.tokens & _SIDES.keys()):
            row, side = _SIDES[word]
            held.setdefault(row, {})[side] = word
    for row in sorted(mine.keys() & theirs.keys()):
        (side, *more), (other, *others) = mine[row], theirs[row]
        if more or others or side == other:
            continue  # one of the texts has both
        a, b = mine[row][side], theirs[row][other]
        if (stem(a) in _after_negations(one.text)) != (stem(b) in _after_negations(two.text)):
            continue  # "did not reject" is no disagreement with "approved"
        if _around_word(one.text, a) & _around_word(two.text, b):
            yield Disagreement("antonym", a, b)


def _around_word(text: str, word: str) -> frozenset[str]:
    match = re.search(rf"\b{word}\b", text, re.I)
    return _around(text, *match.span()) if match else frozenset()


# ------------------------------------------------------------------------------------------------ nowhere


def unsupported(claim: str | Doc, article: str | Doc, published: str | None = None) -> list[Disagreement]:
    """Numbers, dates and names of a claim that occur nowhere in the article, however written.

    Numbers up to two and ranks are let pass: a summary may count what an article lists. Case does not matter.

    >>> [str(d) for d in unsupported("Kim met 12 envoys in Oslo.", "In Wonsan, Kim Jong Un met a dozen envoys.")]
    ['name: Oslo (nowhere in the article)']
    """
    one, two = _facts(claim, published), _facts(article, published)
    out = []
    for number in one.numbers:
        if number.kind == "ordinal" or (number.kind in ("count", "duration") and number.amount <= 2):
            continue
        if not any(number.compatible(n) or _same_amount(number, n) for n in two.numbers):
            out.append(Disagreement("number", number.text, "", _NOWHERE))
    for day in one.dates:
        grain = _grain(day)
        if grain and not _dated(day, grain, two.dates, published):
            out.append(Disagreement("date", day.text, "", _NOWHERE))
    keys = {n.key for n in two.names}
    for name in one.names:
        if not _named(name, keys, two.tokens):
            out.append(Disagreement("name", name.text, "", _NOWHERE))
    return out


def _same_amount(one: Number, two: Number) -> bool:
    """The same numeral, where one of them lost its unit: "19 hours and another 31"."""
    return one.amount == two.amount > 2 and (one.kind == two.kind or "count" in (one.kind, two.kind))


_NOWHERE = "nowhere in the article"


def _dated(day: Date, grain: str, there: Sequence[Date], published: str | None) -> bool:
    # An article without a date says of no year that it is meant: "12 July" does not bear out "July 2022".
    if day.year and not published and all(d.year != day.year for d in there):
        return False
    if any(day.comparable(d) and day.compatible(d) and _says_something(d, grain) for d in there):
        return True
    if grain == "time" or not published:
        return False
    return any(day.compatible(d) for d in dates("today, yesterday and tomorrow", published))


def _says_something(day: Date, grain: str) -> bool:
    """Whether a date can bear out one of this grain: "2014" does not bear out "12 July"."""
    order = ["time", "day", "month", "year", ""]
    return order.index(_grain(day)) <= order.index(grain)


def _named(name: Name, keys: set[str], tokens: frozenset[str]) -> bool:
    if name.key in keys or any(same_name(name.key, key) and len(key.split()) >= len(name.key.split()) for key in keys):
        return True
    parts = [t for t in re.split(r"[\s-]+", name.key) if len(t) > 1]
    written = [w for w in words(name.text) if w not in STOP_WORDS]
    if all(p in tokens or f"{p}s" in tokens or p.removesuffix("s") in tokens or name_key(p) in keys for p in parts):
        return True
    return bool(written) and all(w in tokens for w in written)
