"""The seams: what a model, a claim extractor, a checker and an evaluator are, on one page.

Whatever satisfies one of these can be named in a YAML file of its group (`_target_`) and is then an equal of
those that ship. `signature` is the identity of everything that can change an output: it is part of every cache
key and of every score, so a change of weights, template, threshold or library version that matters must change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from harness.schema import (
    Article,
    Claim,
    Event,
    Extraction,
    Generation,
    KeyFact,
    Kind,
    Message,
    Score,
    Shown,
    Signature,
    Summary,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Request:
    """One text to be written. `messages` is empty for models that read no prompt (`reads_prompt` False)."""

    id: str
    kind: Kind
    event: Event
    articles: tuple[Article, ...]
    messages: tuple[Message, ...] = ()
    shown: tuple[Shown, ...] = ()
    max_output_tokens: int = 0


class TextModel(Protocol):
    """Writes texts: a language model on some backend, an extract, or a file of recorded texts."""

    name: str
    reads_prompt: bool
    prompted: bool  # takes instructions; False: its prompt is the bare articles (news encoder-decoders)
    context_tokens: int  # prompt and output together, an encoder-decoder's prompt alone; 0 where no prompt is read

    @property
    def signature(self) -> Signature: ...

    def max_output_tokens(self, kind: Kind) -> int:
        """The budget of a text of this kind; 0 where no prompt is read."""

    def max_prompt_tokens(self, kind: Kind) -> int:
        """What the context leaves for a prompt, chat template and special tokens included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer, without special tokens."""

    def cut(self, text: str, tokens: int) -> str:
        """The longest head of `text` that has at most `tokens` tokens."""

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt, chat template and special tokens included."""

    def generate(
        self,
        requests: Sequence[Request],
        done: Callable[[Request, Generation], None],
        wanted: frozenset[str] | None = None,
    ) -> None:
        """Write every request, calling `done` once for each as soon as it is finished.

        Batches are formed from all `requests`, so that what is written does not depend on which of them an
        earlier, interrupted run has already finished; only batches that hold a request whose id is in `wanted`
        (default: all) are run, and `done` is called for wanted requests only.
        """


class ClaimExtractor(Protocol):
    """Makes claims of texts."""

    @property
    def signature(self) -> Signature: ...

    def extract(self, texts: Sequence[tuple[str, str]]) -> list[Extraction]:
        """One extraction per (source id, text), in order. Claim ids are `{source id}#{number from 1}`."""


class Checker(Protocol):
    """Judges whether an article supports a claim."""

    threshold: float  # of P(supported): a claim is supported from here on

    @property
    def signature(self) -> Signature: ...

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        """One verdict per pair, in order. The whole article is in reach, however long: it is read in chunks, built with
        the checker's own tokenizer so that chunk, claim and special tokens fit, or searched for the claim's evidence.
        An article may also be a summary (omission asks whether a summary states a key fact)."""


class Desk(Protocol):
    """Where evaluators get claims, verdicts and key facts: each is made once, cached and recorded."""

    @property
    def claims_signature(self) -> Signature: ...

    @property
    def checker_signature(self) -> Signature: ...

    def claims(self, texts: Sequence[tuple[str, str]]) -> list[Extraction]: ...

    def verdicts(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]: ...

    def key_facts(
        self, event: Event, signature: Signature, choose: Callable[[Event], tuple[KeyFact, ...]]
    ) -> tuple[KeyFact, ...]:
        """The event's own key facts; where it has none those that `choose` finds, once per event and signature."""


class Evaluator(Protocol):
    """Scores summaries. One score per (summary, metric), or a reason why there is none."""

    name: str
    metrics: tuple[str, ...]

    def prepare(self) -> None:
        """Load what may be missing; HarnessError that says so. Called before anything is generated."""

    def signature(self, desk: Desk) -> Signature: ...

    def score(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[Score]: ...


@runtime_checkable
class Foresees(Protocol):
    """An evaluator that can tell which verdicts it will ask for: those of several events are then made together.

    It is asked of the summaries on which something can be measured only."""

    def pairs(self, event: Event, summaries: Sequence[Summary], desk: Desk) -> list[tuple[Claim, Article]]: ...
