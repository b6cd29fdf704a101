"""The embedded checker: a small trained network over retrieved evidence, with deterministic checks beside it.

Everything it needs ships with the package or is pinned (all-MiniLM-L6-v2 retrieves, all-mpnet-base-v2 reads): nothing is
downloaded at run time, and no GPU is needed. How it was trained is in `scripts/train_checker.py`, what it reaches in
`harness/checkers/weights/README.md`.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness import text
from harness.checkers import encoder, outlets, roles, rules
from harness.checkers.chunks import decide
from harness.errors import WeightsError
from harness.schema import Article, Claim, Signature, Span, Verdict, digest

VERSION = "7"
REMEMBERED = 500  # articles whose sentences are kept
UNIT = 128  # tokens of a sentence that is read whole; a longer one is read in pieces
FEW, MANY = 4, 12  # sentences; in a short text, copied words say less and a missing one says more
CLOSEST = 3  # sentences that are shown as evidence
WIDE = 8  # sentences that are read together
SPEAKING = 6  # sentences whose speakers are compared with the claim's
ENOUGH = 0.95  # P(supported) by the best sentence alone from which no more is read
FEATURES = (
    "support",  # mean logit of P(supported) by the passages that were read
    "word",  # mean logit of the claim's word that a passage supports least
    "copied",  # share of the claim's word 3-grams that the article has, above three quarters, as a number in [0, 1]
    "missing",  # numbers, dates and names that stand nowhere in the article, at most two
    "differing",  # a number, date, name or negation that differs in the best sentence
    "exchanged",  # roles or speakers in other places than in the evidence
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found out about one claim and one article, before it is weighed."""

    features: tuple[float, ...]
    short: float  # 1 for a text of up to FEW sentences, falling to 0 for MANY
    contradicted: float  # share of P(contradicted) in what is not supported, by the passage most to the point
    evidence: tuple[Span, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """An article made ready: its units of reading with vectors and tokens, its words and word 3-grams."""

    units: tuple[Span, ...]
    vectors: np.ndarray
    tokens: tuple[list[int], ...]
    stems: tuple[frozenset[str], ...]
    trigrams: frozenset[tuple[str, ...]]


class Embedded:
    """P(supported) = logistic(weights · features + bias), calibrated on people's judgements.

    The network reads the claim with the best sentence and, unless that bears it out beyond doubt, with the best ones
    together. What the two passages say on average of the claim and of its worst word is weighed together with whether the
    claim is a copy, and what `rules` finds missing or differing; there are weights for long texts and for short ones, blended
    in between. Supported from the one `threshold` on, which was chosen on the development half of judged summaries; else
    contradicted where the network or a rule says that the aligned passage speaks against the claim. Probabilities are
    calibrated on summaries of news.

    `weights` is a folder with embedded.json and embedded.safetensors, None those that ship; `device` is where network and
    encoder run. A claim without a letter or digit, or an article without text, is an error of its pair.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        threshold: float | None = None,
        device: str = "cpu",
    ) -> None:
        from harness.checkers import network

        folder = Path(weights) if weights else network.WEIGHTS
        self.config: dict[str, Any] = json.loads((folder / "embedded.json").read_text(encoding="utf-8"))
        if self.config["version"] != VERSION:
            raise WeightsError(
                f"{folder / 'embedded.json'} was fitted for version {self.config['version']} of the checker, this is version "
                f"{VERSION}. Fit it again with scripts/calibrate_checker.py."
            )
        self.threshold = float(self.config["threshold"] if threshold is None else threshold)
        self._long, self._short = (
            np.array([*(self.config[length]["weights"][name] for name in FEATURES), self.config[length]["bias"]])
            for length in ("long", "short")
        )
        self._encoder = encoder.load(device)
        self._reader = network.reader(folder, device)
        self._articles: OrderedDict[str, _Read] = OrderedDict()

    @property
    def signature(self) -> Signature:
        return Signature(
            "embedded",
            (
                ("v", VERSION),
                ("weights", self._reader.name),
                ("calibration", digest([self.config["long"], self.config["short"]])[:8]),
                ("encoder", self._encoder.name),
                ("rules", f"{rules.VERSION}+{roles.VERSION}"),
                ("parser", text.parser_version()),
                ("split", text.SPLITTER),
                ("threshold", f"{self.threshold:g}"),
            ),
        )

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        measured = iter(self.measure([pair for pair in pairs if _unreadable(*pair) is None]))
        verdicts = []
        for claim, article in pairs:
            if error := _unreadable(claim, article):
                verdicts.append(Verdict(claim.id, article.id, None, None, error=error))
            else:
                verdicts.append(self._weigh(claim, article, next(measured)))
        return verdicts

    def _weigh(self, claim: Claim, article: Article, found: Measured) -> Verdict:
        weights = found.short * self._short + (1 - found.short) * self._long
        logit = float(np.dot(weights, (*found.features, 1.0)))
        support = 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))
        contradiction = (1 - support) * found.contradicted
        label = decide(support, contradiction, self.threshold)
        return Verdict(claim.id, article.id, label, support, contradiction, found.evidence, found.notes)

    # -------------------------------------------------------------------------------------------- what is measured

    def measure(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Measured]:
        """The features of each pair, in order. Equal pairs are measured once; no pair depends on its company."""
        from harness.checkers import network

        keys = list(dict.fromkeys(_key(claim, article) for claim, article in pairs))
        claims = list(dict.fromkeys(key[0] for key in keys))
        vectors = dict(zip(claims, self._encoder.encode(claims), strict=True))
        tokens = dict(zip(claims, self._reader.tokens(claims), strict=True))
        found: dict[_Key, Measured] = {}
        by_article: dict[str, list[_Key]] = {}
        for key in keys:
            by_article.setdefault(key[1], []).append(key)
        looks = {
            key: _Look(self._read(article), key[0], vectors[key[0]])
            for article, members in by_article.items()
            for key in members
        }
        judged: dict[_Key, list[np.ndarray]] = {key: [] for key in looks}

        def ask(asked: Sequence[tuple[_Key, tuple[int, ...]]]) -> None:
            inputs = []
            for key, passage in asked:
                claim = tokens[key[0]]
                budget = network.MAX_LENGTH - network.SPECIALS - min(len(claim), network.MAX_CLAIM)
                inputs.append(network.encode(claim, looks[key].tokens(passage, budget)))
            for (key, _), row in zip(asked, self._reader.judge(inputs), strict=True):
                judged[key].append(row)

        ask([(key, look.passages[0]) for key, look in looks.items()])
        undecided = [(key, look) for key, look in looks.items() if judged[key][0][0] < ENOUGH]
        ask([(key, passage) for key, look in undecided for passage in look.passages[1:]])
        for key, look in looks.items():
            exchanged = [*look.exchanged(), *self._misattributed(look)]
            found[key] = look.measured(
                np.stack(judged[key]),
                key,
                exchanged,
                len(tokens[key[0]]) - network.MAX_CLAIM,
            )
        return [found[_key(claim, article)] for claim, article in pairs]

    def _misattributed(self, look: _Look) -> list[roles.Exchange]:
        """Statements of the claim that the sentences closest to it give to somebody else."""
        out = []
        for saying in roles.sayings(look.claim):
            others = [other for i in look.speaking for other in roles.sayings(look.read.units[i].text)]
            if others:
                vectors = self._encoder.encode([saying.content, *(other.content for other in others)])
                if exchange := roles.misattributed(saying, others, [float(v) for v in vectors[1:] @ vectors[0]]):
                    out.append(exchange)
        return out

    def _read(self, article: str) -> _Read:
        if article not in self._articles:
            units = tuple(unit for span in text.sentences(article) for unit in self._pieces(span))
            texts = [unit.text for unit in units]
            stems = tuple(frozenset(map(text.stem, text.words(t))) for t in texts)
            tokens = text.words(article)
            self._articles[article] = _Read(
                units,
                self._encoder.encode(texts),
                tuple(self._reader.tokens(texts)),
                stems,
                frozenset(text.ngrams(tokens, 3)),
            )
            while len(self._articles) > REMEMBERED:
                self._articles.popitem(last=False)
        return self._articles[article]

    def _pieces(self, span: Span) -> list[Span]:
        """The sentence, or where it is too long to be read at once its pieces, cut between words."""
        if len(span.text) <= UNIT:  # no text has more tokens than characters
            return [span]
        offsets = self._reader.tokenizer(
            span.text,
            add_special_tokens=False,
            split_special_tokens=True,
            return_offsets_mapping=True,
            verbose=False,
        )["offset_mapping"]
        if len(offsets) <= UNIT:
            return [span]
        pieces, begin = [], 0
        while begin < len(offsets):
            end = min(begin + UNIT, len(offsets))
            while end < len(offsets) and end > begin + UNIT // 2 and offsets[end][0] == offsets[end - 1][1]:
                end -= 1  # not inside a word
            start, stop = offsets[begin][0], offsets[end - 1][1]
            pieces.append(Span(span.start + start, span.start + stop, span.text[start:stop]))
            begin = end
        return pieces


_Key = tuple[str, str, str | None, str]


def _key(claim: Claim, article: Article) -> _Key:
    """What decides: the claim as far as the article can bear it out, its text, its day and the name of its outlet."""
    return outlets.unattributed(claim.text, article.source), article.text, article.published, article.source


class _Look:
    """One claim held against one article: which passages bear on it, and what they say."""

    def __init__(self, read: _Read, claim: str, vector: np.ndarray) -> None:
        self.read = read
        self.claim = claim
        content = frozenset(text.content_words(claim)) or frozenset(map(text.stem, text.words(claim)))
        self.cosine = read.vectors @ vector
        overlap = np.array([len(content & stems) for stems in read.stems]) / max(1, len(content))
        self.best = [int(i) for i in np.argsort(-np.round(self.cosine + 0.6 * overlap, 4), kind="stable")[:WIDE]]
        self.speaking = [int(i) for i in np.argsort(-np.round(self.cosine, 4), kind="stable")[:SPEAKING]]
        sizes = sorted({min(size, len(self.best)) for size in (1, WIDE)})
        self.passages = [tuple(self.best[:size]) for size in sizes]  # units, best first; the widest last

    def tokens(self, passage: tuple[int, ...], budget: int) -> list[int]:
        """The tokens of a passage in the order of the article; a sentence that does not fit beside the claim is left out."""
        kept: list[int] = []
        for unit in passage:
            if not kept or sum(len(self.read.tokens[i]) for i in kept) + len(self.read.tokens[unit]) <= budget:
                kept.append(unit)
        return [token for unit in sorted(kept) for token in self.read.tokens[unit]]

    def exchanged(self) -> list[roles.Exchange]:
        return roles.exchanged(self.claim, [self.read.units[i].text for i in self.best[:CLOSEST]])

    def measured(
        self,
        judged: np.ndarray,
        key: _Key,
        exchanged: Sequence[roles.Exchange],
        unread: int,
    ) -> Measured:
        claim, article, published, outlet = key
        logits = np.log((judged[:, 0] + 1e-3) / (1 - judged[:, 0] + 1e-3))
        top = self.read.units[self.best[0]]
        differing = rules.disagreements(claim, top.text, published)
        missing = rules.unsupported(claim, f"{article}\n\n{outlet}", published)
        trigrams = text.ngrams(text.words(claim), 3)
        copied = sum(t in self.read.trigrams for t in trigrams) / max(1, len(trigrams))
        features = (
            float(logits.mean()),
            float(judged[:, 3].mean()),
            max(0.0, 4 * copied - 3),
            float(min(len(missing), 2)),
            float(bool(differing)),
            float(bool(exchanged)),
        )
        point = judged[int(np.argmax(judged[:, 0] + judged[:, 1]))]
        contradicted = float(point[1] / max(1e-6, point[1] + point[2]))
        if differing or exchanged:
            contradicted = max(contradicted, 0.75)
        notes = [str(finding) for finding in (*differing, *exchanged, *missing)]
        if unread > 0:
            notes.append(f"the claim is too long: its last {unread} tokens were not read by the network")
        return Measured(
            features,
            min(1.0, max(0.0, (MANY - len(self.read.units)) / (MANY - FEW))),
            contradicted,
            tuple(self.read.units[i] for i in self.best[:CLOSEST]),
            tuple(notes),
        )


def _unreadable(claim: Claim, article: Article) -> str | None:
    if not any(c.isalnum() for c in claim.text):
        return "the claim has no words"
    if not any(c.isalnum() for c in article.text):
        return "the article has no text"
    return None
