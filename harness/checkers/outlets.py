"""Claims that a brief gives to one of its sources: "the Courier adds that the quay reopened"."""

from __future__ import annotations

import re
from functools import lru_cache

_SPEAKS = "says|said"
# Without "that" these tell of a loss, a result or anything else that the outlet itself did.
_STATES = "reports|reported|notes|noted|states|stated|writes|wrote|adds|added"
_SAYS = rf"(?:{_SPEAKS}|{_STATES})"
_TELLS = rf"(?:(?:{_SPEAKS})(?:\s+that)?|(?:{_STATES})\s+that)"


def unattributed(claim: str, outlet: str) -> str:
    """The claim without the words that give it to the outlet; what the outlet's article bears out is the rest.

    The outlet may be named in full or by its last word ("the Ledger" for The Continental Ledger).

    >>> unattributed("The Courier adds that the quay reopened.", "The Ellery Courier")
    'The quay reopened.'
    >>> unattributed("The quay reopened, according to the Ellery Courier.", "The Ellery Courier")
    'The quay reopened.'
    >>> unattributed("The Courier was founded in 1890.", "The Ellery Courier")
    'The Courier was founded in 1890.'
    >>> unattributed("The Courier wrote off three million pounds.", "The Ellery Courier")
    'The Courier wrote off three million pounds.'
    >>> unattributed("A spokesman for the Courier said the paper would close.", "The Ellery Courier")
    'A spokesman for the Courier said the paper would close.'
    """
    said = claim
    for pattern in _patterns(outlet):
        said = pattern.sub("", said)
    said = said.strip()
    return said[:1].upper() + said[1:] if said and said != claim.strip() else claim


def names_of(outlet: str) -> list[str]:
    """What a text may call an outlet, longest first; none where it is only a letter or a number, as files are called.

    >>> names_of("The Ellery Courier")
    ['Ellery Courier', 'Courier']
    >>> names_of("AP"), names_of("a"), names_of("")
    (['AP'], [], [])
    """
    name = re.sub(r"^the\s+", "", outlet.strip(), flags=re.I)
    if sum(map(str.isalpha, name)) < (2 if name != name.lower() else 4):
        return []
    last = name.split()[-1]
    return [name, last] if last != name and last[:1].isupper() and len(last) > 3 else [name]


@lru_cache(maxsize=2_000)
def _patterns(outlet: str) -> tuple[re.Pattern[str], ...]:
    if not names_of(outlet):
        return ()
    who = rf"(?:the\s+)?(?:{'|'.join(map(re.escape, names_of(outlet)))})"
    return (
        re.compile(rf"^according to {who}\s*,\s*", re.I),
        re.compile(rf"(?:^|(?<=[,;] )|(?<=\b(?:and|but) )|(?<=\bwhile )){who}\s+{_TELLS}\s+(?=\w)", re.I),
        re.compile(rf"\s*,\s*(?:according to {who}|{who}\s+{_SAYS})(?=\s*[,.;]|$)", re.I),
    )
