"""Edits that make a true claim of an article wrong: one table, EDITS, of what is done, how it is labelled, how often.

An edit takes a scene (a sentence, its article, and other articles) and a draft of a claim about it, and returns a draft
with one thing changed, or None where there is nothing to change. Weights were trained with what these functions make of a
seed, so every draw of `rng` stays, in its order.
"""

from __future__ import annotations

import collections
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checker_data import CONTRADICTED, NOT_MENTIONED, NOT_SUPPORTED, STOP, Row, words
from drafts import (
    DAYS,
    FULL_STOP,
    MONTHS,
    NUMBER_WORDS,
    OBJECTS,
    REPORTING,
    SUBJECTS,
    UNCONTRACTED,
    WORD_NUMBERS,
    Draft,
    Piece,
    child,
    is_plain,
    join,
    passive,
    pieces,
    reword,
    word,
)
from wordnet import WORDNET_POS, Lexicon

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

NAMES = set("EVENT FAC GPE LOC NORP ORG PERSON PRODUCT".split())
AMOUNTS = set("CARDINAL MONEY ORDINAL PERCENT QUANTITY DATE TIME".split())
PEOPLE = set(
    """woman boy girl police officer officers company firm court judge government party team president minister group
    club union bank board victim suspect husband wife father mother son daughter brother sister couple family players
    player coach manager fans residents workers students parents children people men women voters critics lawyers
    prosecutors doctors scientists researchers""".split()
)
SAYING = REPORTING | {"tell", "warn"}

NUMBER = r"\d[\d,]*(\.\d+)?"
YEAR = r"(19|20)\d\d"
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
SCALES = ("million", "billion", "thousand", "trillion")
SEASONS = "spring summer autumn winter".split()
NEAR_DAYS = ["yesterday", "today", "tomorrow"]
UNITS = ["day", "week", "month", "year"]
PLURAL_UNITS = ["hours", "days", "weeks", "months", "years"]

FINITE = ("VBD", "VBZ", "VBP")
BE = {"is", "are", "was", "were", "am", "'s", "'re"}
SHORT_VERBS = ("'s", "'re", "'ll", "'d", "'ve")
AMBIGUOUS = set("up down over under for with light right left his her he she".split())  # their antonyms seldom fit
HEDGES = {"may", "might", "could", "would", "should"}
INTENTIONS = set("plan want hope try attempt intend threaten seek offer expect agree ask consider".split())
ROLE_PREPOSITIONS = ("by", "with", "against", "to", "for", "over", "from")
ADJUNCT_PREPOSITIONS = set(
    "in on at after before during for with from because following amid near since despite".split()
)
POINTING = set("he she it they his her their i we you".split())  # words that mean nothing in another sentence
EMPTY_ADJECTIVES = set("other last next first many more new own same such several".split())


# ------------------------------------------------------------------------------------------------ articles and scenes


class Article:
    """A parsed article: its sentences, names and numbers."""

    def __init__(self, doc: Doc) -> None:
        self.doc = doc
        self.sentences: list[Span] = [s for s in doc.sents if len(s.text.strip()) > 1]
        self.texts = [" ".join(s.text.split()) for s in self.sentences]
        self.names: dict[str, list[str]] = collections.defaultdict(list)  # by label, each once
        self.full_names: dict[str, str] = {}  # of people, by their last word
        for entity in doc.ents:
            name, label = bare(" ".join(entity.text.split())), entity.label_
            if _is_name(name, label, 5) and name not in self.names[label]:
                self.names[label].append(name)
            if label == "PERSON" and len(name.split()) in (2, 3):
                self.full_names.setdefault(name.split()[-1], name)
        self.numbers = [float(t.text.replace(",", "")) for t in doc if re.fullmatch(NUMBER, t.text)]


class Corpus:
    """Articles that are edited with each other's names and phrases."""

    def __init__(self, docs: Sequence[Doc]) -> None:
        self.articles = [Article(doc) for doc in docs]
        self.names: dict[str, list[str]] = collections.defaultdict(list)  # by label, as often as they occur
        for doc in docs:
            for entity in doc.ents:
                name = bare(" ".join(entity.text.split()))
                if _is_name(name, entity.label_, 4):
                    self.names[entity.label_].append(name)


