"""The nouns of the harness: frozen dataclasses, standard library only.

Offsets (`start`, `end`) count characters (Python `str` indices) in the text the noun came from; `text[start:end]`
is the quoted span. Every noun survives `from_dict(cls, to_dict(noun)) == noun`; what stands in a JSONL
record is `to_dict` of a noun. Times are never part of a noun: the same work gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar

Kind = Literal["summary", "brief"]
Label = Literal["supported", "contradicted", "not_mentioned"]
LABELS: tuple[Label, ...] = ("supported", "contradicted", "not_mentioned")

# Why a score is, or is not, a number. Everything but "scored" has value None and a reason in words.
Outcome = Literal[
    "scored",
    "empty",  # the summary has no text
    "refusal",  # the model declined to write one
    "no_claims",  # there is text, but nothing in it can be checked
    "no_reference",  # the metric needs a reference and the event has none
    "no_key_facts",  # nothing to omit
    "nothing_to_compare",  # the metric needs two articles
    "error",  # something failed; `reason` says what
]


@dataclass(frozen=True, slots=True)
class Removed:
    """A piece of an article that cleaning kept out; offsets are in the text as it was read."""

    start: int
    end: int
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Article:
    """One source text. `text` is what is summarised and checked against: cleaned, if cleaning is on."""

    id: str
    text: str
    source: str = ""
    title: str = ""
    published: str | None = None  # ISO 8601 date or date-time
    url: str | None = None
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyFact:
    """What a good brief of the event should say, and which articles say it."""

    id: str
    text: str
    article_ids: tuple[str, ...] = ()
    weight: float = 1.0
    origin: Literal["gold", "extracted"] = "gold"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The key facts of one event and what chose them: "gold", or the signature of the choice."""

    event_id: str
    signature: str
    facts: tuple[KeyFact, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One side of a conflict: what an article says, verbatim."""

    article_id: str
    text: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """What articles contradict each other on, marked by a person or found by `harness.conflicts`."""

    id: str
    kind: str  # number | date | name | place | attribution | negation | contradiction
    about: str
    versions: tuple[Version, ...]
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Text that `article_id` shares with an earlier article: the share of its 5-grams, in (0, 1]."""

    article_id: str
    of: str
    share: float


@dataclass(frozen=True, slots=True)
class Event:
    """Articles on one event: at least one, with unique ids."""

    id: str
    articles: tuple[Article, ...]
    title: str = ""
    reference: str | None = None
    key_facts: tuple[KeyFact, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()

    def article(self, article_id: str) -> Article:
        return next(article for article in self.articles if article.id == article_id)


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of an article a prompt showed, in tokens of the model's own tokenizer."""

    article_id: str
    tokens: int
    kept: int


@dataclass(frozen=True, slots=True)
class Generation:
    """What a model wrote and what it had been shown.

    `finish` is "stop" (the model ended), "length" (cut by the output budget), "copied" (no model wrote it:
    extracts, recorded texts) or "error" (then `error` says why and the text is empty).
    """

    text: str
    finish: Literal["stop", "length", "copied", "error"]
    prompt_tokens: int = 0
    output_tokens: int = 0
    shown: tuple[Shown, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary of one article, or a brief of all of an event's: a brief is a summary with many sources."""

    id: str
    event_id: str
    kind: Kind
    article_ids: tuple[str, ...]
    text: str
    generation: Generation


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement and where it stands.

    `text` can be understood alone (pronouns resolved, the subject repeated); `start` and `end` are the span
    of the source text it was made from. `sentence` is the index of the sentence it stands in, from 0.
    """

    id: str
    source_id: str  # the summary or article it was extracted from
    text: str
    start: int
    end: int
    sentence: int = 0
    speaker: str | None = None
    entities: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """The claims of one text, or why there are none (`error`: a failed extraction is not "no claims")."""

    source_id: str
    claims: tuple[Claim, ...]
    error: str | None = None
    raw: str | None = None  # the reply that could not be parsed, kept


@dataclass(frozen=True, slots=True)
class Span:
    """A quoted piece of an article."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one article says about one claim.

    `probability` is P(supported) and `contradiction` P(contradicted), calibrated as far as the checker says so, in
    [0, 1], their sum at most 1; the rest is "not mentioned". `label` is what the checker's one fixed threshold makes of them, None
    if the pair could not be checked (`error` says why). `evidence` is what was read, best first; `notes` are
    the deterministic checks that had a say, in words ("number: 12 against 15").
    """

    claim_id: str
    article_id: str
    label: Label | None
    probability: float | None
    contradiction: float | None = None
    evidence: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One number about one summary, or the reason why there is none.

    `n` is how many things it is a mean over (claims, key facts, tokens); `details` is what a reader needs to
    open the cell (the ids of unsupported claims, the omitted facts and the articles that state them).
    """

    summary_id: str
    event_id: str
    kind: Kind
    metric: str
    value: float | None
    outcome: Outcome
    signature: str
    n: int = 0
    reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signature:
    """A score's passport: what produced it, as sacrebleu prints it.

    >>> str(Signature("rouge", (("stem", "porter"), ("split", "spacy-3.8"))))
    'rouge|stem:porter|split:spacy-3.8'
    """

    name: str
    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "|".join([self.name, *(f"{key}:{value}" for key, value in self.fields)])

    @property
    def short(self) -> str:
        """The name and eight hex digits of all fields: how one signature stands in another."""
        return f"{self.name}@{digest([list(pair) for pair in self.fields])[:8]}"

    def with_fields(self, **more: object) -> Signature:
        return Signature(self.name, (*self.fields, *((key, str(value)) for key, value in more.items())))


Noun = TypeVar("Noun")


def to_dict(noun: Any) -> Any:
    """A noun as plain JSON values: fields in order, tuples as lists, fields at their default left out."""
    if is_dataclass(noun) and not isinstance(noun, type):
        out = {}
        for f in fields(noun):
            value = getattr(noun, f.name)
            if (f.default is not MISSING and value == f.default) or (f.default_factory is not MISSING and not value):
                continue
            out[f.name] = to_dict(value)
        return out
    if isinstance(noun, Mapping):
        return {str(key): to_dict(value) for key, value in noun.items()}
    if isinstance(noun, (list, tuple)):
        return [to_dict(value) for value in noun]
    return noun


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _build(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in arguments if a is not type(None)]
        return _build(inner[0], value) if len(inner) == 1 else value
    if isinstance(hint, type) and is_dataclass(hint):
        return from_dict(hint, value)
    if origin is tuple:
        inner = arguments[0]
        if len(arguments) == 2 and arguments[1] is not Ellipsis:
            return tuple(value)
        return tuple(_build(inner, item) for item in value)
    return value


def from_dict(cls: type[Noun], record: Mapping[str, Any]) -> Noun:
    """The noun of a record made by `to_dict`; TypeError or KeyError when it is no such record."""
    hints = _hints(cls)  # type: ignore[arg-type]  # a class is hashable
    unknown = set(record) - set(hints)
    if unknown:
        raise TypeError(f"{cls.__name__} has no field {sorted(unknown)[0]!r}; it has {', '.join(hints)}")
    return cls(**{name: _build(hints[name], value) for name, value in record.items()})


def digest(value: Any) -> str:
    """Sixteen hex digits of the SHA-256 of a value's canonical JSON: the identity of content."""
    canonical = json.dumps(to_dict(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
