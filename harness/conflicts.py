"""Where the articles of an event contradict each other: the same slot filled differently, or a denied statement.

Sentences of two articles that may be of one matter are read against each other: those most alike, and those with values
(numbers, dates, names) that cannot both be true of what seems to be one slot. How surely they contradict each other is
weighed with whether each is the other's best match and with how surely two of their values fill one slot: how alike the
frames are, whether the other article bears the value out elsewhere, how close the values are. The weights are those of
logistic regressions (scripts/fit_conflicts.py) on events whose conflicts are known; they are few, so that they carry over to
other news. Of the values in two sentences that contradict each other those are in dispute which, exchanged, make
the contradiction go away.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np

from harness import text
from harness.align import Encode, Likeness
from harness.sayings import SAME_QUOTE, WORD_FOR_WORD, Echoes, Saying, same_speaker
from harness.schema import Article, Conflict, Version
from harness.slots import Slot, Told, stems
from harness.text import Date, Name, Number

VERSION = "conflicts-8"

Read = Callable[
    [Sequence[tuple[str, str]]], np.ndarray
]  # (claim, passage) -> P(supported, contradicted, not mentioned)

_STATES = {
    text.stem(word): state
    for state, words in {
        "dead": "dead die died killed kill death deaths toll lives lost fatalities perished",
        "hurt": "injured hurt wounded injuries hospital treated hospitalised casualties burns",
        "missing": "missing unaccounted",
        "moved": "evacuated evacuees shelter shelters fled displaced homeless",
        "held": "arrested arrests detained custody",
        "ill": "infected ill infections cases sick",
        "saved": "rescued saved freed survived",
    }.items()
    for word in words.split()
}
_CLOSE = math.log(1.4)  # counts of differently named things may be of one thing if they are this close
_FAR = math.log(3.2)  # numbers further apart than this are of different things, or a misprint


@dataclass(frozen=True, slots=True)
class Pair:
    """Two slots of two articles that cannot both be right, and what speaks for their being one slot."""

    one: Slot
    two: Slot
    features: Mapping[str, float]

    @property
    def logit(self) -> float:
        """How surely both fill one slot, judged by all but the sentences' sense."""
        return _weighed(self.one.kind, self.features)


def _weighed(kind: str, features: Mapping[str, float]) -> float:
    """The logit of a regression."""
    weights = _weights()[kind]
    return weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in features.items())


OUTSIDE = 5.0  # logits are kept within this


def clashes(pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]], read: Read) -> list[float]:
    """How surely two sentences cannot both be true: the mean logit of P(contradicted) of (claim, passage) and the reverse."""
    both = read([held for pair in pairs for held in pair])
    p = both[:, 1].clip(1e-6, 1 - 1e-6)
    logits = np.clip(np.log(p / (1 - p)), -OUTSIDE, OUTSIDE)
    return [float(mean) for mean in logits.reshape(-1, 2).mean(1)]


def pairs(slots: Sequence[Slot], encode: Encode) -> list[Pair]:
    """The incompatible pairs of slots, with features; in the order of `slots`."""
    if len({s.article_id for s in slots}) < 2:
        return []
    sentences = _Sentences(slots, encode)
    frames, settings = encode([s.frame for s in slots]), encode([s.setting for s in slots])
    known = Counter(word for s in slots for word in s.words)
    weight = {word: math.log((len(slots) + 1) / count) for word, count in known.items()}
    out: list[Pair] = []
    for kind in ("number", "date", "name"):
        index = [i for i, s in enumerate(slots) if s.kind == kind]
        chosen = [slots[i] for i in index]
        if len(chosen) < 2:
            continue
        frame, setting = frames[index] @ frames[index].T, settings[index] @ settings[index].T
        out += _of_kind(chosen, frame, setting, weight, sentences)
    return out


