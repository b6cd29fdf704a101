"""Where a sentence begins and ends: a rule-based splitter for news, fast enough to run on every text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from harness.schema import Span
from harness.text.vocabulary import OPENERS

SPLITTER = "rules-1"  # part of every signature that depends on sentence boundaries

_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof rev hon gen lt col sgt capt cmdr maj adm gov sen rep reps sens pres supt insp det ch cpl pvt
    st mt ft messrs mme mlle sr jr inc ltd corp co cos bros dept dist est assn ave blvd rd vs etc eg ie cf al ca approx
    no nos vol pp fig art sec ed eds jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thur thurs
    fri sat sun ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev okla
    ore pa tenn tex va vt wash wis wyo que ont alta coun cllr""".split()
)
# After these a capital does begin a new sentence more often than not: "in 1999, Acme Inc. The firm ...".
_MAY_END = frozenset("inc ltd corp co cos bros jr sr etc al est ave blvd rd st dept".split())
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|(?<=[a-z]{3})[.!?][\"”’]?(?=[A-Z][a-z]+[\s,'’])")
_CLOSER = re.compile(r"\s+([\"”’]|''|'(?!\w))(?=\s|$)")
_LONE_QUOTE = re.compile(r"(?<!\S)['‘’`](?=\s|[A-Z])|(?<=\w)['’](?=\s)")
_END_MARKS = '.!?…:;"”’'
_BULLETS = "-–—*•·"
_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_LAST_TOKEN = re.compile(r"[^\s\"“”‘(\[]+$")
# "... from the U.S. Lavrov said": a name and its verb begin a sentence, "U.S. Army" and the like do not.
_NEW_SUBJECT = re.compile(
    r"\s+(?!(?:Army|Navy|Air|Marines?|Coast|Senate|House|Congress|Department|President|Secretary|Supreme|Embassy|State|"
    r"Treasury|Attorney|Justice|Sen|Rep|Capitol|Open|District|Forces?|Security|General|Government|Census)\b)[A-Z][\w-]+\s+"
    r"(?:[a-z]+ed|said|says|told|has|had|have|was|were|is|are|will|would|also|met|took|made|gave|did)\b"
)
_NEXT_WORD = re.compile(r"\s*[\"'“”‘’(\[`\-–—\s]*([^\W_]+)?")


def sentences(text: str) -> list[Span]:
    """The sentences of a text, in order; together they hold every character that is not white space.

    Line breaks end a sentence unless the lines are hard-wrapped prose. Inside a line a full stop ends one unless it
    belongs to an abbreviation, an initial or a number; quotes and brackets that close after it go with it. Text
    that was tokenised or lower-cased ("in paris . the mayor") is split as well. Empty text has no sentences.

    >>> [s.text for s in sentences('Mr. Li paid $2.5 in the U.S. on Monday. "It is fine." He left.')]
    ['Mr. Li paid $2.5 in the U.S. on Monday.', '"It is fine."', 'He left.']
    """
    out: list[Span] = []
    lower = text.islower()
    for start, end in _blocks(text, lower):
        begin = start
        for cut in _cuts(text, start, end, lower):
            _append(out, text, begin, cut)
            begin = cut
        _append(out, text, begin, end)
    return out


