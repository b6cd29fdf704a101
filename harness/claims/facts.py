"""A claim with the names, numbers and dates it holds filled in: how every extractor makes one."""

from __future__ import annotations

from collections.abc import Iterable

from harness.schema import Claim
from harness.text import dates, names, numbers


def claim(
    source: str,
    number: int,
    text: str,
    span: tuple[int, int],
    sentence: int,
    speaker: str | None = None,
    entities: Iterable[str] | None = None,
) -> Claim:
    """The claim `{source}#{number}`. Names are read by their capitals unless `entities` names them."""
    found = [n.text for n in names(text)] if entities is None else entities
    return Claim(
        id=f"{source}#{number}",
        source_id=source,
        text=text,
        start=span[0],
        end=span[1],
        sentence=sentence,
        speaker=speaker,
        entities=tuple(dict.fromkeys(found)),
        numbers=tuple(n.text for n in numbers(text)),
        dates=tuple(d.text for d in dates(text)),
    )
