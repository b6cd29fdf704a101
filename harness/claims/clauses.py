"""Claims from the parse of a sentence: one statement each, grammatical, and readable alone.

A sentence is taken apart only where its parse makes it safe, else it stays whole; better one long claim than two
broken ones. What is taken apart: coordinated verbs and clauses (the subject is repeated), what is reported ("X said
that A and that B"), relative clauses set off by commas and appositions after a name. Short names and pronouns are
written out where it is clear whom they mean (`mentions`). A quote keeps its speaker.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.claims.facts import claim
from harness.claims.mentions import resolve
from harness.claims.speech import REPORTING, Speech, speaker_name, under
from harness.schema import Claim, Extraction, Signature
from harness.text import NORMALISER, SPLITTER, dateline, parse, parser_version

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

VERSION = "1"
_AT_ONCE = 64  # texts parsed together: bounds the memory, changes no claim

_FINITE = frozenset(("VBD", "VBZ", "VBP", "MD"))
_SUBJECTS = ("nsubj", "nsubjpass", "expl", "csubj")
# verbs that may follow what they report: "prices rose, police said"; not "prices rose, workers insist on more"
_AFTERWARDS = frozenset("say tell add report announce confirm warn stress state claim explain write".split())
_CONDITIONS = frozenset("if unless whether until provided lest".split())
_NEGATIVE = frozenset("no none nobody neither nor few nothing never hardly only".split())
_MARKERS = re.compile(
    r"(?:(?:but|and)\s*,?|(?:so|yet|however|meanwhile|moreover|furthermore|notably|additionally|also|indeed|in addition"
    r"|nevertheless|nonetheless|in particular|for example|for instance|of course|in fact|pointedly|unusually)\s*,)\s+",
    re.I,
)
_BULLET = re.compile(r"\s*(?:[-–—•·*]\s+|\d{1,2}[.)]\s+(?=[A-Z]))")
_BOILERPLATE = re.compile(
    r"^\W*(?:scroll down|read more|related posts?|related articles?|click here|share this|follow us|follow @|sign up|"
    r"subscribe|advertisement|media playback|photo:|image:|image (?:copyright|caption|source)|media caption|file photo|by [A-Z][\w.-]+ [A-Z][\w.-]+$|updated:|published:|"
    r"posted by|copyright|all rights reserved|watch:|video:|this page was|was this page|print this|email this)\b",
    re.I,
)


@dataclass(slots=True)
class _Draft:
    """A claim in the making: the tokens (or words put in) that make its text, and the tokens it was made from."""

    parts: list[Token | str]
    own: list[Token] = field(default_factory=list)
    speaker: list[Token] | None = None


class Clauses:
    """The statements a text makes, by its spaCy parse.

    Questions, commands, headings, bylines and leftovers of a web page are no claims. A text without claims gives an
    empty extraction; none gives an error.
    """

    @property
    def signature(self) -> Signature:
        return Signature(
            "clauses",
            (("version", VERSION), ("parser", parser_version()), ("split", SPLITTER), ("facts", NORMALISER)),
        )

    def extract(self, texts: Sequence[tuple[str, str]]) -> list[Extraction]:
        out = []
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            docs = parse([text for _, text in some])
            out += [
                Extraction(source, tuple(_claims(source, doc))) for (source, _), doc in zip(some, docs, strict=True)
            ]
        return out


def _claims(source: str, doc: Doc) -> list[Claim]:
    speech = Speech(doc)
    replaced = resolve(doc, speech.quoted)
    seen: set[str] = set()
    out: list[Claim] = []
    for index, sentence in enumerate(doc.sents):
        if not _checkable(sentence, speech):
            continue
        for draft in _drafts(sentence, speech):
            text = _render(draft.parts, replaced)
            if text.casefold() in seen or sum(c.isalpha() for c in text) < 6:
                continue
            seen.add(text.casefold())
            inside = {t.i for t in draft.parts if not isinstance(t, str)}
            entities = [
                e.text for e in sentence.ents if e.label_ in _ENTITIES and inside.issuperset(range(e.start, e.end))
            ]
            written = [replaced[i].removesuffix("'s") for i in sorted(inside) if replaced.get(i)]
            span = (draft.own[0].idx, draft.own[-1].idx + len(draft.own[-1]))
            speaker = _join(draft.speaker, replaced) if draft.speaker else None
            out.append(claim(source, len(out) + 1, text, span, index, speaker, [*written, *entities]))
    return out


_ENTITIES = frozenset("PERSON ORG GPE LOC FAC NORP EVENT PRODUCT WORK_OF_ART LAW".split())


def _checkable(sentence: Span, speech: Speech) -> bool:
    """Whether a sentence states something: no question, command, heading, byline or leftover of a page."""
    text = sentence.text.strip()
    bare = text.rstrip("\"'”’`) ")
    words = [t for t in sentence if t.is_alpha]
    if len(words) < 3 or bare.endswith("?") or _BOILERPLATE.match(text):
        return False
    if not any(t.pos_ in ("VERB", "AUX") for t in sentence):
        return bare.endswith(".") and len(words) >= 6
    if bare[-1:] not in ".!…" and text[:1] in '"“' and text[-1:] in '"”' and speech.speaker(sentence) is None:
        return False  # a headline in quotes
    root = sentence.root
    command = root.tag_ == "VB" and not any(c.dep_ in (*_SUBJECTS, "aux", "auxpass") for c in root.children)
    return not (command and not speech.inside(sentence) and root == next(t for t in sentence if t.is_alpha))


def _drafts(sentence: Span, speech: Speech) -> list[_Draft]:
    tokens = _body(sentence)
    if not tokens:
        return []
    said = speech.speaker(sentence)
    speaker = speaker_name(said[0]) if said else None
    if speech.inside(sentence):
        return [_Draft(_attributed(tokens, speaker) if speaker else list(tokens), tokens, speaker)]
    pieces = _split(sentence.root, tokens, quotes=speech.direct(sentence))
    if pieces and all(_grammatical(p) and speech.whole_quotes(p.parts) for p in pieces):
        return [_Draft(p.parts, p.own, _speaker_in(p, said, speaker)) for p in pieces]
    return [_Draft(_closed(tokens), tokens, speaker)]


def _speaker_in(draft: _Draft, said: tuple[Token, Token] | None, speaker: list[Token] | None) -> list[Token] | None:
    """The sentence's speaker, for a piece that holds the reporting verb."""
    return speaker if said and any(part == said[1] for part in draft.parts) else None