class _Sentences:
    """How alike the sentences that hold slots are, and which of them are each other's best match."""

    def __init__(self, slots: Sequence[Slot], encode: Encode) -> None:
        first: dict[tuple[str, int], Slot] = {}
        for slot in slots:
            first.setdefault((slot.article_id, slot.sentence), slot)
        self.index = {key: i for i, key in enumerate(first)}
        vectors = encode([s.said for s in first.values()])
        words = [stems(text.words(s.said)) for s in first.values()]
        known = Counter(w for ws in words for w in ws)
        weight = {w: math.log((len(words) + 1) / c) for w, c in known.items()}
        shared = _shared(words, weight)
        self.alike = (vectors @ vectors.T + shared) / 2
        self.shared = shared
        articles = np.array([a for a, _ in first])
        self.best: dict[tuple[int, str], int] = {}
        for article in sorted(set(articles)):
            there = np.flatnonzero(articles == article)
            best = there[np.argmax(self.alike[:, there], axis=1)]
            self.best |= {(i, str(article)): int(j) for i, j in enumerate(best)}

    def features(self, one: Slot, two: Slot) -> dict[str, float]:
        i, j = self.index[one.article_id, one.sentence], self.index[two.article_id, two.sentence]
        return {
            "sentence": float(self.alike[i, j]),
            "shared": float(self.shared[i, j]),
            "mutual": ((self.best[i, two.article_id] == j) + (self.best[j, one.article_id] == i)) / 2,
        }


KEPT = 3  # candidates of a slot in each other article


def _of_kind(
    slots: Sequence[Slot], frame: np.ndarray, setting: np.ndarray, weight: Mapping[str, float], sentences: _Sentences
) -> Iterable[Pair]:
    shared = _shared([s.words for s in slots], weight)
    alike = (frame + setting + shared) / 3
    articles = np.array([s.article_id for s in slots])
    units = np.array([_unit(s) for s in slots])
    alike[(articles[:, None] == articles) | (units[:, None] != units)] = -1.0
    by_article = {article: np.flatnonzero(articles == article) for article in sorted(set(articles))}

    @cache
    def compatible(i: int, j: int) -> bool:
        return agree(slots[min(i, j)], slots[max(i, j)])

    @cache
    def rivals(i: int, article: str) -> tuple[tuple[int, float], ...]:
        """The slots of an article that could be of slot `i`, most alike first."""
        there = by_article[article]
        ordered = there[np.argsort(-alike[i, there], kind="stable")]
        return tuple((int(k), float(alike[i, k])) for k in ordered if alike[i, k] > -1)

    for i, j in _candidates(slots, alike, by_article):
        one, two = slots[i], slots[j]
        if compatible(i, j) or not _plausible(one, two):
            continue
        there, here = rivals(i, two.article_id), rivals(j, one.article_id)
        if any(slots[k].sentence == two.sentence and compatible(i, k) for k, _ in there):
            continue  # the other sentence says this value, too
        if any(slots[k].sentence == one.sentence and compatible(j, k) for k, _ in here):
            continue
        others = [next((a for k, a in there if k != j), 0.0), next((a for k, a in here if k != i), 0.0)]
        own = float(alike[i, j])
        borne = any(compatible(i, k) for k, a in there if a >= own) or any(
            compatible(j, k) for k, a in here if a >= own
        )
        exclusive = not any(compatible(i, k) for k, _ in there) and not any(compatible(j, k) for k, _ in here)
        features = {
            "frame": float(frame[i, j]),
            "setting": float(setting[i, j]),
            "words": float(shared[i, j]),
            "lead": float(np.clip(own - max(others), -0.3, 0.3)),
            "exclusive": float(exclusive),
            "borne": float(borne),
            "sole": float(_alone(one, there, slots) and _alone(two, here, slots)),
            **sentences.features(one, two),
            "verb": float(one.verb == two.verb and one.verb not in ("be", "have", "say", "do")),
            "quoted": float(one.quoted or two.quoted),
        }
        features |= _FEATURES[one.kind](one, two)
        yield Pair(one, two, features)


def _unit(slot: Slot) -> str:
    """What two slots have to have in common to be comparable at all."""
    if isinstance(slot.value, Number):
        return f"{slot.value.kind} {'' if slot.value.kind == 'score' else slot.value.unit}"
    return str(slot.value.minute is None) if isinstance(slot.value, Date) else ""


