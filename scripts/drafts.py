"""Drafts of claims, as pieces of text that know their tokens, and what can be made of a sentence without making it wrong.

A claim is a parsed sentence made shorter, direct (what was said, without who said it), passive, split, or reworded:
names shortened, numbers and dates written otherwise, synonyms. Weights were trained with what these functions make of a
seed, so every draw of `rng` stays, in its order.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checker_data import Spans
from wordnet import WORDNET_POS, Lexicon

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SHORT_MONTHS = {month: month[:3] + "." for month in MONTHS if month not in ("May", "June", "July")}
SMALL_NUMBERS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty""".split()
TENS = "thirty forty fifty sixty seventy eighty ninety".split()
WORD_NUMBERS = dict(zip(SMALL_NUMBERS, range(21), strict=True)) | dict(zip(TENS, range(30, 100, 10), strict=True))
NUMBER_WORDS = {value: word for word, value in WORD_NUMBERS.items()}

SUBJECTS = ("nsubj", "nsubjpass")
OBJECTS = ("dobj", "obj")
PLURALS = ("NNS", "NNPS")
REPORTING = set("add announce confirm disclose explain note report reveal say state".split())
SPEAKERS_OWN = {"i", "we", "my", "our", "us", "me"}
OPENING, CLOSING = "\"“,'‘", "\"”,'’"  # what stands around words that were said
FULL_STOP = '.,"”'
LEADING = {",", ";", "-", "--", ":", "—", "and", "But", "And", "but"}  # what no claim begins with
SAME_PARTICIPLE = set(
    "won led held told met made bought sold shot hit cut found left lost sent paid built kept".split()
)
# A sentence says something else without these.
KEPT_ADJECTIVES = set(
    """alleged former fake ex suspected would-be possible potential so-called acting deputy assistant half
    failed""".split()
)
KEPT_ADVERBS = set(
    """not never n't nearly almost hardly barely only about over least most more less no allegedly reportedly probably
    possibly perhaps up down out off away back""".split()
)
TURNING = {"if", "unless", "whether", "no", "not", "n't", "never", "without"}
# What "not" may be contracted with, and how "ca" and "wo" are written without "n't".
CONTRACTED = set("do does did is are was were has have had would could should".split())
UNCONTRACTED = {"ca": "can", "wo": "will", "Ca": "Can", "Wo": "Will"}
ROUNDED = ("than", "over", "nearly", "about", "around", "least", "almost", "$", "£", "€")
CURRENCY = ("", "$", "£", "€")  # the empty one is a dollar sign that was written as a word


# ------------------------------------------------------------------------------------------------ drafts


@dataclass(slots=True)
class Piece:
    """A word or phrase of a draft."""

    text: str
    space: bool  # whether a space follows
    wrong: bool = False  # whether the source does not bear it out
    token: Token | None = None  # the word of the source that it stands for


def pieces(tokens: Iterable[Token], wrong: bool = False) -> list[Piece]:
    return [Piece(token.text, bool(token.whitespace_), wrong, token) for token in tokens]