def _body(sentence: Span) -> list[Token]:
    """The tokens of a sentence without a dateline, a bullet or an opening such as "However,"."""
    text = sentence.text
    skip = dateline(text)
    for pattern in (_BULLET, _MARKERS):
        if match := pattern.match(text, skip):
            skip = match.end()
    return [t for t in sentence if not t.is_space and t.idx >= sentence.start_char + skip]


def _attributed(tokens: list[Token], speaker: list[Token]) -> list[Token | str]:
    words = tokens
    while words and words[0].is_quote:
        words = words[1:]
    while words and words[-1].is_quote:
        words = words[:-1]
    return [*speaker, "said:", "“", *words, "”"]


def _closed(tokens: list[Token]) -> list[Token | str]:
    """A sentence whose quote began before it or goes on after it, with the missing mark."""
    for opening, closing in (("“", "”"), ("``", "''"), ('"', '"')):
        marks = [t.text for t in tokens if t.text in (opening, closing)]
        if opening != closing and marks.count(opening) != marks.count(closing):
            return [*tokens, closing] if marks[-1] == opening else [opening, *tokens]
        if opening == closing and len(marks) % 2:
            first = next(i for i, t in enumerate(tokens) if t.text == opening)
            opens = first == 0 or (first + 1 < len(tokens) and not tokens[first].whitespace_)
            return [*tokens, closing] if opens else [opening, *tokens]
    return list(tokens)


# ------------------------------------------------------------------------------------------------ taking apart


@dataclass(slots=True)
class _Piece:
    """A clause: what is put before it (a repeated subject, "X said that"), its own tokens and its verb."""

    prefix: list[Token | str]
    core: list[Token]
    verb: Token
    own: list[Token]