def _alone(slot: Slot, rivals: Iterable[tuple[int, float]], slots: Sequence[Slot]) -> bool:
    """Whether one slot only of the other article could be meant."""
    found = 0
    for k, _ in rivals:
        found += _plausible(slot, slots[k])
        if found > 1:
            return False
    return found == 1


def _candidates(
    slots: Sequence[Slot], alike: np.ndarray, by_article: Mapping[str, np.ndarray]
) -> list[tuple[int, int]]:
    """The pairs worth a look: the most alike of each other article, and names that begin alike."""
    kept: set[tuple[int, int]] = set()
    for i in range(len(slots)):
        for there in by_article.values():
            best = there[np.argsort(-alike[i, there], kind="stable")[:KEPT]]
            kept |= {(min(i, int(j)), max(i, int(j))) for j in best if alike[i, j] > -1}
    begins: dict[str, list[int]] = {}
    for i, slot in enumerate(slots):
        if isinstance(slot.value, Name):
            for token in {slot.value.key.split()[0][:3], slot.value.key.split()[-1][:3]}:
                begins.setdefault(token, []).append(i)
    firsts = {(slots[i].article_id, slots[i].value.key): i for i in reversed(range(len(slots)))} if begins else {}  # type: ignore[union-attr]
    for members in begins.values():
        distinct = [i for i in members if firsts[slots[i].article_id, slots[i].value.key] == i]  # type: ignore[union-attr]
        kept |= {(i, j) for i, j in combinations(distinct, 2) if alike[i, j] > -1}
    return sorted(kept)


def _shared(words: Sequence[frozenset[str]], weight: Mapping[str, float]) -> np.ndarray:
    """`overlap` of all pairs."""
    from scipy.sparse import csr_matrix

    column = {word: i for i, word in enumerate(sorted({w for ws in words for w in ws}))}
    rows = [i for i, ws in enumerate(words) for _ in ws]
    columns = [column[w] for ws in words for w in sorted(ws)]
    weights = [weight.get(w, 1.0) for ws in words for w in sorted(ws)]
    shape = (len(words), max(1, len(column)))
    weighted, plain = (
        csr_matrix((weights, (rows, columns)), shape),
        csr_matrix((np.ones(len(rows)), (rows, columns)), shape),
    )
    total = np.asarray(weighted.sum(1)).ravel()
    least = np.minimum(total[:, None], total[None, :])
    both = (weighted @ plain.T).toarray()
    return np.where(least > 0, both / np.maximum(least, 1e-9), 0.0)


def _comparable(one: Slot, two: Slot) -> bool:
    if isinstance(one.value, Name):
        return True
    return one.value.comparable(two.value)  # type: ignore[arg-type]


def _plausible(one: Slot, two: Slot) -> bool:
    """Whether two incompatible values can be of one slot at all."""
    a, b = one.value, two.value
    if isinstance(a, Number) and isinstance(b, Number):
        if min(a.value, b.value) <= 0 or abs(math.log(a.value / b.value)) > _FAR:
            return False
        things = a.kind == "count" and nouns(a, b) == "other"
        return not things or (
            abs(math.log(a.value / b.value)) <= _CLOSE and (a.noun in text.PEOPLE) == (b.noun in text.PEOPLE)
        )
    if isinstance(a, Date) and isinstance(b, Date):
        if _TODAY.fullmatch(a.text) and _TODAY.fullmatch(b.text):
            return False  # each tells of its own day
        if a.minute is not None and b.minute is not None and _minutes(a, b) <= VAGUE_MINUTES:
            return False
        return _told_when(a) and _told_when(b)
    if isinstance(a, Name) and isinstance(b, Name):
        return a.key != b.key and a.comparable(b) and _is_land(a) == _is_land(b)
    return False


_WHERE = frozenset("in at near from to outside inside into towards toward off on through around across".split())


def _located(slot: Slot) -> bool:
    """Whether a name says where: a place by its kind, or what "in" and the like stand before."""
    return isinstance(slot.value, Name) and (
        slot.value.kind == "place" or (slot.place in _WHERE and slot.value.kind != "person")
    )


def _is_land(name: Name) -> bool:
    """Whether a name is that of a country, not of its capital, which the news uses for it."""
    return is_country(name.key) and name.text.casefold() not in text.CAPITALS