@dataclass
class Scene:
    """A sentence of an article, what claims about it are edited with, and the rows made of it."""

    article: Article
    at: int
    corpus: Corpus
    lexicon: Lexicon
    rng: random.Random
    longest: int = 1000  # words of a claim
    lone: float = 0.25  # how often a passage is only the sentences needed
    full_names: bool = True  # whether a person's last name may be written out
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sentence = self.article.sentences[self.at]
        self.focus = set(words(self.sentence.text)) - STOP
        self.needed = [self.at]  # sentences that claims are made of

    def emit(self, draft: Draft, label: int, kind: str, needed: list[int] | None = None) -> None:
        """Makes a row of a draft, unless it is too short or too long."""
        claim, wrong = draft.text()
        if 4 <= len(claim.split()) <= self.longest:
            self.rows.append(Row(claim, self.passage(needed or self.needed), label, wrong, kind))

    def passage(self, needed: Sequence[int], longest: int = 100) -> str:
        """The sentences needed, mostly with others: near ones, similar ones, or any."""
        rng, texts = self.rng, self.article.texts
        sizes = [len(text.split()) for text in texts]
        shown = set(needed)
        total = sum(sizes[i] for i in shown)
        if rng.random() > self.lone:
            others = [i for i in range(len(texts)) if i not in shown]
            draw = rng.random()
            if draw < 0.4:
                others.sort(key=lambda i: min(abs(i - j) for j in needed) + rng.random())
            elif draw < 0.85:
                others.sort(key=lambda i: -len(self.focus & set(words(texts[i]))) / (sizes[i] + 8) ** 0.4)
            else:
                rng.shuffle(others)
            for i in others[: rng.choice([1, 2, 2, 3, 4])]:
                if total + sizes[i] <= longest:
                    shown.add(i)
                    total += sizes[i]
        return " ".join(texts[i] for i in sorted(shown))

    def reword(self, draft: Draft, strength: float = 1.0) -> Draft:
        full_names = self.article.full_names if self.full_names else {}
        return reword(draft, self.rng, self.lexicon, full_names, strength)


def bare(name: str) -> str:
    """A name without article and genitive."""
    return re.sub(r"^(the|a|an) |('s|’s|')$", "", name.strip(), flags=re.I)


def _is_name(name: str, label: str, longest: int) -> bool:
    return label in NAMES and name[:1].isupper() and len(name.split()) <= longest


def unlike(names: Iterable[str], text: str) -> list[str]:
    """The names that share no word with the text."""
    there = set(words(text))
    return [name for name in names if not there & set(words(name))]


def plain_text(tokens: Iterable[Token]) -> str:
    return " ".join(token.text for token in tokens)


# ------------------------------------------------------------------------------------------------ edits: names, numbers


def other_name(scene: Scene, draft: Draft) -> Draft | None:
    """Another name of the same sort, of this article or of any."""
    rng = scene.rng
    found = draft.entities(NAMES)
    rng.shuffle(found)
    for begin, end, label in found:
        name = "".join(p.text + " " * p.space for p in draft.pieces[begin:end]).strip()
        others = unlike(scene.article.names[label], name)
        if not others or rng.random() < 0.35:
            known = scene.corpus.names[label]
            others = unlike(rng.sample(known, min(8, len(known))), name) or others
        if others:
            other = rng.choice(others)
            if label == "PERSON" and len(name.split()) == 1:
                other = other.split()[-1]
            return draft.replaced(begin, end, other)
    return None


def other_speaker(scene: Scene, draft: Draft) -> Draft | None:
    """Another name of the article where somebody says something."""
    verbs = [token for token in scene.sentence if token.lemma_ in SAYING and token.pos_ == "VERB"]
    subjects = [token for verb in verbs for token in verb.children if token.dep_ == "nsubj"]
    heads = [token for token in subjects if token.ent_type_ in ("PERSON", "ORG")]
    if not heads:
        return None
    speaker, names = list(heads[0].subtree), scene.article.names
    others = unlike(names["PERSON"] + names["ORG"][:3], plain_text(speaker))
    place = draft.span(speaker)
    if not others or place is None:
        return None
    return draft.replaced(*place, scene.rng.choice(others))