def _split(root: Token, tokens: list[Token], quotes: bool) -> list[_Draft]:
    """The statements of a sentence; none when it must stay whole. Direct speech is never reordered."""
    if root.pos_ not in ("VERB", "AUX") or _subject(root) is None or not _finite(root):
        return []
    drafts = []
    for clause in _coordinated(root, tokens):
        for piece in _beside(clause):
            if quotes:
                drafts.append(_Draft([*piece.prefix, *piece.core], piece.own))
                continue
            for part in _reported(piece):
                core, more = _attributive(part.core)
                drafts.append(_Draft([*part.prefix, *core], part.own))
                drafts += more
    return drafts


def _subject(verb: Token) -> Token | None:
    return next((c for c in verb.children if c.dep_ in _SUBJECTS), None)


def _finite(verb: Token) -> bool:
    return verb.tag_ in _FINITE or any(c.dep_ in ("aux", "auxpass") and c.tag_ in _FINITE for c in verb.children)


def _trimmed(tokens: list[Token]) -> list[Token]:
    """Without punctuation at either end."""
    start, end = 0, len(tokens)
    while start < end and tokens[start].is_punct:
        start += 1
    while end > start and tokens[end - 1].is_punct:
        end -= 1
    return tokens[start:end] or tokens


def _coordinated(verb: Token, tokens: list[Token]) -> list[_Piece]:
    """The clauses that "and" or "but" joins at a verb; the clause whole where splitting could change what it says."""
    whole = [_Piece([], tokens, verb, _trimmed(tokens))]
    inside = {t.i for t in tokens}
    chain = [verb]
    while following := next(
        (c for c in chain[-1].children if c.dep_ == "conj" and c.pos_ in ("VERB", "AUX") and c.i in inside), None
    ):
        chain.append(following)
    links = [c.lower_ for v in chain[:-1] for c in v.children if c.dep_ in ("cc", "preconj")]
    if len(chain) == 1 or not links or any(link not in ("and", "but") for link in links):
        return whole
    if any(c.dep_ == "advcl" and _conditional(c) for v in chain for c in v.children):
        return whole
    pieces: list[_Piece] = []
    owner = verb  # whose subject and auxiliaries the next clause shares
    for this, following in zip(chain, [*chain[1:], None], strict=True):
        own = {t.i for t in this.subtree} & inside
        if following is not None:
            later = {t.i for t in following.subtree}
            joints = {c.i for c in this.children if c.dep_ in ("cc", "preconj")}
            if max(joints, default=min(later)) + 1 < min(later) and len(chain) == 2:
                return whole  # the "but" opens something else than the second clause
            own -= later | joints
            if any(i > min(later) and not this.doc[i].is_punct for i in own):
                return whole  # something after the second clause belongs to the first
            if _shares_object(this, following):
                return whole
        prefix: list[Token | str] = []
        if this is not verb and _subject(this) is None:
            shared = _shared(owner, this)
            if shared is None:
                return whole
            prefix = list(shared)
        elif not _finite(this):
            return whole
        else:
            owner = this
        core = _trimmed([t for t in tokens if t.i in own])
        pieces.append(_Piece(prefix, core, this, core))
    return pieces


def _conditional(clause: Token) -> bool:
    return any(t.lower_ in _CONDITIONS for t in clause.children if t.dep_ in ("mark", "advmod")) or (
        clause.left_edge.lower_ in _CONDITIONS
    )


def _shares_object(this: Token, following: Token) -> bool:
    """ "bought and sold cars", "was shot and killed on Monday": what follows the second verb may belong to both."""
    return _subject(following) is None and not any(
        c.i > this.i and c.dep_ not in ("cc", "conj", "punct", "preconj") for c in this.children
    )


