"""Who did what to whom, and who said it: the same statement with its parts exchanged.

A small network hardly sees that "Dunn shot the suspect" and "the suspect shot Dunn" differ. `exchanged` compares the
clauses of a claim with those of the sentences it was aligned with: agent and patient in exchanged places, the same
deed by somebody else, the same words from another speaker. It reads parses, passive as well as active, and keeps
silent where it is not sure who is meant (pronouns, clauses about other things).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.text import STOP_WORDS, parse, stem

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

VERSION = "2"
ALIKE = 0.5  # cosine similarity from which two reported statements are about the same
AHEAD = 0.08  # by how much another speaker's statement must be closer than the nearest of the named speaker

_SPEECH = frozenset(
    """say tell announce add argue claim warn explain note believe state insist report confirm reveal disclose declare
    suggest predict admit deny charge allege complain promise urge feel expect caution maintain criticise criticize call
    demand describe advise think write concede acknowledge estimate forecast blame praise accuse condemn welcome reject
    respond reply stress emphasise emphasize recall""".split()
)
_LIGHT = frozenset("be have do make take get go come give put keep let see become use include lead begin start".split())
# Verbs that say the same with agent and patient exchanged: A beat B, B lost to A.
_CONVERSE = {
    **dict.fromkeys("beat defeat thrash edge overcome eliminate".split(), (0, 0)),
    "lose": (0, 1),
    **dict.fromkeys(
        "sell give hand send pay lend supply provide deliver award grant offer donate".split(),
        (1, 0),
    ),
    **dict.fromkeys(
        "buy receive get accept take borrow purchase acquire obtain inherit".split(),
        (1, 1),
    ),
    **dict.fromkeys("tell teach inform".split(), (2, 0)),
    **dict.fromkeys("hear learn".split(), (2, 1)),
}
_AMERICA = frozenset(stem(word) for word in "us usa states america washington".split())
_NAMED = frozenset(("PERSON", "ORG", "GPE", "NORP"))
_OF_A_NAME = frozenset(("compound", "amod", "appos", "nmod", "poss"))
_ROLE_PREPOSITIONS = frozenset("to from against with by of".split())


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is exchanged: "role" or "attribution", as the claim has it and as the evidence has it."""

    kind: str
    claim: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.claim} against {self.evidence}"


@dataclass(frozen=True, slots=True)
class _Party:
    """Somebody or something that takes part: its head, the stems of its words and of its name if it has one."""

    head: str
    stems: frozenset[str]
    name: frozenset[str]
    known: bool  # not a pronoun
    person: bool

    def same(self, other: _Party) -> bool:
        if self.name and other.name:
            return bool(self.name & other.name)
        return stem(self.head.lower()) in other.stems or stem(other.head.lower()) in self.stems

    def differs(self, other: _Party) -> bool:
        """Two people's names without a word in common. An organisation and its spokesman would be hard to tell apart."""
        return bool(self.person and other.person and self.name and other.name and not self.name & other.name)


@dataclass(frozen=True, slots=True)
class _Deed:
    verb: str
    agent: _Party | None
    patients: tuple[_Party, ...]
    around: frozenset[str]  # all stems of the sentence


@dataclass(frozen=True, slots=True)
class Saying:
    """A reported statement: who said it and the words of what was said."""

    speaker: _Party
    content: str


@dataclass(frozen=True, slots=True)
class _Clauses:
    deeds: tuple[_Deed, ...]
    sayings: tuple[Saying, ...]


def exchanged(claim: str, evidence: Sequence[str]) -> list[Exchange]:
    """Parts of a claim that its evidence has in other places; nothing where any of the evidence bears the claim out.

    >>> [str(e) for e in exchanged("The suspect shot Mark Dunn.", ["Officer Mark Dunn shot the suspect on Friday."])]
    ['role: suspect shoot Dunn against Dunn shoot suspect']
    >>> exchanged("The suspect was shot by Mark Dunn.", ["Officer Mark Dunn shot the suspect on Friday."])
    []
    """
    deeds = [deed for text in evidence for deed in _clauses(text).deeds]
    return list(_roles(_clauses(claim).deeds, deeds))


def sayings(text: str) -> tuple[Saying, ...]:
    """The reported statements of a text whose speaker is more than a pronoun."""
    return tuple(saying for saying in _clauses(text).sayings if saying.speaker.known and saying.content)


def _named(agent: _Party, other: _Party, patient: _Party, them: _Party) -> bool:
    """Whether both parties have a name in one text at least."""
    return bool((agent.name or them.name) and (patient.name or other.name))


