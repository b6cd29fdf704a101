"""Words that may stand for others: two tables of pairs next to this file, and WordNet 3 where its folder is given.

`antonyms.txt` and `synonyms.txt` hold "one/other" entries divided by semicolons. Antonyms hold both ways; synonyms from
left to right, since "killed" may be told as "dead" while "dead" may not be told as "killed".
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable
from pathlib import Path

WORDNET_POS = {"NOUN": "n", "VERB": "v", "ADJ": "a", "ADV": "r"}


class Lexicon:
    """Antonyms, synonyms, inflected forms; `wordnet` is None where there is no such folder."""

    def __init__(self, wordnet: Path | None) -> None:
        self.antonyms: dict[str, list[str]] = collections.defaultdict(list)
        self.synonyms: dict[str, list[str]] = collections.defaultdict(list)
        for one, other in _pairs("antonyms"):
            self.antonyms[one].append(other)
            self.antonyms[other].append(one)
        for one, other in _pairs("synonyms"):
            self.synonyms[one].append(other)
        self.wordnet = WordNet(wordnet) if wordnet else None

    def inflect(self, lemma: str, tag: str) -> str | None:
        """The lemma in the form of a Penn tag by the regular rules; None where they do not tell the form."""
        silent_e = lemma.endswith("e")
        y_to_i = len(lemma) > 1 and lemma.endswith("y") and lemma[-2] not in "aeiou"
        if tag in ("VB", "VBP", "NN", "JJ", "RB"):
            return lemma
        if tag in ("NNS", "VBZ"):
            if y_to_i:
                return lemma[:-1] + "ies"
            return lemma + ("es" if re.search("(s|x|z|ch|sh)$", lemma) else "s")
        if tag in ("VBD", "VBN"):
            if self.wordnet and lemma in self.wordnet.irregular:
                return None
            if silent_e:
                return lemma + "d"
            return lemma[:-1] + "ied" if y_to_i else lemma + "ed"
        if tag == "VBG":
            return (lemma[:-1] if silent_e and not lemma.endswith("ee") else lemma) + "ing"
        return None


def _pairs(table: str) -> Iterable[tuple[str, str]]:
    entries = Path(__file__).with_name(f"{table}.txt").read_text(encoding="utf-8").replace("\n", " ").split(";")
    for entry in entries:
        one, _, other = entry.strip().partition("/")
        yield one, other


class WordNet:
    """Antonyms and synonyms by lemma and part of speech (n, v, a, r), read from a WordNet 3 dict folder."""

    def __init__(self, root: Path) -> None:
        self.senses: dict[tuple[str, str], list[str]] = {}
        self.words: dict[tuple[str, str], list[str]] = {}
        self.opposites: dict[tuple[str, str], list[tuple[int, str, int]]] = {}
        self.irregular: set[str] = set()
        self.counts: dict[tuple[str, str], dict[int, int]] = {}
        for pos, name in (("n", "noun"), ("v", "verb"), ("a", "adj"), ("r", "adv")):
            for fields in _fields(root / f"index.{name}"):
                self.senses[fields[0], pos] = fields[-int(fields[2]) :]
            for fields in _fields(root / f"data.{name}"):
                self._synset(pos, fields)
        for fields in _fields(root / "cntlist.rev"):
            lemma, _, rest = fields[0].partition("%")
            pos = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}[rest[0]]
            self.counts.setdefault((lemma, pos), {})[int(fields[1])] = int(fields[2])
        for fields in _fields(root / "verb.exc"):
            if len(fields) > 1 and "_" not in fields[0]:
                self.irregular.add(fields[1])

    def _synset(self, pos: str, fields: list[str]) -> None:
        size = int(fields[3], 16)
        self.words[pos, fields[0]] = [re.sub(r"\(.*", "", word) for word in fields[4 : 4 + 2 * size : 2]]
        at = 4 + 2 * size
        pointers = int(fields[at])
        for start in range(at + 1, at + 1 + 4 * pointers, 4):
            kind, other, _, ends = fields[start : start + 4]
            if kind == "!":
                mine, theirs = int(ends[:2], 16) - 1, int(ends[2:], 16) - 1
                self.opposites.setdefault((pos, fields[0]), []).append((mine, other, theirs))

    def antonyms(self, lemma: str, pos: str) -> list[str]:
        """Single words opposite to the lemma in one of its two first senses."""
        found = []
        for sense in self.senses.get((lemma, pos), [])[:2]:
            for mine, other, theirs in self.opposites.get((pos, sense), []):
                there = self.words.get((pos, other), [])
                if there and (mine < 0 or self.words[pos, sense][mine].lower() == lemma):
                    found.append(there[max(theirs, 0)])
        return [word for word in dict.fromkeys(found) if "_" not in word]

    def synonyms(self, lemma: str, pos: str) -> list[str]:
        """Single words of the lemma's first sense, where that is by far the most frequent and theirs too."""
        senses = self.senses.get((lemma, pos), [])
        counts = self.counts.get((lemma, pos), {})
        if not senses or (len(senses) > 1 and counts.get(1, 0) < max(3, 0.75 * sum(counts.values()))):
            return []
        return [
            word
            for word in self.words[pos, senses[0]]
            if "_" not in word
            and word.lower() != lemma
            and word[0].islower()
            and self.senses.get((word.lower(), pos), [""])[0] == senses[0]
        ]


def _fields(path: Path) -> Iterable[list[str]]:
    """The fields of each line of a WordNet file, without the licence at its head and the gloss."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith(" "):
                yield line.split(" | ")[0].split()
