"""What is quoted in a text, and who said it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

REPORTING = frozenset(
    """say tell claim add warn insist argue announce confirm deny explain state report write tweet suggest admit
    acknowledge note reveal declare stress emphasise emphasize estimate predict allege remark reiterate reply respond
    conclude complain recall promise vow pledge""".split()
)
_OPEN = {"“": "”", '"': '"', "``": "''", "„": "“", "«": "»", "'": "'", "`": "'", "‘": "’"}
_DOUBTFUL = frozenset("suggest reveal confirm predict estimate note report".split())  # things do this as well
_SET_OFF = frozenset((",", "-", "–", "—", "(", ";", ":"))
_SINGLE = frozenset("'`‘")
_DIRECT = 4  # so many quoted words are speech; fewer are a word in quotes ("strategic dialogue")


class Speech:
    """The quotes of a parsed text. `quoted` tells of a token's index whether it stands in quotes."""

    def __init__(self, doc: Doc) -> None:
        self.doc = doc
        self.quotes = _quotes(doc)
        self.quoted: dict[int, bool] = {i: True for start, end in self.quotes for i in range(start, end)}

    @cached_property
    def _speakers(self) -> Mapping[int, tuple[Token, Token]]:
        """Sentence start -> (subject, verb) of who speaks the quote in it, carried on through the quote."""
        out: dict[int, tuple[Token, Token]] = {}
        sentences = list(self.doc.sents)
        for start, end in self.quotes:
            if end - start < _DIRECT:
                continue
            within = [s for s in sentences if s.start < end and start < s.end]
            said = self._attribution(within[0], within[-1], start)
            first = sentences.index(within[0])
            if (
                said is None
                and first
                and "\n" not in self.doc.text[sentences[first - 1].end_char : within[0].start_char]
            ):
                said = out.get(sentences[first - 1].start)
            if said:
                out.update((s.start, said) for s in within if s.start not in out)
        return out

    def _attribution(self, first: Span, last: Span, start: int) -> tuple[Token, Token] | None:
        """Who speaks a quote from the sentence `first` to `last`: 'X added: "' before it, else '," X said' after it."""
        found = [a for s in (first, last) if (a := self.attribution(s))]
        before = [a for a in found if a[1].i < start]
        spoken = [a for a in found if a[1].lower_ != "according"]
        return next(iter([a for a in before if a in spoken] or spoken or found), None)

    def whole_quotes(self, parts: Iterable[Token | str]) -> bool:
        """Whether every quote that parts of a sentence touch is in them whole."""
        inside = {p.i for p in parts if not isinstance(p, str)}
        touched = [(start, end) for start, end in self.quotes if any(i in inside for i in range(start, end))]
        return all(i in inside for start, end in touched for i in range(start - 1, end + 1) if not self.doc[i].is_punct)

    def attribution(self, sentence: Span) -> tuple[Token, Token] | None:
        """(subject, verb) of the first reporting verb outside quotes; for "according to X", X and "according"."""
        for token in sentence:
            if self.quoted.get(token.i):
                continue
            if token.lemma_.lower() in REPORTING and token.pos_ in ("VERB", "AUX"):
                subject = next((c for c in token.children if c.dep_ == "nsubj" and not self.quoted.get(c.i)), None)
                reports = (
                    token == sentence.root
                    or token.dep_ == "parataxis"
                    or any(c.dep_ in ("ccomp", "parataxis") for c in token.children)
                    or self.direct(sentence)
                )
                if subject is not None and reports and _speaks(subject, token):
                    return subject, token
            if token.lower_ == "according" and token.i + 1 < sentence.end and self.doc[token.i + 1].lower_ == "to":
                heads = [c for t in (token, self.doc[token.i + 1]) for c in t.children if c.dep_ == "pobj"]
                if heads:
                    return heads[0], token
        return None

    def direct(self, sentence: Span) -> bool:
        """Whether a sentence holds direct speech."""
        return any(
            sum(self.doc[i].is_alpha for i in range(max(start, sentence.start), min(end, sentence.end))) >= _DIRECT
            for start, end in self.quotes
            if start < sentence.end and sentence.start < end
        )

    def inside(self, sentence: Span) -> bool:
        """Whether a sentence is nothing but (a part of) a quote."""
        words = [t for t in sentence if t.is_alpha or t.like_num]
        return bool(words) and all(self.quoted.get(t.i) for t in words)

    def speaker(self, sentence: Span) -> tuple[Token, Token] | None:
        """(subject, verb) of who says what the sentence says, as far as the text tells."""
        return self._speakers.get(sentence.start) or self.attribution(sentence)


