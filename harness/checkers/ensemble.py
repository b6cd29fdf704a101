"""Ensemble: the mean of what several checkers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.checkers.chunks import decide
from harness.errors import ConfigError
from harness.protocols import Checker
from harness.schema import Article, Claim, Signature, Verdict

VERSION = "1"


class Ensemble:
    """Calls a claim supported when the weighted mean of the members' probabilities reaches `threshold`.

    Members have thresholds of their own (a word overlap of 0.7 is not an entailment of 0.7), so each probability is
    first moved piecewise linearly so that its member's threshold stands at 0.5: p / 2t below t, 1 - (1 - p) / 2(1 - t)
    above. With members that are calibrated and decide at 0.5 this is their plain mean. contradiction is the mean over the
    members that tell contradicted from not mentioned, None if none does; it is lowered so that the two add up to 1 at
    most. Evidence: the members' pieces in their order, each once; notes name their member. A pair that one member cannot
    check is an error that names it: a mean over fewer members would be another metric.
    """

    def __init__(
        self, members: Mapping[str, Checker], weights: Mapping[str, float] | None = None, threshold: float = 0.5
    ) -> None:
        if not members:
            raise ConfigError("An ensemble needs members: checker.members.NAME for each.")
        weights = dict(weights or {})
        if unknown := sorted(set(weights) - set(members)):
            raise ConfigError(
                f"The ensemble has a weight for {', '.join(unknown)}; its members are {', '.join(members)}."
            )
        self.members = dict(members)
        self.weights = {name: float(weights.get(name, 1.0)) for name in members}
        if min(self.weights.values()) < 0 or not sum(self.weights.values()):
            raise ConfigError("The weights of an ensemble are 0 or more, and not all 0.")
        self.threshold = threshold

    @property
    def signature(self) -> Signature:
        members = sorted((checker.signature.short, self.weights[name]) for name, checker in self.members.items())
        return Signature(
            "ensemble",
            (
                ("v", VERSION),
                ("members", "+".join(f"{weight:g}*{signature}" for signature, weight in members)),
                ("threshold", str(self.threshold)),
            ),
        )

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        by_member = {name: checker.check(pairs) for name, checker in self.members.items()}
        return [
            self._judge(*pair, {name: verdicts[index] for name, verdicts in by_member.items()})
            for index, pair in enumerate(pairs)
        ]

    def _judge(self, claim: Claim, article: Article, verdicts: Mapping[str, Verdict]) -> Verdict:
        known = {name: v.probability for name, v in verdicts.items() if v.probability is not None}
        if failed := [f"{name}: {v.error}" for name, v in verdicts.items() if name not in known]:
            return Verdict(claim.id, article.id, None, None, error="; ".join(failed))
        support = self._mean({name: centred(p, self.members[name].threshold) for name, p in known.items()})
        against = {name: v.contradiction for name, v in verdicts.items() if v.contradiction is not None}
        contradiction = min(self._mean(against), 1 - support) if against else None
        label = decide(support, contradiction, self.threshold)
        evidence = tuple(dict.fromkeys(span for v in verdicts.values() for span in v.evidence))
        notes = tuple(f"{name}: {note}" for name, v in verdicts.items() for note in v.notes)
        return Verdict(claim.id, article.id, label, support, contradiction, evidence, notes)

    def _mean(self, values: Mapping[str, float]) -> float:
        total = sum(self.weights[name] for name in values)
        return sum(self.weights[name] * value for name, value in values.items()) / total if total else 0.0


def centred(probability: float, threshold: float) -> float:
    """The probability moved so that the threshold stands at 0.5; 0 and 1 stay where they are.

    >>> centred(0.75, 0.75), centred(0.3, 0.6), centred(0.8, 0.6)
    (0.5, 0.25, 0.75)
    """
    if probability < threshold:
        return probability / (2 * threshold)
    return 1 - (1 - probability) / (2 * (1 - threshold)) if threshold < 1 else 0.5