def is_country(key: str) -> bool:
    """Whether a name is that of a country or continent: a city in it is no contradiction."""
    return key in _COUNTRIES


_COUNTRIES = frozenset(
    """afghanistan albania algeria angola argentina armenia australia austria azerbaijan bahrain bangladesh belarus
    belgium belize benin bhutan bolivia bosnia botswana brazil brunei bulgaria burundi cambodia cameroon canada chad
    chile china colombia congo croatia cuba cyprus denmark djibouti ecuador egypt england eritrea estonia eswatini
    ethiopia fiji finland france gabon gambia georgia germany ghana greece greenland guatemala guinea guyana haiti
    honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya kosovo
    kuwait kyrgyzstan laos latvia lebanon lesotho liberia libya lithuania luxembourg madagascar malawi malaysia
    maldives mali malta mauritania mauritius mexico moldova monaco mongolia montenegro morocco mozambique myanmar
    namibia nepal netherlands nicaragua niger nigeria norway oman pakistan palestine panama paraguay peru philippines
    poland portugal qatar romania russia rwanda scotland senegal serbia seychelles singapore slovakia slovenia somalia
    spain sudan suriname sweden switzerland syria taiwan tajikistan tanzania thailand togo tonga tunisia turkey
    turkmenistan uganda ukraine uruguay uzbekistan vanuatu venezuela vietnam wales yemen zambia zimbabwe europe asia
    africa america""".split()
) | {
    "united states", "united kingdom", "north korea", "south korea", "saudi arabia", "new zealand", "south africa",
    "sri lanka", "czech republic", "costa rica", "el salvador", "ivory coast", "sierra leone", "south sudan",
    "united arab emirates", "papua new guinea", "dominican republic", "european union", "latin america",
    "middle east", "northern ireland", "south america", "north america",
}  # fmt: skip


def _told_when(value: Date) -> bool:
    """Whether it says a day, or a time of day: without a date of publication, "Saturday" does, "two days earlier" does not."""
    said = (value.minute, value.weekday, value.day, value.month, value.year)
    return bool(value.days) or any(part is not None for part in said)


_TODAY = re.compile(r"today|tonight|yesterday|tomorrow|last night|this (?:morning|afternoon|evening)", re.I)
VAGUE_MINUTES = 20  # "shortly after 4" and 4:12 are no contradiction


def _minutes(a: Date, b: Date) -> int:
    gap = abs((a.minute or 0) - (b.minute or 0)) % 1440
    return min(gap, 1440 - gap)


def nouns(a: Number, b: Number) -> str:
    """Whether two numbers count the "same", "people" by different names, "other" things, or it is "unknown"."""
    if not a.noun or not b.noun:
        return "unknown"
    if a.noun == b.noun:
        return "same"
    return "people" if a.noun in text.PEOPLE and b.noun in text.PEOPLE else "other"


def _states(slot: Slot) -> set[str]:
    noun = slot.value.noun if isinstance(slot.value, Number) else ""
    return {_STATES[w] for w in slot.words | slot.role | {noun} if w in _STATES}


def _number(one: Slot, two: Slot) -> dict[str, float]:
    a, b = one.value, two.value
    assert isinstance(a, Number)
    assert isinstance(b, Number)
    apart = abs(math.log(a.value / b.value))
    mine, theirs = _states(one), _states(two)
    return {
        "apart": apart,
        "near": math.exp(-6 * apart),
        "age": float(a.kind == "age"),
        "one state": float(bool(mine & theirs)),
        "two states": float(bool(mine and theirs and not mine & theirs)),
        "small": float(a.kind == "count" and min(a.value, b.value) < 10),
    }


def _is_year(value: Date) -> bool:
    """Whether a date is no more exact than a year."""
    return value.minute is None and bool(value.days) and min((b - a).days for a, b in value.days) >= 300


def _date(one: Slot, two: Slot) -> dict[str, float]:
    a, b = one.value, two.value
    assert isinstance(a, Date)
    assert isinstance(b, Date)
    return {
        "year": float(_is_year(a) or _is_year(b)),
        "place": float(one.place == two.place),
        "today": float(bool(_TODAY.fullmatch(a.text) or _TODAY.fullmatch(b.text))),
        "reported": float(bool({one.verb, two.verb} & {"say", "tell", "announce", "add"})),
    }