def misattributed(claim: Saying, others: Sequence[Saying], similarity: Sequence[float]) -> Exchange | None:
    """The claim's statement in another's mouth: the nearest statement is by somebody else, its speaker's own is not near."""
    own = [value for value, other in zip(similarity, others, strict=True) if claim.speaker.same(other.speaker)]
    best = max(range(len(others)), key=lambda i: similarity[i], default=None)
    if best is None or similarity[best] < ALIKE or not claim.speaker.differs(others[best].speaker):
        return None
    if own and max(own) > similarity[best] - AHEAD:
        return None
    return Exchange("attribution", claim.speaker.head, others[best].speaker.head)


def _roles(mine: Iterable[_Deed], theirs: Sequence[_Deed]) -> Iterator[Exchange]:
    for deed in mine:
        if not deed.agent or not deed.agent.known:
            continue
        for patient in deed.patients:
            if not patient.known or patient.same(deed.agent):
                continue
            verdicts = [v for other in theirs if (v := _compare(deed, deed.agent, patient, other, theirs)) is not None]
            if verdicts and not any(verdict == "" for verdict in verdicts):
                yield Exchange("role", f"{deed.agent.head} {deed.verb} {patient.head}", verdicts[0])
                return


def _compare(deed: _Deed, agent: _Party, patient: _Party, other: _Deed, beside: Sequence[_Deed]) -> str | None:
    """ "" if the other deed bears this one out, what it says if it speaks against it, None if it is about other things."""
    if not other.agent or not other.agent.known:
        return None
    turned = False
    mine, theirs = _CONVERSE.get(deed.verb), _CONVERSE.get(other.verb)
    if mine and theirs and mine[0] == theirs[0]:
        turned = mine[1] != theirs[1]
    elif (mine and mine[1]) or (theirs and theirs[1]):
        return None
    for them in other.patients:
        if not them.known or (turned and not (patient.name and them.name)):
            continue  # what is sold is what is bought: only the parties change places
        straight = agent.same(other.agent) and patient.same(them)
        crossed = agent.same(them) and patient.same(other.agent)
        if straight == crossed:
            continue
        if straight != turned:
            return ""
        if deed.verb != other.verb and not (turned or _named(agent, other.agent, patient, them)):
            continue  # another verb tells of another deed, unless it is about the same two
        return f"{other.agent.head} {other.verb} {them.head}"
    telling = deed.verb == other.verb and deed.verb not in _LIGHT | _SPEECH and agent.differs(other.agent)
    if telling and any(patient.same(them) for them in other.patients) and _elsewhere(agent, other, beside):
        return f"{other.agent.head} {other.verb} {patient.head}"
    return None


def _elsewhere(agent: _Party, other: _Deed, theirs: Sequence[_Deed]) -> bool:
    """Whether the sentence of a deed does not have the agent, or has it as the agent of another deed only."""
    if not agent.name & other.around:
        return True
    beside = [deed for deed in theirs if deed.around is other.around and deed.agent and deed.agent.same(agent)]
    return bool(beside) and all(deed.verb != other.verb for deed in beside)


# ------------------------------------------------------------------------------------------------ clauses of a parse


@lru_cache(maxsize=20_000)
def _clauses(text: str) -> _Clauses:
    doc = parse([text])[0]
    return _Clauses(tuple(_deeds(doc)), tuple(_sayings(doc)))


def _party(token: Token) -> _Party:
    words = [t for t in token.subtree if t.i == token.i or (t.head.i == token.i and t.dep_ in _OF_A_NAME)]
    words += [t for w in words if w.dep_ == "appos" for t in w.subtree if t.dep_ == "compound" and t not in words]
    names = [t for t in words if (t.ent_type_ in _NAMED or (t.pos_ == "PROPN" and not token.ent_type_)) and t.is_alpha]
    name = {stem(t.lower_) for t in names}
    if name & _AMERICA:
        name.add("usa")
    return _Party(
        token.text,
        frozenset(stem(t.lower_) for t in words if t.is_alpha and t.lower_ not in STOP_WORDS) | {stem(token.lower_)},
        frozenset(name),
        token.pos_ in ("NOUN", "PROPN") or bool(token.ent_type_),
        token.ent_type_ == "PERSON" or (token.pos_ == "PROPN" and not token.ent_type_),
    )