def other_number(scene: Scene, draft: Draft) -> Draft | None:
    """Another number, or million for billion."""
    rng = scene.rng
    places = [at for at, p in enumerate(draft.pieces) if _is_number(p)]
    if not places:
        return None
    at = rng.choice(places)
    text = draft.pieces[at].text
    if text.lower() in ORDINALS:
        other = rng.choice([o for o in ORDINALS[:6] if o != text.lower()])
    elif text.lower() in WORD_NUMBERS:
        other = _other_number_word(WORD_NUMBERS[text.lower()], rng)
    else:
        other = _other_figure(text, scene.article.numbers, rng)
    scale = draft.pieces[at + 1].text if at + 1 < len(draft.pieces) else ""
    if scale in SCALES and rng.random() < 0.3:
        return draft.replaced(at + 1, at + 2, rng.choice([s for s in SCALES if s != scale]))
    return draft.replaced(at, at + 1, other) if other.lower() != text.lower() else None


def _is_number(piece: Piece) -> bool:
    """Whether it is a number of something; years are dates."""
    text, low = piece.text, piece.text.lower()
    if piece.token is None or (piece.token.ent_type_ == "DATE" and re.fullmatch(YEAR, text)):
        return False
    if low in ORDINALS or (low in WORD_NUMBERS and low != "one"):
        return True
    return bool(re.fullmatch(NUMBER, text) or re.fullmatch(r"\d+(-year-old|th|st|nd|rd|pc|m|bn)", text))


def _other_number_word(value: int, rng: random.Random) -> str:
    near = [n for n in NUMBER_WORDS if n not in (value, 0, 1) and abs(n - value) <= max(6, value)]
    other = rng.choice(near) if near else 5
    return str(other) if rng.random() < 0.3 else NUMBER_WORDS[other]


def _other_figure(text: str, numbers: Sequence[float], rng: random.Random) -> str:
    """Another number of the article, one digit changed, a little more or less, or a multiple; written alike."""
    figure = re.sub(rf"^({NUMBER}).*", r"\1", text)
    value = float(figure.replace(",", ""))
    near = [n for n in numbers if abs(n - value) > 1e-9 and (value == 0 or 0.2 < n / value < 5)]
    draw = rng.random()
    if near and draw < 0.4:
        other = rng.choice(near)
    elif draw < 0.6 and value >= 10:
        at = rng.choice([i for i, c in enumerate(figure) if c.isdigit()])
        digit = rng.choice([d for d in "123456789" if d != figure[at]])
        other = float((figure[:at] + digit + figure[at + 1 :]).replace(",", ""))
    elif draw < 0.75:
        other = max(1, value + rng.choice([-3, -2, -1, 1, 2, 3]))
    else:
        other = value * rng.choice([0.5, 2, 10, 3, 1.5, 0.1])
    if other == value or other < 1 <= value:
        other = value + 1
    if value == int(value) and "." not in figure:
        other = round(other)
    if other == value:
        other = value + 2
    return _written_like(figure, other) + text[len(figure) :]


def _written_like(figure: str, value: float) -> str:
    if value != int(value):
        return f"{value:.{len(figure.split('.')[-1]) if '.' in figure else 1}f}"
    return f"{int(value):,}" if "," in figure or value >= 10_000 else str(int(value))


def other_date(scene: Scene, draft: Draft) -> Draft | None:
    """Another day, month, year, season or unit of time."""
    places = [at for at, p in enumerate(draft.pieces) if _is_date(p)]
    if not places:
        return None
    at = scene.rng.choice(places)
    piece = draft.pieces[at]
    other = _other_date_word(piece.text, scene.rng)
    if piece.text.lower() == "may" and piece.token is not None and piece.token.tag_ == "MD":
        return None
    return draft.replaced(at, at + 1, other)


def _is_date(piece: Piece) -> bool:
    text, low = piece.text, piece.text.lower()
    if piece.token is None:
        return False
    if text in DAYS or re.fullmatch(YEAR, text):
        return True
    if low in NEAR_DAYS or low in PLURAL_UNITS or low in UNITS:
        return piece.token.ent_type_ in ("DATE", "TIME")
    return piece.token.ent_type_ == "DATE" and bool(text in MONTHS or low in SEASONS or re.fullmatch(r"\d\d?", text))


def _other_date_word(text: str, rng: random.Random) -> str:
    if re.fullmatch(YEAR, text):
        return str(int(text) + rng.choice([-10, -5, -3, -2, -1, 1, 2, 3, 4, 10]))
    if text.isdigit():
        return str(rng.choice([day for day in range(1, 31) if day != int(text)]))
    text = text if text in DAYS or text in MONTHS else text.lower()
    group = next(g for g in (DAYS, MONTHS, SEASONS, NEAR_DAYS, UNITS, PLURAL_UNITS) if text in g)
    return rng.choice([w for w in group if w != text])