def _name(one: Slot, two: Slot) -> dict[str, float]:
    a, b = one.value, two.value
    assert isinstance(a, Name)
    assert isinstance(b, Name)
    mine, theirs = a.key.split(), b.key.split()
    full = len(mine) > 1 and len(theirs) > 1
    ends = min(_alike(mine[0], theirs[0]), _alike(mine[-1], theirs[-1])) if full else 0.0
    return {
        "spelling": max(0.0, max(_alike(a.key, b.key), ends) - 0.5) * 2,
        "one kind": float(a.kind == b.kind != "other"),
        "located": float(_located(one) and _located(two)),
    }


def _alike(one: str, two: str) -> float:
    first, second = sorted((one, two))  # the ratio depends on the order
    return SequenceMatcher(None, first, second).ratio()


_FEATURES: dict[str, Callable[[Slot, Slot], dict[str, float]]] = {
    "number": _number,
    "date": _date,
    "name": _name,
}


@cache
def _weights() -> dict[str, dict[str, float]]:
    return json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------ from pairs to conflicts


@dataclass(frozen=True, slots=True)
class Side:
    """What one article says in a dispute: the quoted passage, where in it the value stands, and which side it takes."""

    version: Version
    side: int
    value: tuple[int, int] | None  # offsets of the value in the article
    words: str  # the value, or the speaker, in words


@dataclass(frozen=True, slots=True)
class Dispute:
    """A conflict with all that is known of it; `conflict` is what is recorded and shown."""

    kind: str
    about: str
    confidence: float
    sides: tuple[Side, ...]
    frames: tuple[str, ...] = ()  # what the sides are the values of, in words

    def conflict(self, number: int) -> Conflict:
        versions = tuple(s.version for s in self.sides)
        return Conflict(f"c{number}", self.kind, self.about, versions, round(self.confidence, 3))


def agree(one: Slot, two: Slot) -> bool:
    """Whether the values of two slots can both be right."""
    return _comparable(one, two) and one.value.compatible(two.value)  # type: ignore[arg-type]


def _about(kind: str, frame: str) -> str:
    """The frame as a question: what the articles differ on."""
    words = frame.replace("who", "which" if kind == "place" else "who", 1).strip(' .,;:"“”-').split()
    return " ".join(words[:16]) + ("?" if len(words) <= 16 else " ...?")


def of_quotes(said: Sequence[Saying], encode: Encode) -> list[Dispute]:
    """The same words given to different speakers by two articles, quoted by one of them at least."""
    alike = Echoes(said, encode)
    out: list[Dispute] = []
    for one, two in combinations(said, 2):
        if one.source_id == two.source_id or not one.who or not two.who or same_speaker(one, two):
            continue
        spoken = all(s.spoken or s.quoted for s in (one, two))
        if (sure := alike(one, two)) < (SAME_QUOTE if spoken else WORD_FOR_WORD):
            continue
        words = " ".join((one.quoted or two.quoted)[:12])
        sides = tuple(
            Side(Version(s.source_id, s.text, s.start, s.start + len(s.text)), i, None, s.actor)
            for i, s in enumerate((one, two))
        )
        confidence = min(0.95, 0.6 + (sure - SAME_QUOTE) / 2)
        out.append(Dispute("attribution", f"who said “{words}”?", confidence, sides, (one.text, two.text)))
    return _merged(out)


NEAREST = 2  # sentences of each other article that a sentence is read with
MOST = 6  # sentences of all other articles together
PER_ARTICLE = 30  # pairs of sentences that are read for each article of an event: the cost is linear
UNLIKE = 0.1  # likeness up to which two sentences are not read: they are about other things


@dataclass(frozen=True, slots=True)
class Near:
    """Two sentences of two articles, by their index, that are among each other's most alike."""

    one: int
    two: int
    mutual: float  # 1 if each is the other's most alike in its article, 0.5 if one is