@dataclass(slots=True)
class Draft:
    """A claim under construction."""

    pieces: list[Piece]
    needed: list[int] = field(default_factory=list)  # sentences a passage must show, if not just its own

    @classmethod
    def of(cls, tokens: Iterable[Token]) -> Draft:
        return cls(pieces(tokens))

    def copy(self) -> Draft:
        return Draft([Piece(p.text, p.space, p.wrong, p.token) for p in self.pieces])

    def find(self, token: Token) -> int:
        """Where the token stands, -1 where it does not."""
        return next((at for at, p in enumerate(self.pieces) if p.token is not None and p.token.i == token.i), -1)

    def span(self, tokens: list[Token]) -> tuple[int, int] | None:
        """Begin and end of the tokens, if they all stand here one after the other."""
        begin, end = self.find(tokens[0]), self.find(tokens[-1]) + 1
        return (begin, end) if begin >= 0 and end - begin == len(tokens) else None

    def replaced(self, begin: int, end: int, text: str, wrong: bool = True) -> Draft:
        """A copy with another text in the place of some pieces."""
        found = self.copy().pieces
        return Draft([*found[:begin], Piece(text, found[end - 1].space, wrong), *found[end:]])

    def strip(self, opening: str, closing: str) -> None:
        while self.pieces and self.pieces[0].text in opening:
            del self.pieces[0]
        while self.pieces and self.pieces[-1].text in closing:
            del self.pieces[-1]

    def entities(self, labels: set[str]) -> list[tuple[int, int, str]]:
        """Begin, end and label of the named entities of these labels, without article and genitive."""
        runs: list[tuple[int, int, str]] = []
        for at, piece in enumerate(self.pieces):
            label, part = (piece.token.ent_type_, piece.token.ent_iob_) if piece.token is not None else ("", "")
            if runs and part == "I" and runs[-1][1:] == (at, label):
                runs[-1] = (runs[-1][0], at + 1, label)
            elif label in labels:
                runs.append((at, at + 1, label))
        return [(*self._trimmed(begin, end), label) for begin, end, label in runs]

    def _trimmed(self, begin: int, end: int) -> tuple[int, int]:
        while begin < end - 1 and self.pieces[begin].text.lower() in ("the", "a", "an"):
            begin += 1
        while begin < end - 1 and self.pieces[end - 1].text in ("'s", "’s", "'"):
            end -= 1
        return begin, end

    def text(self) -> tuple[str, Spans]:
        """The claim, and the characters of it that are wrong."""
        shown = [p for p in self.pieces if p.text]
        while shown and shown[0].text in LEADING:
            del shown[0]
        out = ""
        wrong: Spans = []
        for p in shown:
            if p.text in {",", ".", ";"}:
                out = out.rstrip()
                if out.endswith((",", ";")):
                    out = out[:-1].rstrip()
            begin = len(out)
            out += p.text
            if p.wrong:
                wrong.append((begin, len(out)))
            if p.space:
                out += " "
        out = out.rstrip(" ,;:-—")
        out = out.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")
        if out.count('"') % 2:
            out = out.replace('"', " ")
        if out and out[-1] not in ".!?\"'":
            out += "."
        return out[:1].upper() + out[1:], wrong


def join(*parts: list[Piece]) -> Draft:
    """The parts one after the other, a space between them."""
    for part in parts[:-1]:
        part[-1].space = True
    return Draft([piece for part in parts for piece in part])


def word(text: str, token: Token | None = None) -> list[Piece]:
    """A word put between the parts of a draft."""
    return [Piece(text, True, False, token)]


def child(head: Token, *dependencies: str) -> Token | None:
    """The first child with one of the dependencies."""
    return next((token for token in head.children if token.dep_ in dependencies), None)


# ------------------------------------------------------------------------------------------------ true claims


def is_plain(sentence: Span) -> bool:
    """Whether claims can be made of it: a whole sentence with a subject, neither short nor long."""
    size = sum(not token.is_punct and not token.is_space for token in sentence)
    return (
        6 <= size <= 45
        and sentence.root.pos_ in ("VERB", "AUX")
        and child(sentence.root, *SUBJECTS, "expl") is not None
        and sentence[-1].is_punct
        and sentence[-1].text in '.”"'
    )


def compress(draft: Draft, rng: random.Random, strength: float) -> Draft:
    """The draft without some phrases that it can be said without; `strength` 0 leaves it as it is."""
    tokens = [p.token for p in draft.pieces if p.token is not None]
    kept = {token.i for token in tokens}
    for token in tokens:
        if token.i not in kept:
            continue
        chance = 0.9 if token.dep_ == "cc" and token is tokens[0] else _chance_to_drop(token)
        if rng.random() > chance * strength * 1.4:
            continue
        phrase = [t for t in token.subtree if t.i in kept]
        if len(phrase) < 12 and any(t.lower_ in TURNING for t in phrase):
            continue
        if len(phrase) > 4 and token.dep_ in ("amod", "advmod"):
            continue
        if len(kept) - len(phrase) < 5:
            continue
        if token.dep_ == "conj":
            phrase += [t for t in token.head.children if t.dep_ == "cc"]
        kept -= {t.i for t in phrase}
    return Draft(_single_commas(p for p in draft.pieces if p.token is None or p.token.i in kept))


