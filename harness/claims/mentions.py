"""Who a short name or a pronoun stands for, where that is safe to say.

Two rules, both of which rather leave a mention alone than guess. A last name becomes the one full name before it
that ends (or, as in Kim Jong Un, begins) with it. "He" or "she" as a subject, or "his" or "her" inside one,
becomes the person who was the subject of the sentence before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.claims.speech import REPORTING
from harness.text import name_key, same_name

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

_GENDER = {"he": "m", "his": "m", "him": "m", "she": "f", "her": "f"}
_MALE = frozenset("mr sir lord king prince father baron duke pope".split())
_FEMALE = frozenset("mrs ms miss lady queen princess dame mother baroness duchess mme".split())
_TITLES = frozenset("mr mrs ms miss dr sir".split())
_OFFICES = _TITLES | frozenset(
    "mayor governor gov senator sen president judge sheriff minister sergeant captain chief coun cllr rep prof".split()
)
_CAPITALS = 0.02
_SUBJECTS = ("nsubj", "nsubjpass")


def resolve(doc: Doc, quoted: Mapping[int, bool]) -> dict[int, str]:
    """Replacements by token index: the full name for a short one or a pronoun, "" for a title before it.

    Tokens in quotes (`quoted`) are left as they were said.
    """
    inner = [t for t in doc if t.is_alpha and not t.is_sent_start]
    if sum(t.text[0].isupper() for t in inner) < _CAPITALS * len(inner):
        return {}  # lower-cased text: the names the model finds in it are halves
    people = _people(doc)
    replaced = _short_names(doc, people, quoted)
    focus: tuple[str, str] | None = None  # the person who is the subject of the sentence before, and the gender
    for sentence in doc.sents:
        said = _pronouns(sentence, focus, people, quoted)
        replaced.update(said)
        subject = _subject(sentence)
        if subject is None or quoted.get(subject.i):
            # a quote or a heading between two sentences about a person does not change who is talked about
            continue
        if subject.lower_ in _GENDER and focus and _agrees(focus, subject.lower_):
            focus = (focus[0], _GENDER[subject.lower_])
            continue
        named = next((people[t.i] for t in (subject, *subject.children) if t.i in people and t.dep_ != "poss"), None)
        focus = (named, _gender(doc, subject)) if named else None
    return replaced


def _people(doc: Doc) -> dict[int, str]:
    """The last token of every mention of a person -> the name as written, without titles."""
    out: dict[int, str] = {}
    for entity in doc.ents:
        if entity.label_ != "PERSON":
            continue
        words = [t for t in entity if t.tag_ != "POS" and not t.is_space]
        while words and words[-1].i + 1 < len(doc) and (t := doc[words[-1].i + 1]).pos_ == "PROPN" and t.is_title:
            words.append(t)  # the model often ends a name of three words after two
        while len(words) > 1 and words[0].lower_.rstrip(".") in _OFFICES:
            words = words[1:]
        if len(words) == 1 and words[0].lower_.rstrip(".") in _OFFICES:
            continue
        if words and all(w.text[0].isalpha() for w in words) and words[-1].text[0].isupper():
            out[words[-1].i] = doc[words[0].i : words[-1].i + 1].text
    return out


def _short_names(doc: Doc, people: dict[int, str], quoted: Mapping[int, bool]) -> dict[int, str]:
    replaced: dict[int, str] = {}
    full: dict[str, set[str]] = {}  # last (or first) name -> full names seen so far
    for token in doc:
        name = people.get(token.i)
        if name and " " in name:
            for part in (name.split()[0], token.text):
                if not any(same_name(name_key(name), name_key(k)) for k in full.get(part, ())):
                    full.setdefault(part, set()).add(name)
            continue
        known = full.get(token.text, ())
        alone = (
            token.pos_ == "PROPN"
            and token.dep_ not in ("compound", "appos", "flat")
            and not (token.i + 1 < len(doc) and doc[token.i + 1].pos_ == "PROPN")
            and not any(c.dep_ == "compound" and c.lower_.rstrip(".") not in _TITLES for c in token.children)
            and (not token.ent_type_ or token.ent_type_ in ("PERSON", "ORG", "GPE"))
        )
        if len(known) == 1 and alone and not quoted.get(token.i):
            people[token.i] = replaced[token.i] = next(iter(known))
            if token.i and doc[token.i - 1].lower_.rstrip(".") in _TITLES:
                replaced[token.i - 1] = ""
    return replaced


def _subject(sentence: Span) -> Token | None:
    for child in sentence.root.children:
        if child.dep_ in _SUBJECTS:
            return child
    return None


def _gender(doc: Doc, head: Token) -> str:
    before = {t.lower_.rstrip(".") for t in head.subtree if t.i < head.i}
    return "m" if before & _MALE else "f" if before & _FEMALE else ""


def _agrees(focus: tuple[str, str], pronoun: str) -> bool:
    return not focus[1] or focus[1] == _GENDER[pronoun]


def _pronouns(
    sentence: Span, focus: tuple[str, str] | None, people: Mapping[int, str], quoted: Mapping[int, bool]
) -> dict[int, str]:
    """The first pronoun of a sentence, when it is in the subject and no person is named before it."""
    if focus is None:
        return {}
    for token in sentence:
        if token.i in people:
            return {}
        if token.lower_ not in _GENDER or quoted.get(token.i):
            continue
        if not _agrees(focus, token.lower_):
            return {}
        if token.dep_ in _SUBJECTS and _top(token.head, sentence):
            return {token.i: focus[0]}
        owner = token.head
        if token.dep_ == "poss" and owner.dep_ in _SUBJECTS and owner.head == sentence.root:
            return {token.i: f"{focus[0]}'s"}
        return {}
    return {}


def _top(verb: Token, sentence: Span) -> bool:
    """Whether a verb is the sentence's own, what is reported in it ("TASS says he"), or says a quote ('," he said')."""
    if verb.lemma_.lower() in REPORTING and verb.dep_ in ("conj", "parataxis"):
        return True
    return verb == sentence.root or (verb.dep_ in ("ccomp", "advcl") and verb.head == sentence.root)