def nearest(told: Sequence[Told], encode: Encode) -> list[Near]:
    """The pairs of sentences that may be of one matter; in the order of `told`."""
    if len({t.article_id for t in told}) < 2:
        return []
    alike = Likeness([t.text for t in told], encode).matrix.round(6)
    articles = np.array([t.article_id for t in told])
    there = {article: np.flatnonzero(articles == article) for article in sorted(set(articles))}
    best: dict[tuple[int, str], int] = {}
    chosen: set[tuple[int, int]] = set()
    for i, t in enumerate(told):
        rivals: list[int] = []
        for article, members in there.items():
            if article != t.article_id:
                ordered = members[np.argsort(-alike[i, members], kind="stable")[:NEAREST]]
                best[i, article] = int(ordered[0])
                rivals += [int(j) for j in ordered if alike[i, j] >= UNLIKE and told[j].text != t.text]
        rivals.sort(key=lambda j: -alike[i, j])
        chosen |= {(min(i, j), max(i, j)) for j in rivals[:MOST]}
    best_first = sorted(chosen, key=lambda pair: (-alike[pair], pair))
    return [
        Near(
            i,
            j,
            ((best[i, told[j].article_id] == j) + (best[j, told[i].article_id] == i)) / 2,
        )
        for i, j in sorted(best_first[: PER_ARTICLE * len(there)])
    ]


@dataclass(frozen=True, slots=True)
class Opposed:
    """Two sentences of two articles, the values in them that cannot both be right of one slot, and what speaks for their
    contradicting each other."""

    one: Told
    two: Told
    values: tuple[Pair, ...]  # most likely of one slot first
    features: Mapping[str, float]

    @property
    def confidence(self) -> float:
        """In [0, 1]."""
        return 1 / (1 + math.exp(-_weighed("contradiction", self.features)))


UNLIKELY = -4.0  # logit of two values being of one slot up to which their sentences are not read for that
NONE = -6.0  # the same where there are no such values
BY_VALUE = 10  # pairs of sentences that are read for their values, for each article
APART = -2.0  # mean logit from which two sentences are read among their neighbours, too


def opposed(
    told: Sequence[Told], said: Sequence[Saying], slots: Sequence[Slot], encode: Encode, read: Read
) -> list[Opposed]:
    """The sentences of different articles that may be of one matter, read against each other; in the order of `told`.

    What two people say or do is no contradiction, however alike: sentences whose `said` are of different people are left
    out. Values that can both be right ("Saturday", "July 12") are given the same words before the sentences are read.
    """
    within = _within(slots, told)
    values: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    for pair in pairs(slots, encode):
        i, j = within.get(pair.one), within.get(pair.two)
        if i is not None and j is not None:
            values[min(i, j), max(i, j)].append(pair if i < j else replace(pair, one=pair.two, two=pair.one))
    for found in values.values():
        found.sort(key=lambda p: -p.logit)
    near = {(n.one, n.two): n for n in nearest(told, encode)}
    likely = sorted(
        (-found[0].logit, at) for at, found in values.items() if found[0].logit >= UNLIKELY and at not in near
    )
    by_value = [at for _, at in likely[: BY_VALUE * len({t.article_id for t in told})]]
    who = {(s.source_id, s.end): s for s in said if s.named and s.who}
    people = [who.get((t.article_id, t.end)) for t in told]
    index = [
        (i, j)
        for i, j in sorted({*near, *by_value})
        if not ((one := people[i]) and (two := people[j]) and not same_speaker(one, two))
    ]
    held: dict[int, list[Slot]] = defaultdict(list)
    for slot, i in within.items():
        held[i].append(slot)
    alike = {(i, j): _in_the_words_of(told[j], held[j], held[i]) for i, j in index}
    alone = clashes([((told[i].text, alike[i, j]), (alike[i, j], told[i].text)) for i, j in index], read)
    doubtful = [at for at, c in zip(index, alone, strict=True) if c >= APART]
    among = clashes(
        [
            ((told[i].text, _among(told, j, alike[i, j])), (alike[i, j], _among(told, i, told[i].text)))
            for i, j in doubtful
        ],
        read,
    )
    clash = dict(zip(index, alone, strict=True))
    clash |= {at: (clash[at] + c) / 2 for at, c in zip(doubtful, among, strict=True)}
    return [
        Opposed(
            told[i],
            told[j],
            tuple(values[i, j]),
            {
                "clash": clash[i, j],
                "mutual": near[i, j].mutual if (i, j) in near else 0.0,
                "slot": max(NONE, values[i, j][0].logit) if values[i, j] else NONE,
            },
        )
        for i, j in index
    ]