# ------------------------------------------------------------------------------------------------ edits: roles


def exchanged_roles(scene: Scene, draft: Draft) -> Draft | None:
    """Who did it and who it was done to, in each other's place."""
    for verb in scene.sentence:
        roles = _roles(verb) if verb.pos_ == "VERB" else None
        if roles is None:
            continue
        places = [draft.span(list(role.subtree)) for role in roles]
        if places[0] is None or places[1] is None:
            continue
        (begin, end), (begin2, end2) = sorted((places[0], places[1]))
        if end > begin2 or max(end - begin, end2 - begin2) > 9:
            continue
        found = draft.copy().pieces
        one, other = found[begin:end], found[begin2:end2]
        one[-1].space, other[-1].space = other[-1].space, one[-1].space
        for piece in one + other:
            piece.wrong = True
        return Draft([*found[:begin], *other, *found[end:begin2], *one, *found[end2:]])
    return None


def _roles(verb: Token) -> tuple[Token, Token] | None:
    """Subject and object of a verb, or what stands after its preposition, if they are of a kind."""
    one, other = child(verb, *SUBJECTS), child(verb, *OBJECTS, "dative")
    if other is None:
        heads = [t for t in verb.children if t.dep_ in ("prep", "agent") and t.lower_ in ROLE_PREPOSITIONS]
        other = next((token for head in heads for token in head.children if token.dep_ == "pobj"), None)
    if one is None or other is None:
        return None
    if "PRON" in (one.pos_, other.pos_) or one.lemma_ == other.lemma_:
        return None
    if one.ent_type_ in AMOUNTS or other.ent_type_ in AMOUNTS:
        return None
    acts = other.ent_type_ or other.lower_ in PEOPLE or (other.tag_ == "NNS" and one.pos_ == "NOUN")
    return (one, other) if acts else None


def exchanged_passive(scene: Scene, draft: Draft) -> Draft | None:
    return passive(scene.sentence, scene.rng, swapped=True)


# ------------------------------------------------------------------------------------------------ edits: what is said


def negated(scene: Scene, draft: Draft) -> Draft | None:
    """A negation taken away, or one added to the first or to any verb."""
    rng = scene.rng
    edited = draft.copy()
    tokens = [(at, p.token) for at, p in enumerate(edited.pieces) if p.token is not None]
    negations = [(at, token) for at, token in tokens if token.dep_ == "neg"]
    if negations and rng.random() < 0.8:
        _affirm(edited.pieces, *negations[0], rng)
        return edited
    verbs = [(at, token) for at, token in tokens if _is_affirmed(token)]
    if not verbs:
        return None
    at, token = verbs[0] if rng.random() < 0.75 else rng.choice(verbs)
    return edited if _negate(edited.pieces, at, token, rng) else None


def _affirm(found: list[Piece], at: int, negation: Token, rng: random.Random) -> None:
    """Takes away the negation that stands there, and marks what stands around it."""
    if negation.lower_ == "never":
        found[at].text, found[at].wrong = rng.choice(["always", "once"]), True
        return
    found[at].text = ""
    for neighbour in found[max(0, at - 1) : at] + found[at + 1 : at + 2]:
        neighbour.wrong = True
    if at:
        before = found[at - 1]
        before.text = UNCONTRACTED.get(before.text.lower(), before.text)
        before.space = True


def _is_affirmed(token: Token) -> bool:
    return (
        token.pos_ in ("VERB", "AUX")
        and token.tag_ in (*FINITE, "MD")
        and not any(other.dep_ == "neg" for other in [*token.children, *token.head.children])
    )


def _negate(found: list[Piece], at: int, verb: Token, rng: random.Random) -> bool:
    """Negates the verb that stands there; whether that could be done."""
    piece = found[at]
    if verb.tag_ == "MD" or verb.lower_ in BE or (verb.pos_ == "AUX" and verb.dep_ in ("aux", "auxpass")):
        negation = "not" if verb.tag_ == "MD" else rng.choice(["not", "not", "not", "never"])
        if verb.lower_ in SHORT_VERBS:
            return False
        piece.space = True
        found.insert(at + 1, Piece(negation, True, True))
        return True
    if rng.random() < 0.15:
        found.insert(at, Piece("never", True, True))
        return True
    do = {"VBD": "did", "VBZ": "does", "VBP": "do"}[verb.tag_]
    if rng.random() < 0.12 and verb.dep_ == "ROOT" and verb.tag_ == "VBD":
        piece.text = f"failed to {verb.lemma_}"
    elif rng.random() < 0.75:
        rng.choice(range(3))  # decides nothing; the rows of a seed depend on it
        piece.text = f"{do} not {verb.lemma_}"
    else:
        piece.text = f"{do}n't {verb.lemma_}"
    piece.wrong = True
    return True