def _agent(verb: Token) -> Token | None:
    """The one who does it: the subject, the by-phrase of a passive, or the subject it shares with another verb."""
    passive = any(c.dep_ in ("nsubjpass", "auxpass") for c in verb.children)
    if passive:
        by = next((c for c in verb.children if c.dep_ == "agent"), None)
        return next((c for c in by.children if c.dep_ == "pobj"), None) if by is not None else None
    subject = next((c for c in verb.children if c.dep_ == "nsubj"), None)
    if subject is not None:
        if subject.lower_ in ("who", "which", "that") and verb.dep_ == "relcl":
            head = verb.head
            if head.pos_ == "PRON" and head.head.dep_ != "ROOT":
                return head
            return next((c for c in head.head.children if c.dep_ == "attr"), head) if head.lower_ == "it" else head
        return subject
    if verb.dep_ in ("conj", "xcomp", "advcl") and verb.head.pos_ in ("VERB", "AUX"):
        if verb.dep_ == "xcomp":
            asked = next((c for c in verb.head.children if c.dep_ in ("dobj", "nsubjpass")), None)
            if asked is not None:
                return asked
        return _agent(verb.head) if verb.head.i != verb.i else None
    if verb.dep_ == "acl" and verb.tag_ == "VBG":
        return verb.head
    return None


def _patients(verb: Token) -> list[Token]:
    out = [c for c in verb.children if c.dep_ in ("dobj", "obj", "dative", "nsubjpass", "oprd") and c.pos_ != "ADP"]
    for prep in verb.children:
        if prep.dep_ in ("prep", "dative") and prep.lower_ in _ROLE_PREPOSITIONS:
            out += [c for c in prep.children if c.dep_ == "pobj"]
    for child in list(out):
        for prep in child.children:
            if prep.dep_ == "prep" and prep.lower_ in ("to", "from", "against", "with"):
                out += [c for c in prep.children if c.dep_ == "pobj"]
    # the subject of what was said, wanted or asked of somebody: "accused the president of ...", "asked her to ..."
    for clause in verb.children:
        if clause.dep_ in ("ccomp", "xcomp"):
            out += [c for c in clause.children if c.dep_ in ("nsubj", "nsubjpass")]
    if verb.dep_ == "acl" and verb.tag_ == "VBN":
        out.append(verb.head)
    if verb.dep_ == "relcl" and any(
        c.dep_ in ("dobj", "nsubjpass") and c.lower_ in ("who", "whom", "which", "that") for c in verb.children
    ):
        out = [verb.head if c.lower_ in ("who", "whom", "which", "that") else c for c in out]
    return out


def _all(token: Token) -> list[Token]:
    return [token, *(c for c in token.conjuncts)]


def _deeds(doc: Doc) -> Iterator[_Deed]:
    around = {sent.start: frozenset(stem(t.lower_) for t in sent if t.is_alpha) for sent in doc.sents}
    for verb in doc:
        if verb.pos_ not in ("VERB",):
            continue
        agent = _agent(verb)
        patients = tuple(_party(t) for p in _patients(verb) for t in _all(p))
        for one in _all(agent) if agent is not None else [None]:
            yield _Deed(
                verb.lemma_.lower(),
                _party(one) if one is not None else None,
                patients,
                around[verb.sent.start],
            )


def _words(tokens: Iterable[Token]) -> str:
    return " ".join(t.text for t in sorted(tokens, key=lambda t: t.i) if not t.is_punct)


def _sayings(doc: Doc) -> Iterator[Saying]:
    for token in doc:
        if token.pos_ == "VERB" and token.lemma_.lower() in _SPEECH:
            speaker = _agent(token)
            said = [c for c in token.children if c.dep_ in ("ccomp", "xcomp", "dobj", "parataxis", "prep", "advcl")]
            if token.dep_ in ("parataxis", "ccomp", "advcl") and not any(c.dep_ in ("ccomp", "dobj") for c in said):
                said = [token.head]
            if speaker is None or not said:
                continue
            own = {t.i for t in speaker.subtree} | {token.i}
            yield Saying(
                _party(speaker),
                _words({t for s in said for t in s.subtree if t.i not in own}),
            )
        elif token.lower_ == "according" and token.i + 1 < len(doc) and doc[token.i + 1].lower_ == "to":
            source = next((c for c in doc[token.i + 1].children if c.dep_ == "pobj"), None)
            if source is not None:
                own = {t.i for t in source.subtree} | {token.i, token.i + 1}
                yield Saying(_party(source), _words(t for t in token.sent if t.i not in own))