def _within(slots: Sequence[Slot], told: Sequence[Told]) -> dict[Slot, int]:
    """The sentence that each slot stands in; slots of what is not told (a headline) are left out."""
    starts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i, t in enumerate(told):
        starts[t.article_id].append((t.start, i))
    out = {}
    for slot in slots:
        before = bisect_right(starts[slot.article_id], (slot.start, len(told))) - 1
        if before >= 0 and slot.end <= told[i := starts[slot.article_id][before][1]].end:
            out[slot] = i
    return out


def _in_the_words_of(told: Told, own: Sequence[Slot], others: Sequence[Slot]) -> str:
    """A sentence with its numbers and dates in the words of another that says the same in other words."""
    text, end = told.text, len(told.text) + told.start
    for slot in sorted(own, key=lambda s: -s.end):
        if slot.kind == "name" or slot.end > end or any(o.text.casefold() == slot.text.casefold() for o in others):
            continue
        same = next((o for o in others if o.kind == slot.kind and agree(o, slot)), None)
        if same:
            text = text[: slot.start - told.start] + same.text + text[slot.end - told.start :]
            end = slot.start
    return text


def _among(told: Sequence[Told], at: int, words: str) -> str:
    """A sentence, in these words, between its neighbours."""
    around = (i for i in (at - 1, at, at + 1) if 0 <= i < len(told) and told[i].article_id == told[at].article_id)
    return " ".join(words if i == at else told[i].text for i in around)


def of_sentences(
    articles: Mapping[str, Article],
    told: Sequence[Told],
    said: Sequence[Saying],
    slots: Sequence[Slot],
    encode: Encode,
    read: Read,
    least: float,
) -> list[Dispute]:
    """The disputes that show in sentences read against each other, most certain first.

    A sentence is held against one sentence of each other article at most, the surest first. What contradicts a
    sentence of a dispute joins it, if its article has no part in it yet.
    """
    found = sorted(
        ((o.confidence, o) for o in opposed(told, said, slots, encode, read)),
        key=lambda f: (-f[0], f[1].one.article_id, f[1].one.start, f[1].two.article_id, f[1].two.start),
    )
    matched: set[tuple[Told, str]] = set()
    groups: list[list[tuple[float, Opposed]]] = []
    for confidence, pair in found:
        ends = {(pair.one, pair.two.article_id), (pair.two, pair.one.article_id)}
        if confidence < least or not matched.isdisjoint(ends):
            continue
        matched |= ends
        group = next((g for g in groups if _joins(pair, g)), None)
        if group is None:
            groups.append([(confidence, pair)])
        else:
            group.append((confidence, pair))
    values = _in_dispute([group[0][1] for group in groups], read)
    return [_dispute(articles, group, found) for group, found in zip(groups, values, strict=True)]


def _joins(pair: Opposed, group: Sequence[tuple[float, Opposed]]) -> bool:
    known = {t for _, other in group for t in (other.one, other.two)}
    new = {pair.one, pair.two} - known
    return len(new) < 2 and {t.article_id for t in new}.isdisjoint(t.article_id for t in known)


LEAST_DROP = 1.0  # logits by which two sentences contradict each other less when their disputed values are exchanged


def _in_dispute(pairs: Sequence[Opposed], read: Read) -> list[Pair | None]:
    """The values that two sentences contradict each other in; None where it is not in a value.

    Put into the other sentence, they make the contradiction go away.
    """
    asked = []
    for pair in pairs:
        one, two = pair.one.text, pair.two.text
        asked.append(((one, two), (two, one)))
        asked += [((_with(pair.one, p.one, p.two), two), (_with(pair.two, p.two, p.one), one)) for p in pair.values]
    told = iter(clashes(asked, read))
    out: list[Pair | None] = []
    for pair in pairs:
        before = next(told)
        drops = [before - next(told) for _ in pair.values]
        out.append(pair.values[int(np.argmax(drops))] if drops and max(drops) >= LEAST_DROP else None)
    return out