def _shared(owner: Token, verb: Token) -> list[Token] | None:
    """The subject, and where the verb needs them the auxiliaries, that a clause takes from the one before."""
    subject = _subject(owner)
    if subject is None or subject.dep_ in ("expl", "csubj") or subject.lower_ in ("who", "which", "that", "there"):
        return None
    named = _named(subject)
    if any(t.lower_ in _NEGATIVE for t in named):
        return None
    passive = any(c.dep_ == "auxpass" for c in owner.children)
    objects = any(c.dep_ in ("dobj", "acomp", "xcomp", "ccomp", "attr") for c in verb.children)
    doubtful = passive and verb.tag_ == "VBD" and verb.lower_.endswith("ed") and not objects  # "was held and charged"
    if _finite(verb) and not doubtful:
        return named
    helpers = [c for c in owner.children if c.dep_ in ("aux", "auxpass") and c.i < owner.i]
    if any(c.dep_ == "neg" for c in owner.children) or not helpers:
        return None
    if any(c.dep_ in ("aux", "auxpass") for c in verb.children):
        return None
    return [*named, *helpers] if doubtful or verb.tag_ == owner.tag_ else None


def _named(head: Token) -> list[Token]:
    """A noun phrase without the relative clauses and appositions that commas set off."""
    dropped: set[int] = set()
    for token in head.subtree:
        if token.dep_ in ("relcl", "appos") and token.head.i >= head.left_edge.i:
            edge = token.left_edge.i
            if edge and head.doc[edge - 1].text in ",–—(-":
                dropped |= {t.i for t in token.subtree} | {edge - 1, token.right_edge.i + 1}
    return _trimmed([t for t in under(head) if t.i not in dropped])


def _beside(piece: _Piece) -> list[_Piece]:
    """ "A met B, while C stayed" as two statements: after the comma "while" and "although" assert as much as "and"."""
    inside = {t.i for t in piece.core}
    for clause in piece.verb.children:
        mark = clause.left_edge
        if (
            clause.dep_ == "advcl"
            and clause.i > piece.verb.i
            and mark.lower_ in ("while", "whereas", "although", "though")
            and mark.i - 1 in inside
            and mark.nbor(-1).text == ","
            and (subject := _subject(clause)) is not None
            and subject.i < clause.i
            and _finite(clause)
        ):
            later = [t for t in under(clause) if t.i in inside]
            first = [t for t in piece.core if t.i < mark.i]
            if len(first) + len(later) >= len([t for t in piece.core if not t.is_punct]):
                rest = _trimmed(later[1:])
                return [
                    _Piece(piece.prefix, _trimmed(first), piece.verb, _trimmed(first)),
                    *_coordinated(clause, rest),
                ]
    return [piece]


def _reported(piece: _Piece) -> list[_Piece]:
    """ "X said that A and that B" as two; "A, X said" as "X said that A"."""
    verb = piece.verb
    if verb.lemma_.lower() not in REPORTING:
        return [piece]
    inside = {t.i for t in piece.core}
    content = next((c for c in verb.children if c.dep_ == "ccomp" and c.i in inside), None)
    if content is None or _subject(content) is None or not _finite(content):
        return [piece]
    said = [t for t in under(content) if t.i in inside]
    taken = {t.i for t in said}
    frame = [t for t in piece.core if t.i not in taken]
    if content.i > verb.i:
        frame = [t for t in frame if t.i < min(taken) or not t.is_punct]
        if not frame or frame[-1].i > min(taken) or frame[-1].is_punct:
            return [piece]
        parts = _coordinated(content, said)
        if len(parts) == 1:
            return [piece]
        return [_that([*piece.prefix, *frame], part) for part in parts]
    if verb.lemma_.lower() not in _AFTERWARDS:
        return [piece]
    subject = _subject(verb)
    if (
        piece.prefix
        or subject is None
        or subject.i not in inside
        or any(t.i < max(taken) and not t.is_punct for t in frame)
    ):
        return [piece]
    who = _trimmed([t for t in frame if t in set(subject.subtree)])
    verbs = [t for t in frame if t == verb or (t.head == verb and t.dep_ in ("aux", "auxpass", "neg"))]
    between = {t.i for t in frame if not t.is_punct} - {t.i for t in (*who, *verbs)}
    edges = [t.i for t in (*who, *verbs)]
    if any(min(edges) < i < max(edges) for i in between):
        return [piece]  # the name beside the verb is not what the parse takes for its subject
    rest = [t for t in frame if t not in who and t not in verbs and not (t.is_punct and t.head == verb)]
    if any(t.dep_ in ("advcl", "conj", "ccomp") for t in rest):
        return [piece]
    comma: list[Token | str] = [","] if any(t.text == "," for t in who) else []
    return [_that([*who, *comma, *verbs, *_trimmed(rest)], part) for part in _coordinated(content, _trimmed(said))]


