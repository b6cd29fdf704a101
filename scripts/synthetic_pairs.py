"""Rows made of parsed news: claims that are true of their article, and the same claims with one thing made wrong.

Supported claims are made by drafts.py, wrong ones by edits.py. Each edit of a claim has supported neighbours made the
same way, so that the way it was made tells nothing. The weights were trained with these rows: a seed must go on giving
the same ones, so every draw of `rng` stays, in its order.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker_data import CONTRADICTED, SUPPORTED, Row
from drafts import (
    CLOSING,
    FULL_STOP,
    OPENING,
    Draft,
    Piece,
    apposition,
    complement,
    compress,
    direct,
    is_plain,
    join,
    passive,
    pieces,
    second_verb,
    transitive,
    word,
)
from edits import EDITS, Article, Corpus, Scene, bare, exchanged_roles, other_name, plain_text, proper_names, unlike
from wordnet import Lexicon

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

SPEAKING = set("say tell announce add argue claim warn explain note believe state insist".split())
SAID = """said/said/said that/said that/stated that/says/announced that/told reporters that/claimed that/argued that/\
warned that""".split("/")  # the frequent ones twice


# ------------------------------------------------------------------------------------------------ the general mixture


def general(article: Article, corpus: Corpus, lexicon: Lexicon, rng: random.Random) -> list[Row]:
    """Rows of up to nine sentences of an article: true claims, and one or two edits of each."""
    rows: list[Row] = []
    chosen = [at for at, sentence in enumerate(article.sentences) if is_plain(sentence)]
    rng.shuffle(chosen)
    for at in chosen[:9]:
        scene = Scene(article, at, corpus, lexicon, rng)
        kind, base = true_claim(scene)
        if not 4 <= sum(p.text.isalnum() for p in base.pieces) <= 34:
            continue
        name_the_pronoun(scene, base)
        reworded = scene.reword(base) if rng.random() < 0.75 else base
        scene.emit(reworded, SUPPORTED, f"pos:{kind}")
        if rng.random() < 0.35:
            scene.emit(scene.reword(base, 1.5), SUPPORTED, f"pos:{kind}")
        fuse(scene, reworded)
        edit(scene, [reworded, base])
        rows += scene.rows
    return rows


def true_claim(scene: Scene) -> tuple[str, Draft]:
    """A claim the sentence makes, and how it was made."""
    sentence, rng = scene.sentence, scene.rng
    found = [("copy", Draft.of(sentence))]
    if reported := direct(sentence):
        found += [("direct", reported)] * 2
    if split := second_verb(sentence):
        found.append(("conj", split))
    if turned := passive(sentence, rng):
        found.append(("passive", turned))
    if (named := apposition(sentence, rng)) and rng.random() < 0.6:
        found.append(("appos", named))
    kind, draft = rng.choice(found)
    if kind in ("copy", "direct", "conj"):
        draft = compress(draft, rng, rng.choice([0, 0.5, 0.8, 1.0]))
    return kind, draft


def name_the_pronoun(scene: Scene, draft: Draft) -> None:
    """Writes the one person that the sentence before is about for the pronoun that the draft begins with."""
    first = draft.pieces[0]
    if scene.at == 0 or first.token is None or first.token.lower_ not in ("he", "she"):
        return
    people = [token for token in scene.article.sentences[scene.at - 1] if token.ent_type_ == "PERSON"]
    subjects = [token for token in people if token.dep_ == "nsubj"]
    if len(subjects) == 1 and len({token.text for token in people if token.ent_iob_ == "B"}) == 1:
        near = [t for t in subjects[0].subtree if t.ent_type_ == "PERSON" and abs(t.i - subjects[0].i) < 3]
        first.text = plain_text(near)
        scene.needed = [scene.at - 1, scene.at]


def fuse(scene: Scene, draft: Draft) -> None:
    """Now and then, makes rows of the claim and the next sentence in one."""
    rng, after = scene.rng, scene.at + 1
    if rng.random() >= 0.12 or after == len(scene.article.sentences):
        return
    sentence = scene.article.sentences[after]
    if not is_plain(sentence) or len(sentence) + len(draft.pieces) >= 45:
        return
    second = compress(Draft.of(sentence), rng, 1.0)
    first = second.pieces[0]
    if first.token is not None and not first.token.ent_type_:
        begin_small(first)
    fused = draft.copy()
    fused.strip("", FULL_STOP)
    fused.pieces[-1].space = False
    rng.random()  # decides nothing; the rows of a seed depend on it
    fused.pieces += [*word(rng.choice([", and", " and", " while", ", while", ";"])), *second.pieces]
    scene.emit(fused, SUPPORTED, "pos:fuse", [scene.at, after])
    if rng.random() < 0.5 and (wrong := other_name(scene, fused)):
        scene.emit(wrong, CONTRADICTED, "entity", [scene.at, after])


def begin_small(piece: Piece) -> None:
    if piece.text != "I":
        piece.text = piece.text[:1].lower() + piece.text[1:]


def edit(scene: Scene, drafts: list[Draft]) -> None:
    """Makes one or two rows with edits, the frequent ones sooner tried."""
    rng = scene.rng
    rng.random()  # decides nothing; the rows of a seed depend on it
    rng.shuffle(drafts)
    kinds = sorted(EDITS, key=lambda kind: -(rng.random() ** (1 / EDITS[kind].often)))
    wanted = rng.choice([1, 2, 2])
    for kind in kinds:
        wanted -= EDITS[kind].make(scene, drafts, kind)
        if not wanted:
            break


# ------------------------------------------------------------------------------------------------ roles and speakers


@dataclass
class Quote:
    """Who said what, in a sentence."""

    at: int
    speaker: list[Token]
    head: Token  # of the speaker's name
    said: Draft


def quote(sentence: Span, at: int) -> Quote | None:
    """The first quote of a sentence by somebody who is named or described in a few words."""
    for verb in sentence:
        if verb.lemma_ not in SPEAKING or verb.pos_ != "VERB":
            continue
        subjects = [token for token in verb.children if token.dep_ == "nsubj"]
        heads = [t for t in subjects if t.ent_type_ in ("PERSON", "ORG") or t.pos_ in ("PROPN", "NOUN")]
        clauses = [token for token in verb.children if token.dep_ == "ccomp" and token.pos_ in ("VERB", "AUX")]
        if not heads or not clauses:
            continue
        head = heads[0]
        speaker, said = [token for token in head.subtree if token.i <= head.i], complement(clauses[0])
        if len(speaker) > 7 or not 5 <= len(said) <= 30 or head.lower_ in ("he", "she", "they", "it", "who"):
            continue
        draft = Draft.of(said)
        draft.strip(OPENING, CLOSING + ".")
        if draft.pieces:
            return Quote(at, speaker, head, draft)
    return None


def attributed(speaker: list[Piece], said: Draft, rng: random.Random) -> Draft:
    """A claim that the speaker said so."""
    what = said.copy().pieces
    first = what[0]
    if first.token is not None and first.token.pos_ != "PROPN":
        begin_small(first)
    draw = rng.random()
    if draw < 0.6:
        return join(speaker, word(rng.choice(SAID)), what)
    if draw < 0.8:
        speaker[-1].space = False
        return Draft([*word("According to"), *speaker, *word(","), *what])
    what[-1].space = False
    speaker[-1].space = True
    return Draft([*what, *word(","), *speaker, Piece("said", False)])


def quote_rows(scene: Scene, this: Quote, quotes: Sequence[Quote]) -> None:
    """Makes rows of what somebody said: by whom, and by somebody else of the article."""
    rng = scene.rng
    others = [
        other
        for other in quotes
        if other.at != this.at
        and other.head.lower_ != this.head.lower_
        and not proper_names(other.speaker) & {token.lower_ for token in this.speaker}
    ]
    if rng.random() < 0.75:
        scene.emit(attributed(pieces(this.speaker), scene.reword(this.said), rng), SUPPORTED, "pos:speech")
    if others:
        other = rng.choice(others)
        needed = sorted({this.at, other.at})
        if rng.random() < 0.8:
            said = scene.reword(this.said) if rng.random() < 0.5 else this.said
            scene.emit(attributed(pieces(other.speaker, wrong=True), said, rng), CONTRADICTED, "speaker", needed)
        if rng.random() < 0.4:
            scene.emit(attributed(pieces(this.speaker), this.said, rng), SUPPORTED, "pos:speech", needed)
    elif rng.random() < 0.5:
        people = [bare(entity.text) for entity in scene.article.doc.ents if entity.label_ == "PERSON"]
        names = [name for name in unlike(people, plain_text(this.speaker)) if len(name.split()) < 4]
        if names:
            name = [Piece(rng.choice(names), True, True)]
            scene.emit(attributed(name, this.said, rng), CONTRADICTED, "speaker")


def role_rows(scene: Scene) -> int:
    """Makes rows with roles as they are and exchanged; in how many ways that could be done."""
    sentence, rng = scene.sentence, scene.rng
    base = compress(Draft.of(sentence), rng, rng.choice([0, 0.5, 1.0]))
    exchanged = exchanged_roles(scene, base)
    turned, turned_wrong = passive(sentence, rng), passive(sentence, rng, swapped=True)
    if exchanged:
        scene.emit(exchanged, CONTRADICTED, "role")
        scene.emit(scene.reword(base), SUPPORTED, "pos:role")
    roles = transitive(sentence)
    if turned and turned_wrong and roles:
        scene.emit(turned, SUPPORTED, "pos:passive")
        scene.emit(turned_wrong, CONTRADICTED, "role")
        one, other = roles
        for subject, patient, wrong in ((one, other, False), (other, one, True)):
            verb = word(sentence.root.text, sentence.root)
            active = join(pieces(subject.subtree, wrong), verb, pieces(patient.subtree, wrong))
            scene.emit(active, CONTRADICTED if wrong else SUPPORTED, "role" if wrong else "pos:role")
    return bool(exchanged) + bool(roles)


def paired(article: Article, corpus: Corpus, lexicon: Lexicon, rng: random.Random) -> list[Row]:
    """Rows about who said and who did it, each next to one where that is somebody else."""
    rows: list[Row] = []

    def scene(at: int) -> Scene:
        return Scene(article, at, corpus, lexicon, rng, longest=36, lone=0.35, full_names=False, rows=rows)

    found = [quote(sentence, at) for at, sentence in enumerate(article.sentences) if 6 <= len(sentence) <= 45]
    quotes = [q for q in found if q is not None]
    for this in quotes[:4]:
        quote_rows(scene(this.at), this, quotes)
    order = list(range(len(article.sentences)))
    rng.shuffle(order)
    made = 0
    for at in order:
        if made < 4 and is_plain(article.sentences[at]):
            made += role_rows(scene(at))
    return rows


def synthetic(docs: Sequence[Doc], wordnet: Path | None, seed: int, block: int = 1500) -> tuple[list[Row], list[Row]]:
    """Rows made of parsed articles: the general mixture, and pairs of true and swapped roles and speakers.

    Articles of a block of `block` are edited with each other's names and phrases.
    """
    lexicon = Lexicon(wordnet)
    mixture: list[Row] = []
    pairs: list[Row] = []
    for number, start in enumerate(range(0, len(docs), block)):
        corpus = Corpus(docs[start : start + block])
        rng = random.Random(seed + number)
        for article in corpus.articles:
            mixture += general(article, corpus, lexicon, rng)
        rng = random.Random(seed + 87 + number)
        for article in corpus.articles:
            pairs += paired(article, corpus, lexicon, rng)
    return [row for row in mixture if len(row.claim) > 12], pairs