def _with(told: Told, own: Slot, other: Slot) -> str:
    """A sentence with another value in place of its own."""
    start, end = own.start - told.start, own.end - told.start
    return told.text[:start] + other.text + told.text[end:]


def _sides(group: Sequence[tuple[float, Opposed]], slot_of: Mapping[Told, Slot]) -> dict[Told, int]:
    """The side of each sentence: those with one value share a side; without values there are two."""
    sides: dict[Told, int] = {}
    for _, pair in group:
        for told, against in ((pair.one, pair.two), (pair.two, pair.one)):
            if told in sides:
                continue
            equal = [
                side
                for t, side in sides.items()
                if told in slot_of and t in slot_of and agree(slot_of[t], slot_of[told])
            ]
            if equal:
                sides[told] = equal[0]
            elif told in slot_of:
                sides[told] = max(sides.values(), default=-1) + 1
            else:
                sides[told] = int(sides.get(against, 1) == 0)
    return sides


def _dispute(articles: Mapping[str, Article], group: Sequence[tuple[float, Opposed]], values: Pair | None) -> Dispute:
    confidence, best = group[0]
    slot_of: dict[Told, Slot] = {}
    if values:
        slot_of = {best.one: values.one, best.two: values.two}
        for _, pair in group[1:]:
            for other in pair.values:
                if other.one.kind == values.one.kind:
                    slot_of.setdefault(pair.one, other.one)
                    slot_of.setdefault(pair.two, other.two)
    sides = _sides(group, slot_of)
    ordered = sorted(sides, key=lambda t: (t.article_id, t.start))
    number = {side: n for n, side in enumerate(dict.fromkeys(sides[t] for t in ordered))}
    out = []
    for told in ordered:
        slot = slot_of.get(told)
        start, end = slot.clause if slot else (told.start, told.end)
        version = Version(told.article_id, articles[told.article_id].text[start:end], start, end)
        value = (slot.start, slot.end) if slot else None
        out.append(Side(version, number[sides[told]], value, slot.text if slot else told.text))
    if not values:
        return Dispute("contradiction", ordered[0].text, confidence, tuple(out), tuple(t.text for t in ordered))
    kind = "place" if values.one.kind == "name" and (_located(values.one) or _located(values.two)) else values.one.kind
    frames = sorted({s.frame for s in slot_of.values()})
    return Dispute(kind, _about(kind, min(frames, key=len)), confidence, tuple(out), tuple(frames))


def _merged(disputes: Sequence[Dispute]) -> list[Dispute]:
    """Disputes over a quote that share a passage as one; those who give it to one speaker are on one side."""
    out: list[Dispute] = []
    for dispute in disputes:
        places = {(s.version.article_id, s.version.start) for s in dispute.sides}
        same = next((d for d in out if places & {(s.version.article_id, s.version.start) for s in d.sides}), None)
        if same is None:
            out.append(dispute)
            continue
        known = {(s.version.article_id, s.version.start) for s in same.sides}
        sides = list(same.sides)
        for s in dispute.sides:
            if (s.version.article_id, s.version.start) not in known:
                speaker = next((o.side for o in sides if _one_speaker(o.words, s.words)), None)
                sides.append(replace(s, side=max(o.side for o in sides) + 1 if speaker is None else speaker))
        confidence = max(same.confidence, dispute.confidence)
        out[out.index(same)] = replace(same, sides=tuple(sides), confidence=confidence)
    return out


def _one_speaker(one: str, two: str) -> bool:
    """Whether two phrases share a name (Tor Eide, harbour master Eide), or all words of the shorter stand in the longer."""
    named, other = ([n.key for n in text.names(who)] for who in (one, two))
    if named and other:
        return any(text.same_name(a, b) for a in named for b in other)
    a, b = (stems(w for w in text.words(who) if w not in text.STOP_WORDS) for who in (one, two))
    return bool(a and b) and (a <= b or b <= a)