def _that(frame: Sequence[Token | str], part: _Piece) -> _Piece:
    core = part.core
    while core and ((core[0].lower_ == "that" and core[0].dep_ == "mark") or core[0].is_punct):
        core = core[1:]
    first = part.prefix[0] if part.prefix else core[0]
    opening: list[Token | str] = [*part.prefix] or [core[0]]
    if not isinstance(first, str) and not _stays_capital(first):
        opening[0] = first.text[0].lower() + first.text[1:] + first.whitespace_
    words: list[Token | str] = [*frame, "that", *opening]
    return _Piece(words, core if part.prefix else core[1:], part.verb, part.own)


def _stays_capital(token: Token) -> bool:
    return token.pos_ == "PROPN" or token.ent_type_ in _ENTITIES or (token.text.isupper() and token.text != "A")


def _attributive(core: list[Token]) -> tuple[list[Token], list[_Draft]]:
    """What commas set off from the clause as statements of their own, and the clause without them."""
    drafts: list[_Draft] = []
    dropped: set[int] = set()
    inside = {t.i for t in core}
    for token in core:
        if token.dep_ not in ("relcl", "appos") or token.i in dropped or token.head.i not in inside:
            continue
        part = [t for t in under(token) if t.i in inside]
        before, after = part[0].i - 1, part[-1].i + 1
        doc = token.doc
        closed = after not in inside or doc[after].text in ",.;"
        head = token.head
        if not closed or before not in inside or doc[before].text != "," or any(t.is_quote for t in part):
            continue
        made = _relative(head, token, part) if token.dep_ == "relcl" else _apposition(head, token, part)
        if made:
            drafts.append(_Draft(made, [t for t in core if head.left_edge.i <= t.i <= part[-1].i]))
            dropped |= {t.i for t in part} | {before} | ({after} if doc[after : after + 1].text == "," else set())
    return [t for t in core if t.i not in dropped], drafts


def _phrase_to(head: Token) -> list[Token]:
    return [t for t in under(head) if t.i <= head.i]


def _listed(head: Token) -> bool:
    return head.dep_ == "conj" or any(c.dep_ == "conj" for c in head.children)


def _relative(head: Token, verb: Token, part: list[Token]) -> list[Token | str] | None:
    """ "Kim, who leads the North" -> "Kim leads the North"; only next to its noun, where nothing else can be meant."""
    who = part[0]
    if who.lower_ not in ("who", "which") or who.dep_ not in _SUBJECTS or who.head != verb or not _finite(verb):
        return None
    if head.i != who.i - 2 or head.pos_ not in ("NOUN", "PROPN") or _listed(head):
        return None
    if head.dep_ == "pobj" and (who.lower_ == "which" or head.head.head.pos_ in ("NOUN", "PROPN")):
        return None  # "the talks with Japan, which ...", "members of the club, who ...": which of the two?
    forms = {t.tag_ for t in (verb, *verb.children) if t.tag_ in ("VBZ", "VBP")}
    if (head.tag_ in ("NNS", "NNPS") and "VBZ" in forms) or (head.tag_ in ("NN", "NNP") and "VBP" in forms):
        return None  # "won two seats, which gives her a majority"
    if (
        who.lower_ == "which"
        and verb.i - who.i <= 3
        and verb.lemma_ in ("mean", "cause", "make", "lead", "come", "leave")
    ):
        return None  # "..., which means that": the whole clause
    return [*_phrase_to(head), *part[1:]]


