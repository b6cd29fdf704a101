"""Models that read no prompt: what they write is taken from texts that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.protocols import Request
from harness.schema import Generation, Kind, Message, Signature


class Extract:
    """A `TextModel` without tokens and context. A child says what `write` takes; LookupError is its way to say why not."""

    name: str
    reads_prompt = False
    prompted = False
    context_tokens = 0

    @property
    def signature(self) -> Signature:
        return Signature(self.name)

    def write(self, request: Request, requests: Sequence[Request]) -> str:
        """The text of `request`, one of `requests`. LookupError(reason) when there is none."""
        raise NotImplementedError

    def generate(
        self,
        requests: Sequence[Request],
        done: Callable[[Request, Generation], None],
        wanted: frozenset[str] | None = None,
    ) -> None:
        for request in requests:
            if wanted is None or request.id in wanted:
                try:
                    generation = Generation(self.write(request, requests), "copied")
                except LookupError as error:
                    generation = Generation("", "error", error=str(error.args[0]))
                done(request, generation)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [0 for _ in texts]

    def cut(self, text: str, tokens: int) -> str:
        return text

    def max_output_tokens(self, kind: Kind) -> int:
        return 0

    def max_prompt_tokens(self, kind: Kind) -> int:
        return 0

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        return 0