def opposite(scene: Scene, draft: Draft) -> Draft | None:
    """A word's antonym."""
    places = list(range(len(draft.pieces)))
    scene.rng.shuffle(places)
    for at in places:
        token = draft.pieces[at].token
        if token is None or token.ent_type_ in NAMES:
            continue
        other = _antonym(token, scene)
        if other and other != token.lower_:
            return draft.replaced(at, at + 1, other.capitalize() if token.text[0].isupper() else other)
    return None


def _antonym(token: Token, scene: Scene) -> str | None:
    rng, lexicon = scene.rng, scene.lexicon
    if token.lower_ in lexicon.antonyms and not (token.lower_ in AMBIGUOUS and rng.random() < 0.75):
        return rng.choice(lexicon.antonyms[token.lower_])
    if lexicon.wordnet and token.pos_ in WORDNET_POS and rng.random() < 0.7:
        found = lexicon.wordnet.antonyms(token.lemma_.lower(), WORDNET_POS[token.pos_])
        return lexicon.inflect(rng.choice(found), token.tag_) if found else None
    return None


def unhedged(scene: Scene, draft: Draft) -> Draft | None:
    """What may be, told as what will be; what is planned, as what was done."""
    for at, piece in enumerate(draft.pieces):
        token = piece.token
        if token is None:
            continue
        if token.tag_ == "MD" and token.lower_ in HEDGES:
            return draft.replaced(at, at + 1, scene.rng.choice(["will", "has to", "must", "cannot"]))
        if token.lemma_ in INTENTIONS and token.pos_ == "VERB" and token.tag_ in FINITE:
            aim = next((t for t in token.children if t.dep_ == "xcomp" and t.tag_ == "VB"), None)
            end = draft.find(aim) if aim is not None else -1
            done = scene.lexicon.inflect(aim.lemma_, "VBD") if aim is not None and at < end <= at + 3 else None
            if done:
                return draft.replaced(at, end + 1, done)
    return None


# ------------------------------------------------------------------------------------------------ edits: what is added


def added_phrase(scene: Scene, draft: Draft) -> Draft | None:
    """A phrase of another sentence; two times in five the passage shows that sentence, if it is of this article."""
    rng, article = scene.rng, scene.article
    if rng.random() < 0.5:
        source = rng.choice(article.sentences)
    else:
        source = rng.choice(list(rng.choice(scene.corpus.articles).doc.sents))
    inside = source.doc is article.doc
    if inside and source.start == scene.sentence.start:
        return None
    edited = draft.copy()
    if not _add_adjective(edited.pieces, source, rng) and not _add_adjunct(edited.pieces, source, rng):
        return None
    if inside and rng.random() < 0.4:
        edited.needed = sorted(
            {*scene.needed, *(i for i, s in enumerate(article.sentences) if s.start == source.start)}
        )
    return edited


def _add_adjective(found: list[Piece], source: Span, rng: random.Random) -> bool:
    """Puts an adjective of the source before a noun."""
    adjectives = [token for token in source if token.dep_ == "amod" and token.lower_ not in EMPTY_ADJECTIVES]
    texts = [t.text for t in adjectives if len(list(t.subtree)) == 1 and not t.text[0].isupper()]
    if not texts or rng.random() >= 0.25:
        return False
    kinds = [p.token.pos_ if p.token is not None else "" for p in found]
    places = [i for i in range(1, len(found)) if kinds[i] == "NOUN" and kinds[i - 1] in ("DET", "ADP", "VERB")]
    if not places:
        return False
    found.insert(rng.choice(places), Piece(rng.choice(texts), True, True))
    return True