def _chance_to_drop(token: Token) -> float:
    head = token.head
    match token.dep_:
        case "relcl" | "appos" | "acl" | "parataxis":
            return 0.7
        case "advcl":
            return 0.6
        case "npadvmod":
            return 0.7 if token.ent_type_ in ("DATE", "TIME") else 0.2
        case "prep" if head.pos_ in ("VERB", "AUX"):
            return 0.35 if token.i > head.i else 0.8
        case "prep" if head.pos_ in ("NOUN", "PROPN"):
            return 0.2
        case "advmod" if token.lower_ not in KEPT_ADVERBS:
            return 0.5
        case "amod" if token.lower_ not in KEPT_ADJECTIVES:
            return 0.25
        case "conj" if token.pos_ == "VERB" and head.pos_ == "VERB":
            return 0.4
        case "intj":
            return 0.9
    return 0.0


def _single_commas(found: Iterable[Piece]) -> list[Piece]:
    """The pieces without commas that have nothing before them."""
    out: list[Piece] = []
    for piece in found:
        if piece.text == "," and (not out or out[-1].text in (",", "and", "that")):
            continue
        if piece.text == "." and out and out[-1].text == ",":
            out.pop()
        out.append(piece)
    return out


def complement(clause: Token) -> list[Token]:
    """What was said: the clause without its "that"."""
    return [token for token in clause.subtree if not (token.dep_ == "mark" and token.head.i == clause.i)]


def direct(sentence: Span) -> Draft | None:
    """What somebody reported, as a claim of its own."""
    for verb in sentence:
        if verb.lemma_ not in REPORTING or verb.pos_ != "VERB":
            continue
        for clause in verb.children:
            if clause.dep_ != "ccomp" or clause.pos_ not in ("VERB", "AUX"):
                continue
            said = complement(clause)
            whole = len(said) >= 5 and said[-1].i - said[0].i + 1 - len(said) <= 2
            if (
                whole
                and child(clause, *SUBJECTS) is not None
                and not any(token.lower_ in SPEAKERS_OWN for token in said)
            ):
                draft = Draft.of(said)
                draft.strip(OPENING, CLOSING)
                return draft
    return None


def second_verb(sentence: Span) -> Draft | None:
    """The subject with the second of two predicates."""
    subject = child(sentence.root, *SUBJECTS)
    if subject is None:
        return None
    for verb in sentence.root.children:
        if (
            verb.dep_ == "conj"
            and verb.tag_ in ("VBD", "VBZ")
            and not any(token.dep_.startswith("nsubj") for token in verb.children)
        ):
            return join(pieces(subject.subtree), pieces(verb.subtree))
    return None


def apposition(sentence: Span, rng: random.Random) -> Draft | None:
    """A name and what it is, where an apposition says so."""
    for token in sentence:
        name = token.head
        if (
            token.dep_ == "appos"
            and token.pos_ == "NOUN"
            and name.ent_type_ in ("PERSON", "ORG", "GPE")
            and len(list(token.subtree)) >= 3
        ):
            whole = [t for t in name.subtree if t.i == name.i or (t.i < name.i and t.dep_ == "compound")]
            return join(pieces(whole), word(rng.choice(["is", "was"])), pieces(token.subtree))
    return None