def _append(out: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        if out and "\n" not in text[out[-1].end : start] and not any(c.isalnum() for c in stripped):
            last = out.pop()  # marks alone are no sentence
            start, stripped = last.start, text[last.start : start + len(stripped)]
        out.append(Span(start, start + len(stripped), stripped))


def _blocks(text: str, lower: bool) -> Iterable[tuple[int, int]]:
    """Runs of text that no sentence crosses: lines, or the lines of hard-wrapped prose together."""
    lines = [(m.start(), m.end()) for m in _LINE.finditer(text) if m.group().strip()]
    if len(lines) < 2:
        return lines
    stripped = [text[start:end].strip() for start, end in lines]
    body = stripped[:-1]
    wrapped = (
        len(body) > 2
        and sum(50 <= len(line) <= 100 for line in body) >= 0.8 * len(body)
        and sum(line[-1] in _END_MARKS for line in body) <= 0.5 * len(body)
    )
    blocks = [lines[0]]
    for i, (previous, line) in enumerate(pairwise(lines)):
        first = stripped[i + 1][0]
        goes_on = first.islower() and not lower and len(body[i]) <= 100 and body[i][-1] not in _END_MARKS
        if text.count("\n", previous[1], line[0]) <= 1 and (goes_on or (wrapped and first not in _BULLETS)):
            blocks[-1] = (blocks[-1][0], line[1])
        else:
            blocks.append(line)
    return blocks


def _cuts(text: str, start: int, end: int, lower: bool) -> Iterable[int]:
    for match in _END.finditer(text, start, end):
        at, stop = match.start(), match.end()
        spaced = at > start and text[at - 1].isspace()  # tokenised text: "paris . the"
        if text[at] in "." and match.group().strip("\"'”’»)]") == "." and not spaced:
            if not _full_stop(text, start, at, stop, end, lower):
                continue
        elif not spaced and not lower and _goes_on(text, stop, end) and not text[start:at].islower():
            continue  # "Why?" he asked: the mark belongs to the quote, not to the sentence
        if spaced and (closer := _CLOSER.match(text, stop, end)) and _closes(text, start, end, closer):
            stop = closer.end()
        yield stop


def _goes_on(text: str, stop: int, end: int) -> bool:
    following = _NEXT_WORD.match(text, stop, end)
    return bool(following and following.group(1) and following.group(1)[0].islower())


def _closes(text: str, start: int, end: int, closer: re.Match[str]) -> bool:
    """Whether a quote mark that stands alone after a full stop closes a quote rather than opens the next one."""
    mark = closer.group(1)
    if mark in ("”", "’", "''") or not text[closer.end() : end].strip():
        return True
    if mark == '"':
        return text.count('"', start, closer.start()) % 2 == 1
    return sum(1 for _ in _LONE_QUOTE.finditer(text, start, closer.start())) % 2 == 1


def _full_stop(text: str, start: int, at: int, stop: int, end: int, lower: bool) -> bool:
    """Whether the full stop at `at` (marks up to `stop`) ends a sentence."""
    following = _NEXT_WORD.match(text, stop, end)
    word = following.group(1) if following else None
    last = _LAST_TOKEN.search(text, max(start, at - 40), at)
    token = last.group() if last else ""
    if word is None:
        return True
    bare = token.lower().strip("'’.")
    if stop > at + 1 and not word[0].islower():  # a closing quote or bracket follows: only names go on
        return bare not in _ABBREVIATIONS or bare in _MAY_END
    if word[0].islower() and not lower:
        # lower case goes on the sentence, but for text whose sentences all begin in lower case
        return text[start : start + 1].islower() and bare not in _ABBREVIATIONS and "." not in bare and len(bare) > 2
    if len(bare) == 1 and bare.isalpha():  # an initial; "plan B. The" ends, "J. Smith" does not
        return (
            word.lower() in OPENERS and bare not in "ij" and token[:1].isupper() and word[:1].isupper() and word != "I"
        )
    if "." in bare:  # U.S., a.m., Ph.D., 3.5, e.g.
        if bare.replace(".", "").isdigit():
            return True
        if bare in ("e.g", "i.e"):
            return False
        return (
            word.lower() in OPENERS
            or bool(_NEW_SUBJECT.match(text, stop, end))
            or (bare in ("a.m", "p.m") and word[0].isupper())
        )
    if bare in _ABBREVIATIONS:
        if bare in ("no", "nos"):  # "No. 10" against "He said no. The"
            return not word[0].isdigit()
        return (
            bare in _MAY_END or bare in ("mar", "sun", "sat", "mo", "art", "ill", "miss", "mass", "wash", "ed")
        ) and (word.lower() in OPENERS)
    return True


_DATELINE = re.compile(
    r"\s*(?:[A-Z][A-Z.'’\- ]+(?:,\s+[A-Z][\w. ]{1,25}){0,2}\s*(?:\([\w\s./]{2,30}\)\s*)?(?:[—–]|--?(?=\s))\s*"
    r"|[A-Z][\w.'’\- ]{2,30}(?:,\s+[A-Z][\w. ]{1,25})?\s+\([A-Z][\w\s./]{1,30}\)\s*(?:[—–]|--?)\s+"
    r"|\(\s*(?:[A-Z]{2,10}|cnn|Reuters|Xinhua|Bloomberg)(?:\s+\w+)?\s*\)\s*(?:[—–-]+\s*)?)"
)


def dateline(text: str) -> int:
    """Where a text begins after its dateline ("SEOUL, South Korea (AP) — "); 0 when it has none.

    >>> text = "LONDON, Oct 6 (Press Wire) - A bank failed."
    >>> text[dateline(text):]
    'A bank failed.'
    """
    match = _DATELINE.match(text)
    return match.end() if match else 0
