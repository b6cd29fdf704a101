"""Names of people, organisations and places, and what two spellings of one name have in common."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from harness.text.date import MONTHS, WEEKDAYS
from harness.text.sentence import sentences
from harness.text.token import STOP_WORDS
from harness.text.vocabulary import ONES, OPENERS, ORDINALS, TENS

if TYPE_CHECKING:
    from spacy.tokens import Doc

NameKind = Literal["person", "organisation", "place", "other"]
_KINDS: dict[str, NameKind] = {
    "PERSON": "person", "ORG": "organisation", "GPE": "place", "LOC": "place", "FAC": "place", "NORP": "other",
    "EVENT": "other", "PRODUCT": "other", "WORK_OF_ART": "other", "LAW": "other",
}  # fmt: skip
_TITLES = frozenset(
    """mr mrs ms miss dr doctor prof professor sir dame lord lady baroness president vice prime minister chancellor
    secretary foreign defence defense interior finance health justice education home state governor mayor senator
    congressman congresswoman representative councillor cllr mp judge justice attorney general lieutenant colonel
    major captain commander admiral sergeant sgt lt col gen maj capt officer chief inspector detective superintendent
    constable det insp ch supt king queen prince princess pope cardinal archbishop bishop father rev reverend sheikh
    imam rabbi chairman chairwoman chief executive ceo director coach manager striker midfielder defender goalkeeper
    captain spokesman spokeswoman comrade leader actor actress singer deputy assistant acting former ex the""".split()
)
_SUFFIXES = frozenset("jr sr ii iii iv obe mbe cbe mp qc kc inc ltd plc corp co llc llp".split())
# What a title stands before in the name of an institution or a post: the Home Office is not "office".
_HEADS = _TITLES | frozenset(
    """office ministry department minister ministers board college motors electric affairs court agency service bank
    hospital party committee council university school street road mills foods""".split()
)
# Different names of one thing, and the adjective that news uses for a country.
_SAME = {
    "united states": "us, usa, u s, america, american, americans, united states of america",
    "united kingdom": "uk, britain, great britain, british, britons, briton",
    "european union": "eu", "united nations": "un", "nato": "north atlantic treaty organization",
    "north korea": "dprk, democratic people's republic of korea, democratic peoples republic of korea, north korean, north koreans",
    "south korea": "rok, republic of korea, south korean, south koreans",
    "russia": "russian, russians, russian federation, kremlin", "ukraine": "ukrainian, ukrainians",
    "china": "chinese, people's republic of china, prc", "taiwan": "taiwanese",
    "japan": "japanese", "iran": "iranian, iranians", "israel": "israeli, israelis",
    "palestine": "palestinian, palestinians", "syria": "syrian, syrians", "iraq": "iraqi, iraqis",
    "saudi arabia": "saudi, saudis", "yemen": "yemeni, yemenis", "egypt": "egyptian, egyptians",
    "turkey": "turkish, turks, turkiye", "lebanon": "lebanese", "jordan": "jordanian, jordanians",
    "india": "indian, indians", "pakistan": "pakistani, pakistanis", "nepal": "nepalese, nepali",
    "afghanistan": "afghan, afghans", "bangladesh": "bangladeshi, bangladeshis", "sri lanka": "sri lankan",
    "france": "french, frenchman", "germany": "german, germans", "italy": "italian, italians", "austria": "austrian",
    "spain": "spanish, spaniard, spaniards", "portugal": "portuguese", "netherlands": "dutch, holland",
    "belgium": "belgian, belgians", "poland": "polish, poles", "greece": "greek, greeks", "hungary": "hungarian",
    "sweden": "swedish, swedes", "norway": "norwegian, norwegians", "denmark": "danish, danes", "finland": "finnish, finns",
    "ireland": "irish", "scotland": "scottish, scots", "wales": "welsh", "england": "english", "switzerland": "swiss",
    "czech republic": "czech, czechs, czechia", "romania": "romanian, romanians", "serbia": "serbian, serbs, serb",
    "belarus": "belarusian", "canada": "canadian, canadians", "mexico": "mexican, mexicans", "cuba": "cuban, cubans",
    "brazil": "brazilian, brazilians", "argentina": "argentine, argentinian", "colombia": "colombian, colombians",
    "venezuela": "venezuelan, venezuelans", "australia": "australian, australians",
    "new zealand": "new zealander, new zealanders", "south africa": "south african, south africans",
    "nigeria": "nigerian, nigerians", "kenya": "kenyan, kenyans", "ethiopia": "ethiopian", "somalia": "somali, somalis",
    "philippines": "filipino, filipinos, philippine", "indonesia": "indonesian, indonesians", "vietnam": "vietnamese",
    "thailand": "thai, thais", "malaysia": "malaysian, malaysians", "europe": "european, europeans",
    "africa": "african, africans", "asia": "asian, asians", "islam": "muslim, muslims, islamic",
    "christianity": "christian, christians", "islamic state": "isis, isil, is, daesh",
    "republican party": "republican, republicans, gop", "democratic party": "democrat, democrats, democratic",
    "conservative party": "conservative, conservatives, tory, tories", "labour party": "labour",
    "new york": "new york city, nyc", "associated press": "ap", "white house": "white house administration",
}  # fmt: skip
CAPITALS = {  # stand for their countries, too
    "washington": "united states", "pyongyang": "north korea", "seoul": "south korea", "moscow": "russia",
    "kyiv": "ukraine", "kiev": "ukraine", "beijing": "china", "taipei": "taiwan", "tokyo": "japan", "tehran": "iran",
    "damascus": "syria", "baghdad": "iraq", "riyadh": "saudi arabia", "cairo": "egypt", "ankara": "turkey",
    "beirut": "lebanon", "new delhi": "india", "islamabad": "pakistan", "kabul": "afghanistan",
    "the hague": "netherlands", "ottawa": "canada", "canberra": "australia",
}  # fmt: skip
_ALIASES = CAPITALS | {alias: name for name, aliases in _SAME.items() for alias in [name, *aliases.split(", ")]}
# Letters that do not decompose into a plain one and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"})
_SMALL = frozenset("of the and for in on at to de la le du von van der den bin al el".split())


@dataclass(frozen=True, slots=True)
class Name:
    """A person, organisation or place as it is written, and its key: no title, case or accent, one for U.S. and America."""

    text: str
    start: int
    end: int
    kind: NameKind
    key: str

    def comparable(self, other: Name) -> bool:
        """Whether both name the same type of thing, as far as one can tell."""
        return self.kind == other.kind or "other" in (self.kind, other.kind)

    def compatible(self, other: Name) -> bool:
        """Whether both can name the same thing: the same key, a last name and a full name, an acronym, a variant."""
        return same_name(self.key, other.key)


def name_key(name: str) -> str:
    """What two spellings of one name have in common.

    >>> name_key("Russian Foreign Minister Sergey Lavrov"), name_key("the U.S."), name_key("America's")
    ('sergey lavrov', 'united states', 'united states')
    >>> name_key("Saint-Étienne"), name_key("St. Etienne")
    ('st etienne', 'st etienne')
    """
    plain = re.sub(r"['’]s?(?=\s|$)", "", name).replace(".", " " if ". " in name else "").strip(" ,;:-–—\"“”‘’'()")
    tokens = ["st" if t == "saint" else t for t in re.sub(r"[^\w\s&/'’]", " ", unaccented(plain.lower())).split()]
    if tokens[:1] == ["the"]:
        tokens = tokens[1:]
    if known := _ALIASES.get(" ".join(tokens)):
        return known
    while len(tokens) > 1 and tokens[-1] in _SUFFIXES:
        tokens = tokens[:-1]
    titled = 0
    while titled < len(tokens) - 1 and (
        tokens[titled] in _TITLES or (tokens[titled] in _ALIASES and tokens[titled + 1] in _TITLES)
    ):
        titled += 1
    if titled and tokens[titled] not in _SMALL and not (titled == len(tokens) - 1 and tokens[titled] in _HEADS):
        tokens = tokens[titled:]
    key = " ".join(tokens)
    return _ALIASES.get(key, key)


def unaccented(lowered: str) -> str:
    """The text without accents, special letters spelled plainly."""
    marked = unicodedata.normalize("NFKD", lowered)
    return "".join(c for c in marked if not unicodedata.combining(c)).translate(_PLAIN)


@lru_cache(maxsize=100_000)
def same_name(one: str, two: str) -> bool:
    """Whether two name keys can be the same name.

    >>> same_name("kim jong un", "kim"), same_name("john smith", "jane smith"), same_name("fbi", "federal bureau of investigation")
    (True, False, True)
    """
    if one == two:
        return True
    if not one or not two:
        return False
    short, long = sorted((one.split(), two.split()), key=len)
    if len(short) == 1 and len(long) > 1 and len(short[0]) > 1:
        weighty = [t for t in long if t not in _SMALL]
        if short[0] in ("".join(t[0] for t in weighty), "".join(t[0] for t in long)):
            return True
    matched = [next((i for i, t in enumerate(long) if _same_token(s, t)), None) for s in short]
    if None in matched or not any(len(t) > 1 and t not in _SMALL for t in short):
        return False
    if sum(len(s) > 1 and s not in long for s in short) > 1:
        return False  # one part may be spelled otherwise (Sergei, Sergey), not two
    # a part stands for the whole when it holds the last name or, as in Kim Jong Un, the first
    return len(short) > 1 or matched[0] in (0, len(long) - 1)


def _same_token(one: str, two: str) -> bool:
    if one == two or (len(one) == 1 and two.startswith(one)) or (len(two) == 1 and one.startswith(two)):
        return True
    if min(len(one), len(two)) < 5 or abs(len(one) - len(two)) > 1 or one[0] != two[0]:
        return False
    if one.rstrip("s") == two.rstrip("s"):
        return True
    i = next((k for k, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return one[i + 1 :] == two[i + 1 :] or one[i:] == two[i + 1 :] or one[i + 1 :] == two[i:]


_CAPITALISED = re.compile(
    r"(?:[A-Z](?:\.[A-Z])+\.?|[^\W\d_a-zà-ÿ][\w’'&-]*)(?:\s+(?:(?:of|the|de|la|van|von|bin|al)\s+){0,2}(?:[A-Z]\.|[^\W\d_a-zà-ÿ][\w’'&-]*))*"
)
_NO_NAMES = STOP_WORDS | OPENERS | frozenset(
    [*MONTHS, *WEEKDAYS, *_TITLES, *ONES, *TENS, *ORDINALS, "gmt", "bst", "est", "today", "yesterday", "despite", "since",
     "although", "following", "according", "one", "two", "many", "several", "now", "two", "both", "most", "all", "yes", "mps", "pm", "tv"]
)  # fmt: skip


def names(source: str | Doc) -> list[Name]:
    """The people, organisations and places a text names, in order.

    A parsed text (`parse`) is read by the model's named entities, a plain string by its capitals (fast, no model; a
    capital that opens a sentence counts only when more follow).

    >>> [n.key for n in names("Earlier Mr. Lavrov met Kim Jong Un in Wonsan.")]
    ['lavrov', 'kim jong un', 'wonsan']
    """
    found = _capitalised(source) if isinstance(source, str) else _entities(source)
    return sorted(found, key=lambda n: n.start)


def _name(text: str, start: int, end: int, kind: NameKind) -> Name | None:
    while start < end and (lead := re.match(r"(?:the|a|an)\s+|[\s\"“”‘’'`(\[-]+", text[start:end], re.I)):
        start += lead.end()
    tail = re.search(r"(?:['’]s|['’]|[\s\"“”.,;:!?)\]-]+)$", text[start:end])
    if tail and not re.fullmatch(r"(?:[A-Za-z]\.)+", text[start:end]):
        end = start + tail.start()
    key = name_key(text[start:end])
    return Name(text[start:end], start, end, kind, key) if key and any(c.isalpha() for c in key) else None


def _entities(doc: Doc) -> list[Name]:
    out = []
    for entity in doc.ents:
        kind = _KINDS.get(entity.label_)
        if kind and (made := _name(doc.text, entity.start_char, entity.end_char, kind)) and made.key not in _NO_NAMES:
            out.append(made)
    return out


def _capitalised(text: str) -> list[Name]:
    out = []
    starts = [s.start for s in sentences(text)]
    for match in _CAPITALISED.finditer(text):
        tokens = [(m.start() + match.start(), m.end() + match.start()) for m in re.finditer(r"\S+", match.group())]
        while (
            tokens
            and text[slice(*tokens[0])].lower().rstrip(".,") in _NO_NAMES
            and text[slice(*tokens[0])] not in ("US", "IS")
        ):
            tokens = tokens[1:]
        while tokens and text[slice(*tokens[-1])].lower() in _NO_NAMES and text[slice(*tokens[-1])] not in ("US", "IS"):
            tokens = tokens[:-1]
        if not tokens:
            continue
        first = starts[bisect_right(starts, tokens[0][0]) - 1] if starts else 0
        opens = not any(c.isalnum() for c in text[first : tokens[0][0]])
        word = text[slice(*tokens[0])]
        if opens and len(tokens) == 1 and not (word.isupper() and len(word) > 1) and name_key(word) not in _SAME:
            continue
        if made := _name(text, tokens[0][0], tokens[-1][1], "other"):
            out.append(made)
    return out