def transitive(sentence: Span) -> tuple[Token, Token] | None:
    """Subject and object of a short past clause that can be made passive."""
    verb = sentence.root
    subject, patient = child(verb, "nsubj"), child(verb, *OBJECTS)
    if verb.tag_ != "VBD" or subject is None or patient is None or "PRON" in (subject.pos_, patient.pos_):
        return None
    if child(verb, "aux", "neg", "prt", "dative", "ccomp") is not None:
        return None
    if not verb.text.endswith("ed") and verb.lower_ not in SAME_PARTICIPLE:
        return None
    if len(list(subject.subtree)) > 8 or len(list(patient.subtree)) > 8:
        return None
    return subject, patient


def passive(sentence: Span, rng: random.Random, swapped: bool = False) -> Draft | None:
    """An active clause made passive; `swapped` leaves subject and object where they were, which is wrong."""
    roles = transitive(sentence)
    if roles is None:
        return None
    agent, patient = roles
    object_end = max(token.i for token in patient.subtree)
    plural = patient.tag_ in PLURALS or child(patient, "conj") is not None
    if swapped:
        agent, patient = patient, agent
        plural = patient.tag_ in PLURALS
    draft = join(
        pieces(patient.subtree, swapped),
        word("were" if plural else "was"),
        word(sentence.root.text, sentence.root),
        word("by"),
        pieces(agent.subtree, swapped),
    )
    draft.pieces[-1].space = True
    if rng.random() < 0.6:
        last = sentence[-1]
        draft.pieces += pieces(t for t in sentence if t.i > object_end and not (t.is_punct and t.i == last.i))
    return draft


# ------------------------------------------------------------------------------------------------ rewording


def reword(
    draft: Draft, rng: random.Random, lexicon: Lexicon, full_names: dict[str, str], strength: float = 1.0
) -> Draft:
    """The draft with names, numbers, dates and words written otherwise; `full_names` are known by their last word."""
    draft = draft.copy()
    for begin, end, _ in reversed(draft.entities({"PERSON"})):
        name = [p.text for p in draft.pieces[begin:end]]
        if len(name) >= 2 and rng.random() < 0.5 * strength and all(part[0].isupper() for part in name if part):
            draft = draft.replaced(begin, end, name[-1], wrong=False)
        elif len(name) == 1 and name[0] in full_names and rng.random() < 0.4 * strength:
            draft = draft.replaced(begin, end, full_names[name[0]], wrong=False)
    for at, piece in enumerate(draft.pieces):
        if piece.token is not None:
            piece.text = _Word(draft.pieces, at, piece.token, rng, lexicon, strength).reworded()
    return draft