def _adjuncts(sentence: Span) -> Iterable[list[Piece]]:
    """Phrases that tell when, where or how, and would fit into another claim."""
    for token in sentence:
        if not (
            (token.dep_ == "prep" and token.head.pos_ in ("VERB", "AUX") and token.lower_ in ADJUNCT_PREPOSITIONS)
            or (token.dep_ == "advcl" and token.i > token.head.i)
            or (token.dep_ == "npadvmod" and token.ent_type_ == "DATE")
        ):
            continue
        phrase = list(token.subtree)
        together = phrase[-1].i - phrase[0].i + 1 == len(phrase)
        if together and 2 <= len(phrase) <= 12 and not any(t.lower_ in POINTING for t in phrase):
            yield [Piece(t.text, bool(t.whitespace_), True) for t in phrase]


def _add_adjunct(found: list[Piece], source: Span, rng: random.Random) -> bool:
    """Puts a phrase of the source first, last, or before a comma."""
    adjuncts = list(_adjuncts(source))
    if not adjuncts:
        return False
    phrase = Draft(rng.choice(adjuncts))
    phrase.strip("", ',.;:"')
    added = phrase.pieces
    if not added:
        return False
    end = len(found)
    while end and found[end - 1].text in '.,;:"”':
        end -= 1
    if rng.random() < 0.2:
        added[0].text = added[0].text.capitalize()
        added[-1].space = True
        found[:0] = [*added, *word(",")]
        return True
    commas = [at for at, p in enumerate(found[:end]) if p.text == ","]
    at = rng.choice(commas) if commas and rng.random() < 0.25 else end
    if at:
        found[at - 1].space = True
    added[-1].space = not (at < len(found) and found[at].text in ".,;")
    found[at:at] = added
    return True


def added_speaker(scene: Scene, draft: Draft) -> Draft | None:
    """A claim that nobody is said to have made, put in the mouth of somebody the article names."""
    rng, names = scene.rng, scene.article.names
    others = unlike(names["PERSON"] + names["ORG"], scene.sentence.text)
    if not others or any(token.lemma_ in SAYING for token in scene.sentence):
        return None
    name = rng.choice(others)
    edited = draft.copy()
    edited.strip("", FULL_STOP)
    if rng.random() < 0.5:
        edited.pieces[-1].space = False
        after = rng.choice([f", according to {name}", f", {name} said", f", said {name}"])
        edited.pieces.append(Piece(after, False, True))
    else:
        before = rng.choice([f"{name} said that", f"{name} said", f"{name} announced that", f"According to {name},"])
        edited.pieces.insert(0, Piece(before, True, True))
    return edited


def mixed(scene: Scene, draft: Draft) -> Draft | None:
    """The beginning of the sentence with the end of another of the article; the passage shows both."""
    article, rng = scene.article, scene.rng
    at = rng.randrange(len(article.sentences))
    other = article.sentences[at]
    if at == scene.at or not is_plain(other):
        return None
    edited = (_other_predicate if rng.random() < 0.55 else _other_tail)(scene.sentence, other, rng)
    if edited is not None:
        edited.needed = sorted({scene.at, at})
    return edited


def _other_predicate(one: Span, other: Span, rng: random.Random) -> Draft | None:
    """The subject of one sentence, which is wrong, with the predicate of the other."""
    subject, theirs = _subject(one), _subject(other)
    if subject is None or theirs is None or subject.pos_ == "PRON" or subject.lemma_ == theirs.lemma_:
        return None
    same = theirs.lower_ in ("he", "she") and theirs.pos_ == "PRON" and subject.ent_type_ == "PERSON"
    if same and rng.random() < 0.8:
        return None
    ours, end = list(subject.subtree), max(token.i for token in theirs.subtree)
    if proper_names(ours) & proper_names(theirs.subtree):
        return None
    return join(pieces(ours, wrong=True), pieces(token for token in other if token.i > end))


def _subject(sentence: Span) -> Token | None:
    """The subject, if it is short and before its verb."""
    subject = child(sentence.root, *SUBJECTS)
    phrase = list(subject.subtree) if subject is not None else []
    return subject if 0 < len(phrase) <= 12 and phrase[-1].i < sentence.root.i else None


def proper_names(tokens: Iterable[Token]) -> set[str]:
    return {token.lower_ for token in tokens if token.pos_ == "PROPN"}


