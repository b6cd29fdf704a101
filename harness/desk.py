"""The desk: where evaluators get claims, verdicts and key facts. Each is made once, cached and recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import Any

from harness.choices import conf_dir
from harness.protocols import Checker, ClaimExtractor
from harness.schema import (
    Article,
    Claim,
    Event,
    Extraction,
    KeyFact,
    KeyFacts,
    Signature,
    Verdict,
    digest,
    from_dict,
    to_dict,
)
from harness.store import Cache, MemoryCache, RunFolder

# Verdicts that are made before they are put away, which is what a killed run can lose: few at first, and twice as many
# after a lot that was quick, so that a slow checker loses minutes and a fast one gets full batches.
FEW, AT_ONCE = 128, 2000
QUICK = 60.0  # seconds


def article_source(event: Event, article: Article) -> str:
    """The source id of an article's claims: unique among all events and summaries of a run."""
    return f"article:{event.id}/{article.id}"


def key_fact_claim(event: Event, fact: KeyFact) -> Claim:
    """A key fact as the claim that is asked of a summary."""
    return Claim(f"key_fact:{event.id}/{fact.id}", event.id, fact.text, 0, len(fact.text))


class Desk:
    """Claims by an extractor and verdicts by a checker, each made once however often and by whomever it is asked for.

    Without `extractor` and `checker` the defaults of `harness run` are used. Without `cache` nothing outlives the
    desk, without `folder` nothing is recorded. What failed (`error`) is recorded but not cached: a rerun tries again.
    """

    def __init__(
        self,
        extractor: ClaimExtractor | None = None,
        checker: Checker | None = None,
        cache: Cache | None = None,
        folder: RunFolder | None = None,
    ) -> None:
        if extractor:
            self.extractor = extractor
        if checker:
            self.checker = checker
        self._cache = cache or MemoryCache()
        self._folder = folder
        self._recorded: set[tuple[str, ...]] = set()
        self._at_once = FEW

    @cached_property
    def extractor(self) -> ClaimExtractor:
        return _default("claims")

    @cached_property
    def checker(self) -> Checker:
        return _default("checker")

    @cached_property
    def claims_signature(self) -> Signature:
        return self.extractor.signature

    @cached_property
    def checker_signature(self) -> Signature:
        return self.checker.signature

    def claims(self, texts: Sequence[tuple[str, str]]) -> list[Extraction]:
        """The claims of each (source id, text), in order."""
        signature = str(self.claims_signature)
        keys = {text: digest([signature, text]) for _, text in texts}
        found = self._cache.get_many("claims", keys.values())
        if missing := [(key, text) for text, key in keys.items() if key not in found]:
            made = {e.source_id: e for e in self.extractor.extract(missing)}
            self._cache.put_many("claims", {key: to_dict(e) for key, e in made.items() if e.error is None})
            found |= {key: to_dict(e) for key, e in made.items()}
        extractions = [_of(source, from_dict(Extraction, found[keys[text]])) for source, text in texts]
        self._record("claims", extractions, lambda e: (e.source_id,))
        return extractions

    def verdicts(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        """What each article says about each claim, in order."""
        signature = str(self.checker_signature)
        keys = [_pair_key(signature, claim, article) for claim, article in pairs]
        found = self._cache.get_many("verdicts", keys)
        missing = list({key: pair for key, pair in zip(keys, pairs, strict=True) if key not in found}.items())
        start = 0
        while start < len(missing):
            some, began = dict(missing[start : start + self._at_once]), time.monotonic()
            made = dict(zip(some, self.checker.check(list(some.values())), strict=True))
            self._cache.put_many("verdicts", {key: to_dict(v) for key, v in made.items() if v.error is None})
            found |= {key: to_dict(v) for key, v in made.items()}
            start += len(some)
            if len(some) == self._at_once and time.monotonic() - began < QUICK:
                self._at_once = min(2 * self._at_once, AT_ONCE)
        verdicts = [
            replace(from_dict(Verdict, found[key]), claim_id=claim.id, article_id=article.id)
            for key, (claim, article) in zip(keys, pairs, strict=True)
        ]
        self._record("verdicts", verdicts, lambda v: (v.claim_id, v.article_id))
        return verdicts

    def key_facts(
        self, event: Event, signature: Signature, choose: Callable[[Event], tuple[KeyFact, ...]]
    ) -> tuple[KeyFact, ...]:
        """The event's own key facts; where it has none those that `choose` finds, once per event and signature."""
        if event.key_facts:
            facts = KeyFacts(event.id, "gold", event.key_facts)
        else:
            key = digest([str(signature), article_contents(event)])
            if not (found := self._cache.get_many("key_facts", [key])):
                found = {key: to_dict(KeyFacts("", str(signature), choose(event)))}
                self._cache.put_many("key_facts", found)
            facts = replace(from_dict(KeyFacts, found[key]), event_id=event.id)
        self._record("key_facts", [facts], lambda f: (f.event_id, f.signature))
        return facts.facts

    def _record(self, name: Any, nouns: Sequence[Any], key: Callable[[Any], tuple[str, ...]]) -> None:
        if self._folder is None:
            return
        new = {(name, *key(noun)): noun for noun in nouns}
        new = {k: noun for k, noun in new.items() if k not in self._recorded}
        self._folder.append(name, new.values())
        self._recorded |= new.keys()


def _default(group: str) -> Any:
    """What `harness run` uses unless it is told otherwise: conf/config.yaml alone says it."""
    import yaml

    conf = conf_dir()
    defaults = yaml.safe_load((conf / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    name = next(choice[group] for choice in defaults if isinstance(choice, dict) and group in choice)
    options = yaml.safe_load((conf / group / f"{name}.yaml").read_text(encoding="utf-8"))
    module, _, maker = options.pop("_target_").rpartition(".")
    return getattr(import_module(module), maker)(**options)


def _of(source: str, extraction: Extraction) -> Extraction:
    """The same claims under the ids of another source."""
    claims = tuple(
        replace(claim, id=f"{source}#{number}", source_id=source)
        for number, claim in enumerate(extraction.claims, start=1)
    )
    return replace(extraction, source_id=source, claims=claims)


def article_contents(event: Event) -> list[tuple[str, ...]]:
    """All of an event's articles that key facts and comparisons depend on, whatever their order."""
    return sorted((a.id, a.text, a.published or "", a.source) for a in event.articles)


def _pair_key(signature: str, claim: Claim, article: Article) -> str:
    """All that a checker may read: the claim without its ids and offsets, the article's text, date and outlet."""
    content = (claim.text, claim.speaker, claim.entities, claim.numbers, claim.dates)
    return digest([signature, content, article.text, article.published, article.source])