class _Word:
    """A word of a draft and the ways to write it otherwise: each is its new text, None where it does not fit."""

    def __init__(
        self, found: list[Piece], at: int, token: Token, rng: random.Random, lexicon: Lexicon, strength: float
    ) -> None:
        self.pieces, self.at, self.token = found, at, token
        self.rng, self.lexicon, self.strength = rng, lexicon, strength
        self.text, self.low = found[at].text, found[at].text.lower()
        self.before = found[at - 1].text.lower() if at else None
        self.after, self.second = [p.text for p in [*found[at + 1 : at + 3], Piece("", False), Piece("", False)]][:2]

    def reworded(self) -> str:
        """The word in the first way that fits and is drawn."""
        ways = (
            self.contraction, self.digits, self.number_word, self.large_number, self.decimal, self.percent_sign,
            self.percent_word, self.dollars, self.day_before_month, self.short_month, self.synonym,
            self.wordnet_synonym,
        )  # fmt: skip
        return next((text for way in ways if (text := way()) is not None), self.text)

    def drawn(self, chance: float) -> bool:
        return self.rng.random() < chance * self.strength

    def contraction(self) -> str | None:
        """ "n't" for "not", or the other way round."""
        if self.token.dep_ != "neg" or not self.at or not self.drawn(0.4):
            return None
        verb = self.pieces[self.at - 1]
        if self.low == "not" and verb.text.lower() in CONTRACTED:
            verb.space = False
            return "n't"
        if self.low in ("n't", "n’t"):
            verb.text, verb.space = UNCONTRACTED.get(verb.text, verb.text), True
            return "not"
        return None

    def digits(self) -> str | None:
        number = WORD_NUMBERS.get(self.low, 0)
        return str(number) if number > 1 and self.drawn(0.35) and "-" not in self.after else None

    def number_word(self) -> str | None:
        if not self.text.isdigit() or not 2 <= int(self.text) <= 20 or self.token.ent_type_ == "DATE":
            return None
        if not self.drawn(0.35) or self.after.lower() in ("%", "million", "billion") or self.before in CURRENCY:
            return None
        return NUMBER_WORDS[int(self.text)]

    def large_number(self) -> str | None:
        """1,234,567 without commas, in millions, or rounded."""
        if not re.fullmatch(r"\d{1,3}(,\d{3})+", self.text) or not self.drawn(0.6):
            return None
        value = int(self.text.replace(",", ""))
        draw = self.rng.random()
        if draw < 0.4:
            return str(value)
        if value % 1_000_000 == 0 and draw < 0.8:
            return f"{value // 1_000_000} million"
        if value % 1000 == 0 or self.before in ROUNDED:
            return self.text
        unit = 1000 if value > 5000 else 100
        if draw < 0.7:
            return self.rng.choice(["more than ", "over "]) + f"{value // unit * unit:,}"
        if draw < 0.85:
            return self.rng.choice(["nearly ", "almost ", "fewer than "]) + f"{(value // unit + 1) * unit:,}"
        return self.rng.choice(["about ", "around ", "roughly "]) + f"{round(value / unit) * unit:,}"

    def decimal(self) -> str | None:
        units = ("%", "percent", "per", "million", "billion")
        if not re.fullmatch(r"\d+\.\d+", self.text) or self.after.lower() not in units:
            return None
        if not self.drawn(0.3) or self.before in CURRENCY:
            return None
        value = float(self.text)
        above = f"more than {int(value)}" if value > int(value) else f"{value:.0f}"
        return self.rng.choice([f"about {round(value)}", f"around {round(value)}", above])

    def percent_sign(self) -> str | None:
        if self.low != "percent" or not self.drawn(0.4):
            return None
        self.pieces[self.at - 1].space = False
        return "%"

    def percent_word(self) -> str | None:
        if self.low != "%" or not self.drawn(0.5):
            return None
        self.pieces[self.at - 1].space = True
        return self.rng.choice(["percent", "per cent"])

    def dollars(self) -> str | None:
        if self.text != "$" or self.second not in ("million", "billion") or not self.drawn(0.4):
            return None
        self.pieces[self.at + 2].text += " dollars"
        return ""

    def day_before_month(self) -> str | None:
        day = self.after
        if self.text not in MONTHS or not day.isdigit() or len(day) > 2:
            return None
        if self.token.ent_type_ != "DATE" or not self.drawn(0.4):
            return None
        self.pieces[self.at + 1].text = self.text
        return day

    def short_month(self) -> str | None:
        fits = self.text in SHORT_MONTHS and self.token.ent_type_ == "DATE" and self.drawn(0.2)
        return SHORT_MONTHS[self.text] if fits else None

    def synonym(self) -> str | None:
        if self.low not in self.lexicon.synonyms or not self.drawn(0.3) or self.token.ent_type_:
            return None
        other = self.rng.choice(self.lexicon.synonyms[self.low])
        return other.capitalize() if self.text[0].isupper() and self.at == 0 else other

    def wordnet_synonym(self) -> str | None:
        wordnet, pos = self.lexicon.wordnet, WORDNET_POS.get(self.token.pos_)
        if wordnet is None or pos is None or self.token.ent_type_ or not self.drawn(0.22):
            return None
        found = wordnet.synonyms(self.token.lemma_.lower(), pos)
        other = self.lexicon.inflect(self.rng.choice(found), self.token.tag_) if found else None
        return other.capitalize() if other and self.text[0].isupper() else other