def _other_tail(one: Span, other: Span, rng: random.Random) -> Draft | None:
    """One sentence up to a verb or preposition, and what follows such a word in the other, which is wrong."""
    cuts = [token for token in one[4:-2] if token.pos_ in ("ADP", "SCONJ", "VERB", "AUX")]
    rng.shuffle(cuts)
    for cut in cuts:
        alike = [t for t in other[:-3] if t.pos_ == cut.pos_ and (t.lower_ == cut.lower_ or t.tag_ == cut.tag_)]
        if alike:
            begin = rng.choice(alike).i - other.start + 1
            return join(pieces(one[: cut.i - one.start + 1]), pieces(other[begin:], wrong=True))
    return None


# ------------------------------------------------------------------------------------------------ other passages


def other_sentences(scene: Scene) -> list[str]:
    return _long(text for i, text in enumerate(scene.article.texts) if i not in scene.needed)


def other_article(scene: Scene) -> list[str]:
    """The sentences of some article, three times in ten."""
    article = scene.rng.choice(scene.corpus.articles)
    found = _long(" ".join(sentence.text.split()) for sentence in article.doc.sents)
    return found if len(found) >= 2 and scene.rng.random() < 0.3 else []


def _long(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if len(text.split()) > 4]


# ------------------------------------------------------------------------------------------------ the edits


@dataclass(frozen=True)
class ClaimEdit:
    """Changes a claim, which gets the label; one that needs another sentence in its passage is not supported."""

    often: float  # the larger, the sooner it is tried
    label: int
    edited: Callable[[Scene, Draft], Draft | None]

    def make(self, scene: Scene, drafts: Sequence[Draft], kind: str) -> bool:
        """Makes a row of the first draft that can be edited; whether there was one."""
        found = next(filter(None, (self.edited(scene, draft) for draft in drafts)), None)
        if found is None or found.text()[0] in [draft.text()[0] for draft in drafts]:
            return False
        scene.emit(found, NOT_SUPPORTED if found.needed else self.label, kind, found.needed)
        return True


@dataclass(frozen=True)
class PassageEdit:
    """Shows a claim with other sentences, those most like it: not mentioned, and the words the passage lacks are wrong."""

    often: float
    texts: Callable[[Scene], list[str]]

    def make(self, scene: Scene, drafts: Sequence[Draft], kind: str) -> bool:
        """Makes a row of the first draft; whether it says something that the passage does not."""
        rng, texts = scene.rng, self.texts(scene)
        if len(texts) < 2:
            return False
        ranked = sorted(texts, key=lambda text: -len(scene.focus & set(words(text))) + rng.random() * 2)
        shown = ranked[: rng.choice([1, 2, 3, 4])]
        rng.shuffle(shown)
        passage = " ".join(" ".join(shown).split()[:95])
        there = set(words(passage))
        if len(scene.focus - there) < 2:
            return False
        claim, _ = drafts[0].text()
        wrong = [m.span() for m in re.finditer(r"[A-Za-z0-9]+", claim) if m.group().lower() not in there | STOP]
        scene.rows.append(Row(claim, passage, NOT_MENTIONED, wrong, kind))
        return True


# In the order in which chance is drawn for them. Kinds with a number are second goes at the same edit.
EDITS: dict[str, ClaimEdit | PassageEdit] = {
    "entity": ClaimEdit(3, CONTRADICTED, other_name),
    "entity2": ClaimEdit(2, CONTRADICTED, other_name),
    "number": ClaimEdit(5, CONTRADICTED, other_number),
    "number2": ClaimEdit(2, CONTRADICTED, other_number),
    "date": ClaimEdit(5, CONTRADICTED, other_date),
    "role": ClaimEdit(9, CONTRADICTED, exchanged_roles),
    "role_p": ClaimEdit(9, CONTRADICTED, exchanged_passive),
    "speaker": ClaimEdit(7, CONTRADICTED, other_speaker),
    "neg": ClaimEdit(4, CONTRADICTED, negated),
    "ant": ClaimEdit(5, CONTRADICTED, opposite),
    "unhedge": ClaimEdit(3, NOT_SUPPORTED, unhedged),
    "add": ClaimEdit(1.6, NOT_MENTIONED, added_phrase),
    "add2": ClaimEdit(1, NOT_MENTIONED, added_phrase),
    "addattr": ClaimEdit(1, NOT_MENTIONED, added_speaker),
    "agg": ClaimEdit(1.5, NOT_SUPPORTED, mixed),
    "agg2": ClaimEdit(1, NOT_SUPPORTED, mixed),
    "other": PassageEdit(1, other_sentences),
    "other_doc": PassageEdit(0.4, other_article),
}