def _speaks(subject: Token, verb: Token) -> bool:
    if subject.lower_ in ("who", "which", "that", "it", "this"):
        return False
    return verb.lemma_.lower() not in _DOUBTFUL or bool(subject.ent_type_) or subject.pos_ in ("PRON", "PROPN")


def under(head: Token) -> list[Token]:
    """The tokens under a head in the order of the text; spaCy's own `subtree` is not, where branches cross."""
    return sorted(head.subtree, key=lambda t: t.i)


def phrase(head: Token) -> list[Token]:
    """The tokens of a noun phrase without relative clauses, appositions and what is set off by commas."""
    cut = {
        t.i
        for c in head.children
        if c.i > head.i
        # "said Horan at Croke Park": the place is the verb's
        and (c.dep_ in ("relcl", "acl", "appos") or (c.dep_ == "prep" and head.ent_type_ == "PERSON"))
        for t in c.subtree
    }
    tokens: list[Token] = []
    for token in under(head):
        if token.i > head.i and (token.i in cut or token.text in _SET_OFF):
            break
        if tokens or not token.is_punct:
            tokens.append(token)
    return tokens


def speaker_name(subject: Token) -> list[Token]:
    """Who speaks, by name where there is one: "Watson's attorney, Lanny Breuer, said" is Lanny Breuer."""
    named = (c for c in subject.children if c.dep_ == "appos" and c.ent_type_ == "PERSON" and c.i > subject.i)
    return phrase(subject if subject.ent_type_ == "PERSON" else next(named, subject)) or [subject]


def _quotes(doc: Doc) -> list[tuple[int, int]]:
    """Runs of tokens between quote marks, (first, past the last), marks left out; an unclosed one is dropped.

    A quote of several paragraphs opens each anew and closes only the last: a mark that opens inside a quote ends it.
    """
    out: list[tuple[int, int]] = []
    start, close, loose = 0, "", False
    for token in doc:
        text = token.text
        if token.is_space and "\n" in text:
            if close and token.i + 1 < len(doc) and doc[token.i + 1].text == _reopen(close):
                out.append((start, token.i))
            close = ""
            continue
        single = text in _SINGLE or text == "’"
        if single and token.tag_ == "POS" and not (token.i and doc[token.i - 1].whitespace_):
            continue  # the officers' car
        if close and single and loose and token.is_sent_start:
            close = ""  # a quoted word that was never closed
        if close and _is_close(text, close):
            if _side(token) == "opens" and token.is_sent_start:
                out.append((start, token.i))
                start = token.i + 1
                continue
            if not (single and loose and token.sent.start > start):
                if token.i > start:
                    out.append((start, token.i))
                close = ""
                continue
            close = ""
        if not close and text in _OPEN and _side(token) != "closes":
            start, close = token.i + 1, _OPEN[text]
            # a single mark inside a sentence opens a word or two, at its start or after a colon perhaps many sentences
            loose = single and not (token.is_sent_start or doc[token.i - 1].text in ",:")
    return [(start, end) for start, end in out if end > start]


def _is_close(text: str, close: str) -> bool:
    return text == close or (close in ("'", "''") and text in ("''", '"')) or (close == "’" and text == "'")


def _side(token: Token) -> str:
    """Which way a mark looks, by the white space around it: "opens", "closes", or "" where it cannot be told."""
    before = (
        token.i == 0 or bool(token.nbor(-1).whitespace_) or token.nbor(-1).is_space or token.nbor(-1).text in '([“"‘-–—'
    )
    last = token.i + 1 == len(token.doc)
    after = last or bool(token.whitespace_) or token.nbor(1).is_space or token.nbor(1).is_punct
    return "opens" if before and not after else "closes" if after and not before else ""


def _reopen(close: str) -> str:
    return {"”": "“", '"': '"', "''": "``", "’": "‘"}.get(close, "")