def _apposition(head: Token, noun: Token, part: list[Token]) -> list[Token | str] | None:
    """ "Choe Son Hui, the foreign minister" -> "Choe Son Hui is the foreign minister"."""
    if head.ent_type_ not in ("PERSON", "ORG", "GPE", "LOC", "FAC", "") or head.pos_ != "PROPN":
        return None
    if head.i != part[0].i - 2:
        return None
    if _listed(head):
        return None  # "Russia, China and Iran"
    titled = part[0].lower_ in ("the", "a", "an") or (
        head.ent_type_ in ("PERSON", "") and any(t.lower_ == "of" for t in part)
    )
    if not titled or noun.pos_ not in ("NOUN", "PROPN") or any(t.tag_ == "PRP$" or t.text in ",;()" for t in part):
        return None
    if noun.ent_type_ in ("PERSON", "GPE", "DATE", "CARDINAL") and noun.pos_ == "PROPN":
        return None
    return [*_phrase_to(head), "is", *part]


# ------------------------------------------------------------------------------------------------ writing down


_PAIRS = (("(", ")"), ("“", "”"), ("[", "]"))
_DANGLING = frozenset("and or but that to of the a an who which with by for in on at as from".split())


def _grammatical(draft: _Draft) -> bool:
    """What a split must show to be trusted: a subject, a verb, paired marks, no loose end."""
    words = [p if isinstance(p, str) else p.text for p in draft.parts]
    tokens = [p for p in draft.parts if not isinstance(p, str)]
    if sum(any(c.isalpha() for c in w) for w in words) < 3 or not draft.own:
        return False
    if not any(t.pos_ in ("VERB", "AUX") for t in tokens):
        return "is" in words
    last = next(w for w in reversed(words) if any(c.isalnum() for c in w))
    first = next(p for p in draft.parts if any(c.isalnum() for c in str(p)))
    if last.lower() in _DANGLING - {"in", "on", "for", "to"} or (
        not isinstance(first, str) and first.dep_ in ("cc", "mark")
    ):
        return False
    text = "".join(words)
    return all(text.count(a) == text.count(b) for a, b in _PAIRS) and text.count('"') % 2 == 0


_MARKS = frozenset(("“", "”", '"', "``", "''"))


def _join(parts: Sequence[Token | str], replaced: Mapping[int, str]) -> str:
    """Tokens and words as text: the white space of the source where they follow each other there, one blank elsewhere."""
    out: list[str] = []
    named: set[str] = set()
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        if isinstance(part, str):
            word, gap = part.rstrip(), "" if part in _MARKS else " "
            if part in _MARKS and following is None and out:
                out[-1] = out[-1].rstrip()
        else:
            word = replaced.get(part.i, part.text)
            if word.removesuffix("'s") in named:  # once is enough
                word = part.text
            named |= {word.removesuffix("'s")} if part.i in replaced else set()
            adjacent = not isinstance(following, str) and following is not None and following.i == part.i + 1
            gap = part.whitespace_ if adjacent and word else (" " if word else "")
        out.append(word + gap)
    return _tidy("".join(out))


_TIDY = (
    (re.compile(r"\s+"), " "),
    (re.compile(r" ([,.;:!?…)\]”%]|n't\b|'(?:s|re|ve|ll|d|m)\b)"), r"\1"),
    (re.compile(r"([(\[“]) "), r"\1"),
    (re.compile(r",(?:\s*,)+"), ","),
    (re.compile(r"([:“]) ,"), r"\1"),
    (re.compile(r"([.,!?…]) ('|\"|'')$"), r"\1\2"),
)


def _tidy(text: str) -> str:
    for pattern, to in _TIDY:
        text = pattern.sub(to, text)
    return text.strip()


def _render(parts: Sequence[Token | str], replaced: Mapping[int, str]) -> str:
    text = _join(parts, replaced).strip(" ,;:–—-")
    first = next((p for p in parts if not isinstance(p, str)), None)
    opens = first is not None and next((c for c in first.sent.text if c.isalpha()), "a").isupper()
    if opens and text[:1].islower():
        text = text[0].upper() + text[1:]
    return text if text[-1:] in ".!…" or re.search(r"[.!?…][\"”’')]+$", text) else text + "."
