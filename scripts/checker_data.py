"""Training pairs for the embedded checker: labelled ones from files, synthetic ones made of parsed news.

A *row* is (claim, passage, label, wrong spans or None, kind): label 0 supported, 1 contradicted, 2 not mentioned, 3 one
of the latter two; a wrong span (start, end) marks characters of the claim that the passage does not bear out; None
where nobody said which they are. `kind` names the source or the edit.

Supported claims are sentences made shorter, direct, passive, split, fused, or reworded (names shortened, numbers and
dates written otherwise, synonyms). Wrong ones change one thing of such a claim: a name, number, date, role, speaker,
negation, antonym, hedge, an added phrase, the predicate of another sentence; or ask for what other sentences say.
Each edit of a claim has supported neighbours made the same way, so that the way it was made tells nothing.
"""

from __future__ import annotations

import collections
import contextlib
import difflib
import json
import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness import text as harness_text

Row = tuple[str, str, int, Any, str]

# Sources with non-commercial terms are not read; one-class and guessable ones are capped (pairs each).
NON_COMMERCIAL = {"anli_dev", "control", "averitec", "sick", "wsj_sample"}
CAPS = {
    "politihop": 0,
    "dnc_factuality": 0,
    "dnc_kg_relations": 0,
    "dnc_megaveridicality": 0,
    "dnc_verbnet": 0,
    "dnc_fw_spatial": 100,
    "begin": 500,
    "contractnli": 400,
    "healthver": 1800,
    "climate_fever": 1800,
    "factcg_cg2c_musique": 500,
    "mctest": 500,
    "med": 1000,
    "help": 500,
    "scone": 500,
    "q2_wow": 400,
    "wikifactcheck": 1500,
    "citation_integrity": 350,
    "fnc1_stance": 600,
    "mpe": 500,
    "folio": 600,
}
NEWS_CAPS = {
    "wikinews_vanatteveldt": 264,
    "wikinews_dimitrakatseli": 44,
    "wikinews_gum": 23,
    "bbc2225": 1600,
    "wsj_sample": 0,
    "brown_press": 200,
    "abc2006": 900,
    "reuters21578": 700,
    "giveme5w1h": 379,
    "fnc1_bodies": 700,
    "horne2017_real": 105,
    "article_bias": 2600,
}
LABELS = {"supported": 0, "contradicted": 1, "not_mentioned": 2, "not_supported": 3}
PASSAGE_WORDS = 95
NEWS_WORDS = 320
MAY_BE_TRAINED_ON = ("summedits_samsum", "summedits_scitldr", "entfa", "polytope")
LOOKED_AT = ("qags_cnndm", "qags_xsum", "cliff", "summedits_news", "summeval")

STOP = set(
    "a an the of to in on at for by with and or but is are was were be been has have had it its he she they his her "
    "their this that as from not no will would said says who which what when i you we".split()
)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def sentences(text: str) -> list[str]:
    return [span.text for span in harness_text.sentences(text)]


def select(premise: str, claim: str, longest: int = PASSAGE_WORDS) -> str:
    """The sentences of a premise that share most words with the claim, in order, up to `longest` words."""
    if len(premise.split()) <= longest:
        return premise
    units = sentences(premise)
    wanted = {w for w in words(claim) if w not in STOP}
    ranked = sorted(
        range(len(units)),
        key=lambda i: (
            -len(wanted & set(words(units[i]))) / (len(units[i].split()) + 8) ** 0.3,
            i,
        ),
    )
    kept: list[int] = []
    total = 0
    for i in ranked:
        size = len(units[i].split())
        if kept and total + size > longest:
            continue
        kept.append(i)
        total += size
        if total > longest * 0.8:
            break
    return " ".join(units[i] for i in sorted(kept))


def labelled_pairs(path: Path, rng: random.Random) -> list[Row]:
    """Rows of pairs.jsonl: capped per source, long premises cut to the sentences that bear on the claim."""
    by_source: dict[str, list[dict[str, str]]] = collections.defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["source"] not in NON_COMMERCIAL:
                by_source[record["source"]].append(record)
    rows: list[Row] = []
    for source, records in by_source.items():
        rng.shuffle(records)
        for r in records[: CAPS.get(source, len(records))]:
            label = LABELS[r["label"]]
            rows.append(
                (
                    r["claim"],
                    select(r["premise"], r["claim"]),
                    label,
                    [] if label == 0 else None,
                    source,
                )
            )
    return rows


# ------------------------------------------------------------------------------------------------ judged summaries


def read_set(folder: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    with (folder / "documents.jsonl").open(encoding="utf-8") as lines:
        documents = {d["doc_id"]: d for d in map(json.loads, lines)}
    with (folder / "records.jsonl").open(encoding="utf-8") as lines:
        return documents, [json.loads(line) for line in lines]


def _pieces(text: str) -> set[str]:
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    return {plain[i : i + 40] for i in range(max(1, len(plain) - 40))}


def judged_summaries(folder: Path, held: Sequence[str], rng: random.Random, key_facts: int = 3500) -> list[Row]:
    """Rows of the sets that may be trained on, without any document that stands in a set we choose or look by.

    `held` are the realsumm documents kept for looking. The edits of summedits, the error spans of polytope and the
    entities of entfa say which words are wrong.
    """
    taken: set[str] = set()
    seen: set[str] = set()
    for name in LOOKED_AT:
        for document in read_set(folder / name)[0].values():
            taken.add(document["split_key"])
            seen |= _pieces(document["document"])
    facts_documents, facts_records = read_set(folder / "realsumm")
    for doc_id in held:
        taken.add(facts_documents[doc_id]["split_key"])
        seen |= _pieces(facts_documents[doc_id]["document"])
    rows: list[Row] = []
    for name in MAY_BE_TRAINED_ON:
        documents, records = read_set(folder / name)
        clean = {}
        for doc_id, document in documents.items():
            pieces = _pieces(document["document"])
            clean[doc_id] = document["split_key"] not in taken and len(pieces & seen) / max(1, len(pieces)) < 0.1
        for record in records:
            if clean[record["doc_id"]]:
                rows += _judged(name, record, documents[record["doc_id"]]["document"], rng)
    facts: list[Row] = []
    for record in facts_records:
        if record["doc_id"] in held:
            continue
        for fact in record["key_facts"]:
            yes, votes = fact["votes"]
            if yes in (0, votes) or rng.random() < 0.3:
                premise = select(record["summary"], fact["text"], 80)
                facts.append(
                    (
                        fact["text"],
                        premise,
                        0 if fact["present"] else 3,
                        [] if fact["present"] else None,
                        "realsumm",
                    )
                )
    rng.shuffle(facts)
    return rows + facts[:key_facts]


def _judged(name: str, record: dict[str, Any], document: str, rng: random.Random) -> Iterable[Row]:
    summary = record["summary"]
    if name == "entfa":
        wrong = [(e["start"], e["end"]) for e in record["entities"] if e["label"] != "Non-hallucinated"]
        yield (
            summary,
            select(document, summary),
            0 if record["label"] else 3,
            wrong or ([] if record["label"] else None),
            name,
        )
    elif name == "polytope":
        kinds = (
            "Inaccuracy_internal",
            "Inaccuracy_external",
            "Positive_Negative_Aspect",
        )
        errors = [e["text"] for e in record["errors"] if e["subtype"] in kinds]
        if any(e is None for e in errors):
            return
        for claim in sentences(summary):
            wrong = [(at, at + len(e)) for e in errors if (at := claim.find(e)) >= 0]
            if wrong:
                yield claim, select(document, claim), 3, wrong, name
            elif not errors and rng.random() < 0.12:
                yield claim, select(document, claim), 0, [], name
    else:
        seed, spans = (
            record["original_summary"],
            [(m.start(), m.end()) for m in re.finditer(r"\S+", summary)],
        )
        changed = [
            (spans[j1][0], spans[j2 - 1][1])
            for tag, _, _, j1, j2 in difflib.SequenceMatcher(
                None, seed.split(), summary.split(), autojunk=False
            ).get_opcodes()
            if tag != "equal" and j2 > j1
        ]
        for claim in sentences(summary):
            begin = summary.find(claim)
            wrong = [(a - begin, b - begin) for a, b in changed if b > begin and a < begin + len(claim)]
            if record["label"] == 1:
                yield claim, select(document, claim), 0, [], name
            elif wrong:
                yield claim, select(document, claim), 3, wrong, name


# ------------------------------------------------------------------------------------------------ news, parsed


def news_texts(path: Path, rng: random.Random) -> list[str]:
    """The heads of the news articles, capped per source, in random order."""
    by_source: dict[str, list[str]] = collections.defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            by_source[record["source"]].append(record["text"])
    texts: list[str] = []
    for source, found in by_source.items():
        rng.shuffle(found)
        texts += found[: NEWS_CAPS.get(source, len(found))]
    rng.shuffle(texts)
    return [" ".join(t.split()[:NEWS_WORDS]) for t in texts]


SAME_PARTICIPLE = set(
    "won led held told met made bought sold shot hit cut found left lost sent paid built kept".split()
)


def _pairs(table: str) -> list[tuple[str, str]]:
    """The pairs of a table "one/other; one/other"."""
    return [
        (one, other)
        for one, _, other in (entry.strip().partition("/") for entry in table.replace("\n", " ").split(";"))
    ]


SAY = set("add announce confirm disclose explain note report reveal say state tell warn".split())
FACT = set("add announce confirm disclose explain note report reveal say state".split())
NAMES = set("EVENT FAC GPE LOC NORP ORG PERSON PRODUCT".split())
PEOPLE = set(
    """Man woman boy girl police officer officers company firm court judge government party team president minister
group club union bank board victim suspect husband wife father mother son daughter brother sister couple
family players player coach manager fans residents workers students parents children people men women voters
critics lawyers prosecutors doctors scientists researchers""".split()
)
NUMS = set("CARDINAL MONEY ORDINAL PERCENT QUANTITY".split())
WORD_NUMBERS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
}
WORD_NUMBERS |= {
    word: 10 * tens for tens, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)
}
NUMBER_WORDS = {v: k for k, v in WORD_NUMBERS.items()}
ORD = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SEAS = "spring summer autumn winter".split()
ABBR = {m: m[:3] + "." for m in MONTHS if m not in ("May", "June", "July")}
KEEPMOD = set(
    "alleged former fake ex suspected would-be possible potential so-called acting deputy assistant half failed".split()
)
KEEPADV = set(
    "not never n't nearly almost hardly barely only about over least most more less no allegedly reportedly probably possibly perhaps up down out off away back".split()
)
ANT = _pairs(
    """\
rise/fall; rose/fell; risen/fallen; rising/falling; increase/decrease; increased/decreased; increases/decreases;
increasing/decreasing; higher/lower; high/low; more/fewer; more/less; most/least; best/worst; better/worse;
win/lose; won/lost; wins/loses; winning/losing; victory/defeat; before/after; above/below; under/over;
first/last; accepted/rejected; accept/reject; accepts/rejects; approved/rejected; approve/reject;
support/oppose; supported/opposed; supports/opposes; supporters/opponents; supporter/opponent;
supporting/opposing; guilty/innocent; guilty/not guilty; male/female; man/woman; men/women; boy/girl;
boys/girls; son/daughter; father/mother; brother/sister; husband/wife; his/her; he/she; old/young;
older/younger; oldest/youngest; large/small; larger/smaller; largest/smallest; big/small; bigger/smaller;
biggest/smallest; early/late; earlier/later; open/close; opened/closed; opening/closing; opens/closes;
begin/end; began/ended; start/end; started/ended; starts/ends; north/south; northern/southern; east/west;
eastern/western; buy/sell; bought/sold; buying/selling; buys/sells; public/private; legal/illegal;
possible/impossible; safe/dangerous; strong/weak; stronger/weaker; success/failure; successful/unsuccessful;
positive/negative; gain/loss; gains/losses; profit/loss; profits/losses; arrive/leave; arrived/left;
joined/left; join/leave; allowed/banned; allow/ban; allows/bans; agreed/refused; agree/refuse; confirmed/denied;
confirm/deny; confirms/denies; admitted/denied; alive/dead; survived/died; born/killed; passed/failed;
pass/fail; succeeded/failed; hired/fired; appointed/dismissed; praised/criticised; praised/criticized;
welcomed/condemned; released/detained; freed/arrested; acquitted/convicted; expand/shrink; expanded/shrank;
grow/shrink; grew/shrank; growing/shrinking; improve/worsen; improved/worsened; cut/raise; cuts/increases;
raised/cut; lowered/raised; include/exclude; included/excluded; including/excluding; inside/outside; all/some;
all/none; always/never; often/rarely; many/few; every/no; both/neither; majority/minority; likely/unlikely;
able/unable; known/unknown; easy/difficult; cheap/expensive; hot/cold; domestic/foreign; local/national;
temporary/permanent; senior/junior; heavy/light; fast/slow; quickly/slowly; up/down; ahead/behind; without/with;
against/for; attack/defend; attacked/defended; advance/retreat; ally/enemy; allies/enemies; top/bottom;
maximum/minimum; increase/decline; surged/plunged; soared/plunged; climbed/slipped; delayed/brought forward;
remain/leave; enter/leave; entered/left; import/export; imports/exports; hope/fear; hopes/fears; right/wrong;
true/false; full/partial; single/multiple; injured/killed; injured/unharmed; wounded/killed"""
)
ANTONYMS = collections.defaultdict(list)
for x, y in ANT:
    ANTONYMS[x].append(y)
    ANTONYMS[y].append(x)
SYN = _pairs(
    """\
said/stated; said/announced; buy/purchase; bought/purchased; killed/dead; began/started; begin/start;
ended/finished; show/indicate; showed/indicated; help/assist; helped/assisted; get/obtain; got/received;
big/large; huge/massive; job/position; jobs/positions; company/firm; companies/firms; government/administration;
police/officers; children/kids; child/kid; car/vehicle; cars/vehicles; doctor/physician; doctors/physicians;
attorney/lawyer; attorneys/lawyers; film/movie; films/movies; law/legislation; injured/hurt; injured/wounded;
hurt/injured; near/close to; approximately/about; about/around; around/roughly; nearly/almost; almost/nearly;
also/additionally; rose/climbed; rose/increased; fell/dropped; fell/declined; fall/drop; rise/increase;
demand/call for; demanded/called for; increase/rise; quit/resigned; resigned/stepped down; won/secured;
beat/defeated; defeated/beat; died/passed away; agreement/deal; deal/agreement; talks/negotiations; vote/ballot;
election/poll; fight/battle; goods/products; said/told reporters; plan/proposal; plans/intends; wants/seeks;
wanted/sought; asked/requested; needs/requires; needed/required; allowed/permitted; allow/permit; stop/halt;
stopped/halted; tried/attempted; try/attempt; trying/attempting; chief executive/CEO; because/since; while/as;
although/though; however/but; people/individuals; men/males; women/females; town/community; storm/tempest;
illness/disease; cash/money; money/funds; reveal/disclose; revealed/disclosed; warned/cautioned;
worried/concerned; angry/furious; pay/salary; crash/collision; blaze/fire; fire/blaze; gunman/shooter;
shooting/gun attack; student/pupil; students/pupils; several/a number of; many/numerous; important/significant;
main/principal; major/significant; new/recent; former/ex-; residents/locals; kept/retained; keep/retain;
built/constructed; build/construct; picked/chosen; choose/select; chose/selected; arrested/detained;
accused/alleged; probe/investigation; investigation/inquiry; inquiry/investigation; cut/reduce; reduced/cut;
cause/lead to; caused/led to; scheduled/due; country/nation; countries/nations; across/throughout;
attack/assault; home/house; U.S./American; United States/U.S.; United Kingdom/UK; percent/%; per cent/percent;
approved/passed; approved/backed; criticised/condemned; criticized/condemned; praised/lauded; teenager/teen;
teenagers/teens; mother/mum; photo/picture; photos/pictures; later/subsequently; annual/yearly; entire/whole;
quickly/rapidly; difficult/hard; wealthy/rich; search/hunt; discovered/found; found/discovered; think/believe;
thought/believed; believes/thinks; happened/occurred; took place/was held; currently/now; previously/earlier;
previous/earlier; destroyed/demolished; rejected/turned down; postponed/delayed; joined/signed for;
replaced/succeeded; launched/started; created/established; founded/established; chairman/head; boss/manager;
coach/manager; match/game; game/match"""
)
SYNONYMS = collections.defaultdict(list)
for x, y in SYN:
    SYNONYMS[x].append(y)


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


WORDNET: WordNet | None = None


def inflect(lemma, tag):
    """Lemma in the form of a Penn tag, regular rules."""
    if tag in ("VB", "VBP", "NN", "JJ", "RB"):
        return lemma
    v = lemma
    e = v.endswith("e")
    y = len(v) > 1 and v.endswith("y") and v[-2] not in "aeiou"
    if tag in ("NNS", "VBZ"):
        return v[:-1] + "ies" if y else v + ("es" if re.search("(s|x|z|ch|sh)$", v) else "s")
    if tag in ("VBD", "VBN"):
        if WORDNET and v in WORDNET.irregular:
            return None
        if e:
            return v + "d"
        if y:
            return v[:-1] + "ied"
        return v + "ed"
    if tag == "VBG":
        return (v[:-1] if e and not v.endswith("ee") else v) + "ing"
    return None


POSM = {"NOUN": "n", "VERB": "v", "ADJ": "a", "ADV": "r"}


class Draft:
    """A claim under construction: [text, space, wrong, token]."""

    def __init__(self, toks):
        self.p = [[t.text, bool(t.whitespace_), 0, t] for t in toks]

    def copy(self):
        c = Draft([])
        c.p = [x[:] for x in self.p]
        return c

    def find(self, tok):
        for i, x in enumerate(self.p):
            if x[3] is not None and x[3].i == tok.i:
                return i
        return -1

    def replace(self, i, j, text, wrong):
        sp = self.p[j - 1][1]
        self.p[i:j] = [[text, sp, wrong, None]]

    def text(self):
        """text and wrong character spans"""
        ps = [x for x in self.p if x[0]]
        while ps and ps[0][0] in {
            ",",
            ";",
            "-",
            "--",
            ":",
            "—",
            "and",
            "But",
            "And",
            "but",
        }:
            ps = ps[1:]
        out, sp = "", []
        for _k, (t, w, bad, _) in enumerate(ps):
            if t in {",", ".", ";"}:
                out = out.rstrip()
                if out and out[-1] in ",;":
                    out = out[:-1].rstrip()
            s = len(out)
            out += t
            if bad:
                sp.append((s, len(out)))
            if w:
                out += " "
        out = out.rstrip(" ,;:-—")
        out = out.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")
        if out.count('"') % 2:
            out = out.replace('"', " ")
        if out and out[-1] not in ".!?\"'":
            out += "."
        return (out[:1].upper() + out[1:]), sp


def subtree(t):
    return list(t.subtree)


def ok_sentence(s):
    n = sum(not t.is_punct and not t.is_space for t in s)
    return (
        6 <= n <= 45
        and s.root.pos_ in ("VERB", "AUX")
        and any(c.dep_ in ("nsubj", "nsubjpass", "expl") for c in s.root.children)
        and s[-1].is_punct
        and s[-1].text in '.”"'
    )


def drop(cl, toks):
    """Remove tokens and the comma before or after."""
    ids = {t.i for t in toks}
    keep = [x for x in cl.p if x[3] is None or x[3].i not in ids]
    cl.p = keep


def dedup_commas(cl):
    out = []
    for x in cl.p:
        if x[0] == "," and (not out or out[-1][0] in (",", "and", "that")):
            continue
        if x[0] in (".",) and out and out[-1][0] == ",":
            out.pop()
        out.append(x)
    cl.p = out


def compress(cl, rng, strength=0.5):
    have = {x[3].i for x in cl.p if x[3] is not None}
    toks = [x[3] for x in cl.p if x[3] is not None]
    for t in toks:
        if t.i not in have:
            continue
        d = t.dep_
        p = 0
        st = None
        if d in ("relcl", "appos", "acl", "parataxis"):
            p = 0.7
        elif d == "advcl":
            p = 0.6
        elif d == "npadvmod":
            p = 0.7 if t.ent_type_ in ("DATE", "TIME") else 0.2
        elif d == "prep" and t.head.pos_ in ("VERB", "AUX"):
            p = 0.35 if t.i > t.head.i else 0.8
        elif d == "prep" and t.head.pos_ in ("NOUN", "PROPN"):
            p = 0.2
        elif d == "advmod" and t.lower_ not in KEEPADV:
            p = 0.5
        elif d == "amod" and t.lower_ not in KEEPMOD:
            p = 0.25
        elif d == "conj" and t.pos_ == "VERB" and t.head.pos_ == "VERB":
            p = 0.4
        elif d == "intj" or (d == "cc" and t.i == toks[0].i):
            p = 0.9
        if rng.random() > p * strength * 1.4:
            continue
        st = [x for x in subtree(t) if x.i in have]
        low = {x.lower_ for x in st}
        if low & {"if", "unless", "whether", "no", "not", "n't", "never", "without"} and len(st) < 12:
            continue
        if d in ("amod", "advmod") and len(st) > 4:
            continue
        if len(have) - len(st) < 5:
            continue
        if d == "conj":  # drop its cc too
            for c in t.head.children:
                if c.dep_ == "cc" and c.i in have:
                    st.append(c)
        drop(cl, st)
        have -= {x.i for x in st}
    dedup_commas(cl)
    return cl


def direct(s, rng):
    """Ccomp of a saying verb as a claim of its own, and the saying verb."""
    for t in s:
        if t.lemma_ in FACT and t.pos_ == "VERB":
            for c in t.children:
                if (
                    c.dep_ == "ccomp"
                    and c.pos_ in ("VERB", "AUX")
                    and any(k.dep_ in ("nsubj", "nsubjpass") for k in c.children)
                ):
                    st = [x for x in c.subtree if not (x.dep_ == "mark" and x.head.i == c.i)]
                    if (
                        st
                        and st[-1].i - st[0].i + 1 - len(st) <= 2
                        and len(st) >= 5
                        and not {x.lower_ for x in st} & {"i", "we", "my", "our", "us", "me"}
                    ):
                        cl = Draft(st)
                        while cl.p and cl.p[0][0] in "\"“,'‘":
                            cl.p = cl.p[1:]
                        while cl.p and cl.p[-1][0] in "\"”,'’":
                            cl.p = cl.p[:-1]
                        return cl
    return None


def conj_split(s, rng):
    r = s.root
    sub = [c for c in r.children if c.dep_ in ("nsubj", "nsubjpass")]
    for c in r.children:
        if (
            c.dep_ == "conj"
            and c.tag_ in ("VBD", "VBZ")
            and not any(k.dep_.startswith("nsubj") for k in c.children)
            and sub
        ):
            cl = Draft(subtree(sub[0]))
            v = Draft(subtree(c))
            cl.p[-1][1] = True
            cl.p += v.p
            return cl
    return None


def appos_claim(s, rng):
    for t in s:
        if (
            t.dep_ == "appos"
            and t.head.ent_type_ in ("PERSON", "ORG", "GPE")
            and t.pos_ == "NOUN"
            and len(subtree(t)) >= 3
        ):
            h = [x for x in t.head.subtree if (x.i <= t.head.i and x.dep_ in ("compound",)) or x.i == t.head.i]
            cl = Draft(h)
            cl.p[-1][1] = True
            cl.p.append([rng.choice(["is", "was"]), True, 0, None])
            cl.p += Draft(subtree(t)).p
            return cl
    return None


def passive(s, cl, rng, swap=False):
    """Active clause made passive; with swap the roles are exchanged (wrong)."""
    r = s.root
    if r.tag_ != "VBD":
        return None
    ch = list(r.children)
    sub = [c for c in ch if c.dep_ == "nsubj"]
    ob = [c for c in ch if c.dep_ in ("dobj", "obj")]
    if (
        not sub
        or not ob
        or sub[0].pos_ == "PRON"
        or ob[0].pos_ == "PRON"
        or any(c.dep_ in ("aux", "neg", "prt", "dative", "ccomp") for c in ch)
    ):
        return None
    if not r.text.endswith("ed") and r.lower_ not in SAME_PARTICIPLE:
        return None
    agent, patient = Draft(subtree(sub[0])).p, Draft(subtree(ob[0])).p
    if len(agent) > 8 or len(patient) > 8 or len(agent) < 1:
        return None
    rest = [x for x in s if x.i > max(t.i for t in subtree(ob[0])) and not (x.is_punct and x.i == s[-1].i)]
    plural = ob[0].tag_ in ("NNS", "NNPS") or any(c.dep_ == "conj" for c in ob[0].children)
    be = "were" if plural else "was"
    if swap:
        agent, patient = [x[:] for x in patient], [x[:] for x in agent]
        be = "were" if sub[0].tag_ in ("NNS", "NNPS") else "was"
        for x in agent + patient:
            x[2] = 1
    c = Draft([])
    patient[-1][1] = True
    c.p = [
        *patient,
        [be, True, 0, None],
        [r.text, True, 0, r],
        ["by", True, 0, None],
        *agent,
    ]
    c.p[-1][1] = True
    if rng.random() < 0.6:
        c.p += Draft(rest).p
    return c


def role_swap(s, cl, rng):
    r = s.root
    ch = list(r.children)
    for v in [t for t in s if t.pos_ == "VERB"]:
        ch = list(v.children)
        sub = [c for c in ch if c.dep_ in ("nsubj", "nsubjpass")]
        ob = [c for c in ch if c.dep_ in ("dobj", "obj", "dative")]
        if not ob:
            for c in ch:
                if c.dep_ in ("prep", "agent") and c.lower_ in (
                    "by",
                    "with",
                    "against",
                    "to",
                    "for",
                    "over",
                    "from",
                ):
                    ob += [k for k in c.children if k.dep_ == "pobj"]
        if not sub or not ob:
            continue
        a, b = sub[0], ob[0]
        if a.pos_ == "PRON" or b.pos_ == "PRON" or a.lemma_ == b.lemma_:
            continue
        if a.ent_type_ in NUMS | {"DATE", "TIME"} or b.ent_type_ in NUMS | {
            "DATE",
            "TIME",
        }:
            continue
        if not (b.ent_type_ or b.lower_ in PEOPLE or (b.tag_ in ("NNS",) and a.pos_ == "NOUN")):
            continue
        A, B = list(subtree(a)), list(subtree(b))
        if len(A) > 9 or len(B) > 9:
            continue
        c = cl.copy()
        ia, ib = c.find(A[0]), c.find(B[0])
        ja, jb = c.find(A[-1]) + 1, c.find(B[-1]) + 1
        if min(ia, ib) < 0 or ja <= ia or jb <= ib or ja - ia != len(A) or jb - ib != len(B):
            continue
        if not (ja <= ib or jb <= ia):
            continue
        pa, pb = [x[:] for x in c.p[ia:ja]], [x[:] for x in c.p[ib:jb]]
        sa, sb = pa[-1][1], pb[-1][1]
        pa[-1][1] = sb
        pb[-1][1] = sa
        for x in pa + pb:
            x[2] = 1
        if ia < ib:
            c.p = c.p[:ia] + pb + c.p[ja:ib] + pa + c.p[jb:]
        else:
            c.p = c.p[:ib] + pa + c.p[jb:ia] + pb + c.p[ja:]
        return c
    return None


def entities_of(cl, types):
    """Runs of pieces that form an entity of the given types: (i, j, type)."""
    out = []
    i = 0
    P = cl.p
    while i < len(P):
        t = P[i][3]
        if t is not None and t.ent_type_ in types:
            j = i + 1
            while j < len(P) and P[j][3] is not None and P[j][3].ent_type_ == t.ent_type_ and P[j][3].ent_iob_ == "I":
                j += 1
            out.append((i, j, t.ent_type_))
            i = j
        else:
            i += 1
    return out


def entity_text(cl, i, j):
    return "".join(x[0] + (" " if x[1] else "") for x in cl.p[i:j]).strip()


def trim_ent(cl, i, j):
    while i < j - 1 and cl.p[i][0].lower() in ("the", "a", "an"):
        i += 1
    while j - 1 > i and cl.p[j - 1][0] in ("'s", "’s", "'"):
        j -= 1
    return i, j


def clean_ent(t):
    return re.sub(r"^(the|a|an) |('s|’s|')$", "", t.strip(), flags=re.I)


def swap_name(cl, doc_ents, pool, rng):
    es = list(entities_of(cl, NAMES))
    rng.shuffle(es)
    for i, j, ty in es:
        i, j = trim_ent(cl, i, j)
        cur = entity_text(cl, i, j)
        cw = set(words(cur))
        cand = [x for x in doc_ents.get(ty, []) if not cw & set(words(x))]
        if not cand or rng.random() < 0.35:
            cand = [x for x in rng.sample(pool[ty], min(8, len(pool[ty]))) if not cw & set(words(x))] or cand
        if not cand:
            continue
        new = rng.choice(cand)
        if ty == "PERSON" and len(cur.split()) == 1:
            new = new.split()[-1]
        c = cl.copy()
        c.replace(i, j, new, 1)
        return c
    return None


def fmt(v, like):
    if isinstance(v, float) and v != int(v):
        return f"{v:.{len(like.split('.')[-1]) if '.' in like else 1}f}"
    return f"{int(v):,}" if "," in like or v >= 10000 else str(int(v))


def numtoks(cl):
    out = []
    for k, x in enumerate(cl.p):
        if x[3] is None:
            continue
        t = x[0]
        if (
            re.fullmatch(r"\d[\d,]*(\.\d+)?", t)
            or (t.lower() in WORD_NUMBERS and t.lower() != "one")
            or t.lower() in ORD
            or re.fullmatch(r"\d+(-year-old|th|st|nd|rd|pc|m|bn)", t)
        ):
            out.append(k)
    return out


def swap_number(cl, doc_nums, rng):
    ks = [k for k in numtoks(cl) if cl.p[k][3].ent_type_ != "DATE" or not re.fullmatch(r"(19|20)\d\d", cl.p[k][0])]
    if not ks:
        return None
    k = rng.choice(ks)
    t = cl.p[k][0]
    low = t.lower()
    c = cl.copy()
    if low in ORD:
        new = rng.choice([o for o in ORD[:6] if o != low])
    elif low in WORD_NUMBERS:
        v = WORD_NUMBERS[low]
        alts = [n for n in NUMBER_WORDS if n not in (v, 0, 1) and abs(n - v) <= max(6, v)]
        new = NUMBER_WORDS[rng.choice(alts)] if alts else "five"
        if rng.random() < 0.3:
            new = str(WORD_NUMBERS[new])
    else:
        m = re.match(r"\d[\d,]*(\.\d+)?", t)
        suf = t[m.end() :]
        v = float(m.group().replace(",", ""))
        ds = [x for x in doc_nums if abs(x - v) > 1e-9 and (v == 0 or 0.2 < x / v < 5)]
        r = rng.random()
        if ds and r < 0.4:
            n = rng.choice(ds)
        elif r < 0.6 and v >= 10:  # one digit changed
            s = list(m.group())
            ix = [q for q, ch in enumerate(s) if ch.isdigit()]
            q = rng.choice(ix)
            s[q] = rng.choice([d for d in "123456789" if d != s[q]])
            n = float("".join(s).replace(",", ""))
        elif r < 0.75:
            n = max(1, v + rng.choice([-3, -2, -1, 1, 2, 3]))
        else:
            n = v * rng.choice([0.5, 2, 10, 3, 1.5, 0.1])
        if n == v or (n < 1 and v >= 1):
            n = v + 1
        if v == int(v) and "." not in m.group():
            n = round(n)
        if n == v:
            n = v + 2
        new = fmt(n, m.group()) + suf
    # scale words
    if k + 1 < len(c.p) and c.p[k + 1][0] in ("million", "billion", "trillion", "thousand") and rng.random() < 0.3:
        c.p[k + 1][0] = rng.choice([x for x in ("million", "billion", "thousand", "trillion") if x != c.p[k + 1][0]])
        c.p[k + 1][2] = 1
        return c
    if new.lower() == low:
        return None
    c.p[k][0] = new
    c.p[k][2] = 1
    return c


def swap_date(cl, rng):
    idx = []
    for k, x in enumerate(cl.p):
        t = x[0]
        if x[3] is None:
            continue
        if (
            t in DAYS
            or (t in MONTHS and x[3].ent_type_ == "DATE")
            or re.fullmatch(r"(19|20)\d\d", t)
            or (t.lower() in SEAS and x[3].ent_type_ == "DATE")
            or (
                t.lower()
                in (
                    "yesterday",
                    "today",
                    "tomorrow",
                    "week",
                    "weeks",
                    "month",
                    "months",
                    "year",
                    "years",
                    "day",
                    "days",
                    "hours",
                )
                and x[3].ent_type_ in ("DATE", "TIME")
            )
            or (re.fullmatch(r"\d\d?", t) and x[3].ent_type_ == "DATE")
        ):
            idx.append(k)
    if not idx:
        return None
    k = rng.choice(idx)
    c = cl.copy()
    t = c.p[k][0]
    low = t.lower()
    if t in DAYS:
        n = rng.choice([d for d in DAYS if d != t])
    elif t in MONTHS:
        n = rng.choice([d for d in MONTHS if d != t])
    elif re.fullmatch(r"(19|20)\d\d", t):
        n = str(int(t) + rng.choice([-10, -5, -3, -2, -1, 1, 2, 3, 4, 10]))
    elif low in SEAS:
        n = rng.choice([d for d in SEAS if d != low])
    elif low in ("yesterday", "today", "tomorrow"):
        n = rng.choice([d for d in ("yesterday", "today", "tomorrow") if d != low])
    elif t.isdigit():
        n = str(rng.choice([d for d in range(1, 31) if d != int(t)]))
    else:
        g = ["day", "week", "month", "year"] if not low.endswith("s") else ["hours", "days", "weeks", "months", "years"]
        n = rng.choice([d for d in g if d != low])
    if low == "may" and c.p[k][3].tag_ == "MD":
        return None
    c.p[k][0] = n
    c.p[k][2] = 1
    return c


BE = {"is", "are", "was", "were", "am", "'s", "'re"}


def negate(cl, rng):
    """Negation added to or removed from the main or an embedded verb."""
    c = cl.copy()
    neg = [k for k, x in enumerate(c.p) if x[3] is not None and (x[3].dep_ == "neg")]
    if neg and rng.random() < 0.8:
        k = neg[0]
        t = c.p[k][3]
        if t.lower_ == "never":
            c.p[k][0] = rng.choice(["always", "once"])
            c.p[k][2] = 1
            return c
        c.p[k][0] = ""
        if k and c.p[k - 1][0].lower() == "ca":
            c.p[k - 1][0] = "can"
        if k and c.p[k - 1][0].lower() == "wo":
            c.p[k - 1][0] = "will"
        if k:
            c.p[k - 1][1] = True
            c.p[k - 1][2] = 1
        if k + 1 < len(c.p):
            c.p[k + 1][2] = 1
        return c
    vs = [
        k
        for k, x in enumerate(c.p)
        if x[3] is not None
        and x[3].pos_ in ("VERB", "AUX")
        and x[3].tag_ in ("VBD", "VBZ", "VBP", "MD")
        and not any(h.dep_ == "neg" for h in list(x[3].children) + list(x[3].head.children))
    ]
    if not vs:
        return None
    k = vs[0] if rng.random() < 0.75 else rng.choice(vs)
    t = c.p[k][3]
    low = t.lower_
    if t.tag_ == "MD" or low in BE or (t.pos_ == "AUX" and t.dep_ in ("aux", "auxpass")):
        w = rng.choice(["not", "not", "not", "never"]) if t.tag_ != "MD" else "not"
        if low in ("'s", "'re", "'ll", "'d", "'ve"):
            return None
        c.p[k][1] = True
        c.p.insert(k + 1, [w, True, 1, None])
        return c
    do = {"VBD": "did", "VBZ": "does", "VBP": "do"}[t.tag_]
    if rng.random() < 0.15:
        c.p.insert(k, ["never", True, 1, None])
        return c
    if rng.random() < 0.12 and t.dep_ == "ROOT" and t.tag_ == "VBD":
        c.p[k][0] = "failed to " + t.lemma_
        c.p[k][2] = 1
        return c
    c.p[k][0] = f"{do} {rng.choice(['not', 'not', 'not'])} {t.lemma_}" if rng.random() < 0.75 else f"{do}n't {t.lemma_}"
    c.p[k][2] = 1
    return c


def antonym(cl, rng):
    ks = list(range(len(cl.p)))
    rng.shuffle(ks)
    for k in ks:
        x = cl.p[k]
        t = x[3]
        if t is None or t.ent_type_ in NAMES:
            continue
        low = t.lower_
        n = None
        if low in ANTONYMS and not (
            low
            in (
                "up",
                "down",
                "over",
                "under",
                "for",
                "with",
                "light",
                "right",
                "left",
                "his",
                "her",
                "he",
                "she",
            )
            and rng.random() < 0.75
        ):
            n = rng.choice(ANTONYMS[low])
        elif WORDNET and t.pos_ in POSM and rng.random() < 0.7:
            a = WORDNET.antonyms(t.lemma_.lower(), POSM[t.pos_])
            if a:
                n = inflect(rng.choice(a), t.tag_)
        if n and n != low:
            c = cl.copy()
            c.p[k][0] = n.capitalize() if t.text[0].isupper() else n
            c.p[k][2] = 1
            return c
    return None


HEDGE = {"may", "might", "could", "would", "should"}


def unhedge(cl, rng):
    c = cl.copy()
    for k, x in enumerate(c.p):
        t = x[3]
        if t is None:
            continue
        if t.tag_ == "MD" and t.lower_ in HEDGE:
            c.p[k][0] = rng.choice(["will", "has to", "must", "cannot"])
            c.p[k][2] = 1
            return c
        if (
            t.lemma_
            in (
                "plan",
                "want",
                "hope",
                "try",
                "attempt",
                "intend",
                "threaten",
                "seek",
                "offer",
                "expect",
                "agree",
                "ask",
                "consider",
            )
            and t.pos_ == "VERB"
            and t.tag_ in ("VBD", "VBZ", "VBP")
        ):
            xc = [q for q in t.children if q.dep_ == "xcomp" and q.tag_ == "VB"]
            if xc:
                j = c.find(xc[0])
                if j > k and j - k <= 3:
                    v = inflect(xc[0].lemma_, "VBD")
                    if v:
                        c.p[k : j + 1] = [[v, c.p[j][1], 1, None]]
                        return c
    return None


def adjuncts(s):
    """Phrases of a sentence that could be added to another claim."""
    out = []
    for t in s:
        if (
            (
                t.dep_ == "prep"
                and t.head.pos_ in ("VERB", "AUX")
                and t.lower_
                in (
                    "in",
                    "on",
                    "at",
                    "after",
                    "before",
                    "during",
                    "for",
                    "with",
                    "from",
                    "because",
                    "following",
                    "amid",
                    "near",
                    "since",
                    "despite",
                )
            )
            or (t.dep_ == "advcl" and t.i > t.head.i)
            or (t.dep_ == "npadvmod" and t.ent_type_ == "DATE")
        ):
            pass
        else:
            continue
        st = subtree(t)
        if (
            2 <= len(st) <= 12
            and st[-1].i - st[0].i + 1 == len(st)
            and not any(x.lower_ in ("he", "she", "it", "they", "his", "her", "their", "i", "we", "you") for x in st)
        ):
            out.append([[x.text, bool(x.whitespace_), 1, None] for x in st])
    return out


def premods(s):
    out = []
    for t in s:
        if (
            t.dep_ == "amod"
            and t.lower_
            not in (
                "other",
                "last",
                "next",
                "first",
                "many",
                "more",
                "new",
                "own",
                "same",
                "such",
                "several",
            )
            and len(subtree(t)) == 1
            and not t.text[0].isupper()
        ):
            out.append(t.text)
    return out


def addition(cl, adj, mods, rng):
    c = cl.copy()
    if mods and rng.random() < 0.25:
        ks = [
            k
            for k, x in enumerate(c.p)
            if x[3] is not None
            and x[3].pos_ == "NOUN"
            and k
            and c.p[k - 1][3] is not None
            and c.p[k - 1][3].pos_ in ("DET", "ADP", "VERB")
        ]
        if ks:
            k = rng.choice(ks)
            c.p.insert(k, [rng.choice(mods), True, 1, None])
            return c
    if not adj:
        return None
    a = [x[:] for x in rng.choice(adj)]
    while a and a[-1][0] in ',.;:"':
        a.pop()
    if not a:
        return None
    a[-1][1] = True
    end = len(c.p)
    while end and (c.p[end - 1][0] in '.,;:"”'):
        end -= 1
    ends = [k for k, x in enumerate(c.p[:end]) if x[0] == ","]
    if rng.random() < 0.2:
        a[0][0] = a[0][0].capitalize()
        c.p = [*a, [",", True, 0, None], *c.p]
        return c
    k = rng.choice(ends) if ends and rng.random() < 0.25 else end
    if k:
        c.p[k - 1][1] = True
    a[-1][1] = not (k < len(c.p) and c.p[k][0] in ".,;")
    c.p = c.p[:k] + a + c.p[k:]
    return c


def subj_vp(s):
    r = s.root
    sub = [c for c in r.children if c.dep_ in ("nsubj", "nsubjpass")]
    if not sub:
        return None
    S = subtree(sub[0])
    if S[-1].i >= r.i or len(S) > 12:
        return None
    V = [t for t in s if t.i > S[-1].i]
    return S, V, sub[0]


def aggregate(a, b, rng):
    """Subject of a with the predicate of b, or the head of a with the tail of b."""
    if rng.random() < 0.55:
        x, y = subj_vp(a), subj_vp(b)
        if not x or not y or x[2].pos_ == "PRON" or x[2].lemma_ == y[2].lemma_:
            return None
        if y[2].pos_ == "PRON" and x[2].ent_type_ == "PERSON" and y[2].lower_ in ("he", "she") and rng.random() < 0.8:
            return None
        if set(words(" ".join(t.text for t in x[0]))) - STOP & set(words(" ".join(t.text for t in y[0]))):
            pass
        if {t.lower_ for t in x[0] if t.pos_ == "PROPN"} & {t.lower_ for t in y[0] if t.pos_ == "PROPN"}:
            return None
        c = Draft(x[0])
        v = Draft(y[1])
        c.p[-1][1] = True
        for q in c.p:
            q[2] = 1
        c.p += v.p
        return c
    # cut a at a preposition / verb, go on with b after the same kind of word
    ca = [t for t in a if t.pos_ in ("ADP", "SCONJ", "VERB", "AUX") and 4 <= t.i - a.start <= len(a) - 3]
    rng.shuffle(ca)
    for t in ca:
        cb = [u for u in b if u.pos_ == t.pos_ and (u.lower_ == t.lower_ or u.tag_ == t.tag_) and u.i < b.end - 3]
        if cb:
            u = rng.choice(cb)
            c = Draft(a[: t.i - a.start + 1])
            v = Draft(b[u.i - b.start + 1 :])
            for q in v.p:
                q[2] = 1
            c.p[-1][1] = True
            c.p += v.p
            return c
    return None


CONTRACTED = set("do does did is are was were has have had would could should".split())


def _contract(cl, k):
    """Write "not" as "n't" or the other way round; whether that could be done."""
    before = cl.p[k - 1]
    low = cl.p[k][0].lower()
    if low == "not" and before[0].lower() in CONTRACTED:
        before[1], cl.p[k][0] = False, "n't"
    elif low in ("n't", "n’t"):
        before[0] = {"ca": "can", "wo": "will", "Ca": "Can", "Wo": "Will"}.get(before[0], before[0])
        before[1], cl.p[k][0] = True, "not"
    else:
        return False
    return True


def soft_edits(cl, rng, firstnames, p=1.0):
    """Meaning-preserving edits of names, numbers and words."""
    c = cl.copy()
    for i, j, _ty in reversed(entities_of(c, {"PERSON"})):
        i, j = trim_ent(c, i, j)
        if j - i >= 2 and rng.random() < 0.5 * p and all(x[0][0].isupper() for x in c.p[i:j] if x[0]):
            c.replace(i, j, c.p[j - 1][0], 0)
        elif j - i == 1 and c.p[i][0] in firstnames and rng.random() < 0.4 * p:
            c.replace(i, j, firstnames[c.p[i][0]], 0)
    for k, x in enumerate(c.p):
        t = x[3]
        if t is None:
            continue
        low = x[0].lower()
        nxt = c.p[k + 1][0].lower() if k + 1 < len(c.p) else ""
        if t.dep_ == "neg" and k and rng.random() < 0.4 * p and _contract(c, k):
            continue
        if low in WORD_NUMBERS and low not in ("one", "zero") and rng.random() < 0.35 * p and "-" not in nxt:
            x[0] = str(WORD_NUMBERS[low])
        elif (
            x[0].isdigit()
            and 2 <= int(x[0]) <= 20
            and t.ent_type_ != "DATE"
            and rng.random() < 0.35 * p
            and nxt not in ("%", "million", "billion")
            and (k == 0 or c.p[k - 1][0] not in "$£€")
        ):
            x[0] = NUMBER_WORDS[int(x[0])]
        elif re.fullmatch(r"\d{1,3}(,\d{3})+", x[0]) and rng.random() < 0.6 * p:
            v = int(x[0].replace(",", ""))
            r = rng.random()
            if r < 0.4:
                x[0] = str(v)
            elif v % 1000000 == 0 and r < 0.8:
                x[0] = f"{v // 1000000} million"
            elif v % 1000 and (
                k == 0
                or c.p[k - 1][0].lower()
                not in (
                    "than",
                    "over",
                    "nearly",
                    "about",
                    "around",
                    "least",
                    "almost",
                    "$",
                    "£",
                    "€",
                )
            ):
                b = 1000 if v > 5000 else 100
                if r < 0.7:
                    x[0] = rng.choice(["more than ", "over "]) + f"{v // b * b:,}"
                elif r < 0.85:
                    x[0] = rng.choice(["nearly ", "almost ", "fewer than "]) + f"{(v // b + 1) * b:,}"
                else:
                    x[0] = rng.choice(["about ", "around ", "roughly "]) + f"{round(v / b) * b:,}"
        elif (
            re.fullmatch(r"\d+\.\d+", x[0])
            and nxt in ("%", "percent", "per", "million", "billion")
            and rng.random() < 0.3 * p
            and (k == 0 or c.p[k - 1][0] not in "$£€")
        ):
            v = float(x[0])
            x[0] = rng.choice(
                [
                    f"about {round(v)}",
                    f"around {round(v)}",
                    f"more than {int(v)}" if v > int(v) else f"{v:.0f}",
                ]
            )
        elif low in ("percent",) and rng.random() < 0.4 * p:
            x[0] = "%"
            c.p[k - 1][1] = False
        elif low == "%" and rng.random() < 0.5 * p:
            x[0] = rng.choice(["percent", "per cent"])
            c.p[k - 1][1] = True
        elif x[0] == "$" and k + 2 < len(c.p) and c.p[k + 2][0] in ("million", "billion") and rng.random() < 0.4 * p:
            x[0] = ""
            c.p[k + 2][0] += " dollars"
        elif (
            x[0] in MONTHS
            and k + 1 < len(c.p)
            and c.p[k + 1][0].isdigit()
            and len(c.p[k + 1][0]) <= 2
            and t.ent_type_ == "DATE"
            and rng.random() < 0.4 * p
        ):
            x[0], c.p[k + 1][0] = c.p[k + 1][0], x[0]
        elif x[0] in ABBR and t.ent_type_ == "DATE" and rng.random() < 0.2 * p:
            x[0] = ABBR[x[0]]
        elif low in SYNONYMS and rng.random() < 0.3 * p and not t.ent_type_:
            n = rng.choice(SYNONYMS[low])
            x[0] = n.capitalize() if x[0][0].isupper() and k == 0 else n
        elif WORDNET and t.pos_ in POSM and not t.ent_type_ and rng.random() < 0.22 * p:
            s = WORDNET.synonyms(t.lemma_.lower(), POSM[t.pos_])
            if s:
                n = inflect(rng.choice(s), t.tag_)
                if n:
                    x[0] = n.capitalize() if x[0][0].isupper() else n
    return c


def passage(sents, need, rng, focus_words, maxw=100, lone=0.25):
    """The needed sentences with other sentences of the article around them."""
    idx = set(need)
    n = sum(len(sents[i].split()) for i in idx)
    if rng.random() > lone:
        others = [i for i in range(len(sents)) if i not in idx]
        r = rng.random()
        if r < 0.4:
            others.sort(key=lambda i: min(abs(i - j) for j in need) + rng.random())
        elif r < 0.85:
            others.sort(key=lambda i: -len(focus_words & set(words(sents[i]))) / (len(sents[i].split()) + 8) ** 0.4)
        else:
            rng.shuffle(others)
        for i in others[: rng.choice([1, 2, 2, 3, 4])]:
            w = len(sents[i].split())
            if n + w <= maxw:
                idx.add(i)
                n += w
    return " ".join(sents[i] for i in sorted(idx))


EDITS = {
    "entity": 3,
    "entity2": 2,
    "number": 5,
    "number2": 2,
    "date": 5,
    "role": 9,
    "role_p": 9,
    "speaker": 7,
    "neg": 4,
    "ant": 5,
    "unhedge": 3,
    "add": 1.6,
    "add2": 1,
    "addattr": 1,
    "agg": 1.5,
    "agg2": 1,
    "other": 1,
    "other_doc": 0.4,
}


def generate(doc, rng, pool, other_docs):
    ss = [s for s in doc.sents if len(s.text.strip()) > 1]
    texts = [" ".join(s.text.split()) for s in ss]
    de = collections.defaultdict(list)
    nums = []
    first = {}
    for e in doc.ents:
        t = clean_ent(" ".join(e.text.split()))
        if e.label_ in NAMES and t and t[0].isupper() and t not in de[e.label_] and len(t.split()) <= 5:
            de[e.label_].append(t)
        if e.label_ == "PERSON" and len(t.split()) in (2, 3):
            first.setdefault(t.split()[-1], t)
    for t in doc:
        if re.fullmatch(r"\d[\d,]*(\.\d+)?", t.text):
            with contextlib.suppress(ValueError):
                nums.append(float(t.text.replace(",", "")))
    out = []
    idx = [i for i, s in enumerate(ss) if ok_sentence(s)]
    rng.shuffle(idx)
    for i in idx[:9]:
        s = ss[i]
        need = [i]
        bases = [("copy", Draft(s))]
        f = direct(s, rng)
        if f:
            bases += [("direct", f)] * 2
        f = conj_split(s, rng)
        if f:
            bases.append(("conj", f))
        f = passive(s, None, rng)
        if f:
            bases.append(("passive", f))
        f = appos_claim(s, rng)
        if f and rng.random() < 0.6:
            bases.append(("appos", f))
        kind, base = rng.choice(bases)
        if kind in ("copy", "direct", "conj"):
            base = compress(base, rng, rng.choice([0, 0.5, 0.8, 1.0]))
        nb = sum(1 for x in base.p if x[0].isalnum())
        if nb < 4 or nb > 34:
            continue
        # leading pronoun made a name
        p0 = base.p[0]
        if p0[3] is not None and p0[3].lower_ in ("he", "she") and i > 0:
            prev = [t for t in ss[i - 1] if t.dep_ == "nsubj" and t.ent_type_ == "PERSON"]
            pers = {t.ent_iob_ == "B" and t.text for t in ss[i - 1] if t.ent_type_ == "PERSON"}
            if len(prev) == 1 and len(pers - {False}) == 1:
                nm = " ".join(t.text for t in prev[0].subtree if t.ent_type_ == "PERSON" and abs(t.i - prev[0].i) < 3)
                if nm:
                    p0[0] = nm
                    need = [i - 1, i]
        fw = set(words(s.text)) - STOP

        def emit(cl, label, kind, need=need, prem=None, fw=fw):
            t, sp = cl.text()
            if len(t.split()) < 4:
                return
            out.append(
                (
                    t,
                    prem if prem is not None else passage(texts, need, rng, fw),
                    label,
                    sp,
                    kind,
                )
            )

        pos = soft_edits(base, rng, first) if rng.random() < 0.75 else base
        emit(pos, 0, "pos:" + kind)
        if rng.random() < 0.35:
            emit(soft_edits(base, rng, first, 1.5), 0, "pos:" + kind)
        if (
            rng.random() < 0.12 and i + 1 < len(ss) and ok_sentence(ss[i + 1]) and len(ss[i + 1]) + len(pos.p) < 45
        ):  # fusion
            o = compress(Draft(ss[i + 1]), rng, 1.0)
            c = pos.copy()
            while c.p and c.p[-1][0] in '.,"”':
                c.p.pop()
            if c.p and o.p and o.p[0][3] is not None:
                if not o.p[0][3].ent_type_ and o.p[0][0] != "I":
                    o.p[0][0] = o.p[0][0][0].lower() + o.p[0][0][1:]
                c.p[-1][1] = rng.random() < 0.0
                c.p.append(
                    [
                        rng.choice([", and", " and", " while", ", while", ";"]),
                        True,
                        0,
                        None,
                    ]
                )
                c.p += o.p
                emit(c, 0, "pos:fuse", [i, i + 1])
                if rng.random() < 0.5:
                    b = swap_name(c, de, pool, rng)
                    if b:
                        emit(b, 1, "entity", [i, i + 1])
        # negatives
        pos if rng.random() < 0.6 else base  # base keeps token links everywhere
        srcs = [pos, base]
        rng.shuffle(srcs)
        kinds = sorted(EDITS, key=lambda q: -(rng.random() ** (1 / EDITS[q])))
        k = 0
        want = rng.choice([1, 2, 2])
        for kd in kinds:
            if k >= want:
                break
            c = None
            lab = 1
            nd = need
            for sc in srcs:
                if kd.startswith("entity"):
                    c = swap_name(sc, de, pool, rng)
                elif kd.startswith("number"):
                    c = swap_number(sc, nums, rng)
                elif kd == "date":
                    c = swap_date(sc, rng)
                elif kd == "role":
                    c = role_swap(s, sc, rng)
                elif kd == "role_p":
                    c = passive(s, None, rng, True)
                elif kd == "speaker":
                    v = [t for t in s if t.lemma_ in SAY and t.pos_ == "VERB"]
                    sub = [q for t in v for q in t.children if q.dep_ == "nsubj" and q.ent_type_ in ("PERSON", "ORG")]
                    names = list(de.get("PERSON", []) + de.get("ORG", [])[:3])
                    if sub and names:
                        A = subtree(sub[0])
                        ia, ja = sc.find(A[0]), sc.find(A[-1]) + 1
                        nw = [n for n in names if not set(words(n)) & set(words(" ".join(t.text for t in A)))]
                        if nw and 0 <= ia < ja and ja - ia == len(A):
                            c = sc.copy()
                            c.replace(ia, ja, rng.choice(nw), 1)
                elif kd == "neg":
                    c = negate(sc, rng)
                elif kd == "ant":
                    c = antonym(sc, rng)
                elif kd == "unhedge":
                    c = unhedge(sc, rng)
                    lab = 3
                elif kd.startswith("add") and kd != "addattr":
                    o = rng.choice(ss) if rng.random() < 0.5 else rng.choice(list(rng.choice(other_docs).sents))
                    inside = o.doc is doc
                    if inside and o.start == s.start:
                        continue
                    c = addition(sc, adjuncts(o), premods(o), rng)
                    lab = 2
                    if c and inside and rng.random() < 0.4:  # the phrase stands in the passage, but elsewhere
                        oi = next((q for q, z in enumerate(ss) if z.start == o.start), None)
                        if oi is not None:
                            nd = sorted({*need, oi})
                            lab = 3
                elif kd == "addattr":
                    names = de.get("PERSON", []) + de.get("ORG", [])
                    names = [n for n in names if not set(words(n)) & set(words(s.text))]
                    if names and not any(t.lemma_ in SAY for t in s):
                        n = rng.choice(names)
                        c = sc.copy()
                        while c.p and c.p[-1][0] in '.,"”':
                            c.p.pop()
                        if c.p:
                            if rng.random() < 0.5:
                                c.p[-1][1] = False
                                c.p.append(
                                    [
                                        rng.choice(
                                            [
                                                f", according to {n}",
                                                f", {n} said",
                                                f", said {n}",
                                            ]
                                        ),
                                        False,
                                        1,
                                        None,
                                    ]
                                )
                            else:
                                c.p = [
                                    [
                                        rng.choice(
                                            [
                                                f"{n} said that",
                                                f"{n} said",
                                                f"{n} announced that",
                                                f"According to {n},",
                                            ]
                                        ),
                                        True,
                                        1,
                                        None,
                                    ],
                                    *c.p,
                                ]
                            lab = 2
                elif kd.startswith("agg"):
                    o = rng.choice(ss)
                    if o.start != s.start and ok_sentence(o):
                        c = aggregate(s, o, rng)
                        oi = next(q for q, z in enumerate(ss) if z.start == o.start)
                        nd = sorted({i, oi})
                        lab = 3
                elif kd == "other" or kd == "other_doc":
                    rest = (
                        [t for q, t in enumerate(texts) if q not in need]
                        if kd == "other"
                        else [" ".join(z.text.split()) for z in rng.choice(other_docs).sents]
                    )
                    rest = [t for t in rest if len(t.split()) > 4]
                    if len(rest) >= 2 and (kd == "other" or rng.random() < 0.3):
                        rest = sorted(
                            rest,
                            key=lambda t: -len(fw & set(words(t))) + rng.random() * 2,
                        )[: rng.choice([1, 2, 3, 4])]
                        rng.shuffle(rest)
                        p = " ".join(" ".join(rest).split()[:95])
                        cc = sc
                        lab = 2
                        if len(fw - set(words(p))) >= 2:
                            t, _ = cc.text()
                            pw = set(words(p))
                            sp = [
                                (m.start(), m.end())
                                for m in re.finditer(r"[A-Za-z0-9]+", t)
                                if m.group().lower() not in pw and m.group().lower() not in STOP
                            ]
                            out.append((t, p, 2, sp, kd))
                            k += 1
                    break
                if c:
                    break
            if c:
                t, sp = c.text()
                t0, _ = pos.text()
                t1, _ = base.text()
                if t in (t0, t1):
                    continue
                emit(c, lab, kd, nd)
                k += 1
    return out


# ------------------------------------------------------------------------------------------------ roles and speakers


def speech(s):
    for v in s:
        if (
            v.lemma_
            in (
                "say",
                "tell",
                "announce",
                "add",
                "argue",
                "claim",
                "warn",
                "explain",
                "note",
                "believe",
                "state",
                "insist",
            )
            and v.pos_ == "VERB"
        ):
            sub = [
                q
                for q in v.children
                if q.dep_ == "nsubj" and (q.ent_type_ in ("PERSON", "ORG") or q.pos_ in ("PROPN", "NOUN"))
            ]
            cc = [c for c in v.children if c.dep_ == "ccomp" and c.pos_ in ("VERB", "AUX")]
            if sub and cc:
                X = [t for t in subtree(sub[0]) if t.i <= sub[0].i]
                Y = [x for x in cc[0].subtree if not (x.dep_ == "mark" and x.head.i == cc[0].i)]
                if 1 <= len(X) <= 7 and 5 <= len(Y) <= 30 and sub[0].lower_ not in ("he", "she", "they", "it", "who"):
                    y = Draft(Y)
                    while y.p and y.p[0][0] in "\"“,'‘":
                        y.p = y.p[1:]
                    while y.p and y.p[-1][0] in "\"”,'’.":
                        y.p = y.p[:-1]
                    if y.p:
                        return (
                            [[t.text, bool(t.whitespace_), 0, t] for t in X],
                            y,
                            sub[0],
                            v,
                        )
    return None


VERBS = [
    "said",
    "said",
    "said that",
    "said that",
    "stated that",
    "says",
    "announced that",
    "told reporters that",
    "claimed that",
    "argued that",
    "warned that",
]


def attributed(X, y, rng, wrong):
    X = [x[:] for x in X]
    Y = [x[:] for x in y.p]
    X[-1][1] = True
    for x in X:
        x[2] = wrong
    if Y and Y[0][3] is not None and Y[0][3].pos_ not in ("PROPN",) and Y[0][0] != "I":
        Y[0][0] = Y[0][0][0].lower() + Y[0][0][1:]
    c = Draft([])
    r = rng.random()
    if r < 0.6:
        c.p = [*X, [rng.choice(VERBS), True, 0, None], *Y]
    elif r < 0.8:
        X[-1][1] = False
        c.p = [["According to", True, 0, None], *X, [",", True, 0, None], *Y]
    else:
        Y[-1][1] = False
        X[-1][1] = True
        c.p = [*Y, [",", True, 0, None], *X, ["said", False, 0, None]]
    return c


def generate_paired(doc, rng):
    ss = [s for s in doc.sents if len(s.text.strip()) > 1]
    texts = [" ".join(s.text.split()) for s in ss]
    out = []
    first = {}

    def emit(cl, label, kind, need, fw):
        t, sp = cl.text()
        if 4 <= len(t.split()) <= 36:
            out.append((t, passage(texts, need, rng, fw, lone=0.35), label, sp, kind))

    sp = [(i, speech(s)) for i, s in enumerate(ss) if 6 <= len(s) <= 45]
    sp = [(i, x) for i, x in sp if x]
    for _k, (i, (X, y, h, _v)) in enumerate(sp[:4]):
        fw = set(words(ss[i].text)) - STOP
        others = [
            (j, o)
            for j, o in sp
            if j != i
            and not {t[3].lower_ for t in o[0] if t[3].pos_ == "PROPN"} & {t[3].lower_ for t in X}
            and o[2].lower_ != h.lower_
        ]
        if rng.random() < 0.75:
            emit(
                attributed(X, soft_edits(y, rng, first), rng, 0),
                0,
                "pos:speech",
                [i],
                fw,
            )
        if others:
            j, o = rng.choice(others)
            if rng.random() < 0.8:
                emit(
                    attributed(
                        o[0],
                        soft_edits(y, rng, first) if rng.random() < 0.5 else y,
                        rng,
                        1,
                    ),
                    1,
                    "speaker",
                    sorted({i, j}),
                    fw,
                )
            if rng.random() < 0.4:
                emit(attributed(X, y, rng, 0), 0, "pos:speech", sorted({i, j}), fw)
        elif rng.random() < 0.5:
            names = [clean_ent(e.text) for e in doc.ents if e.label_ == "PERSON"]
            names = [
                n for n in names if not set(words(n)) & set(words(" ".join(x[0] for x in X))) and len(n.split()) < 4
            ]
            if names:
                emit(
                    attributed([[rng.choice(names), True, 1, None]], y, rng, 1),
                    1,
                    "speaker",
                    [i],
                    fw,
                )
    n = 0
    idx = list(range(len(ss)))
    rng.shuffle(idx)
    for i in idx:
        s = ss[i]
        if n >= 4 or not ok_sentence(s):
            continue
        fw = set(words(s.text)) - STOP
        base = compress(Draft(s), rng, rng.choice([0, 0.5, 1.0]))
        rs = role_swap(s, base, rng)
        pa, pw = passive(s, None, rng), passive(s, None, rng, True)
        subj_vp(s)
        if rs:
            n += 1
            emit(rs, 1, "role", [i], fw)
            emit(soft_edits(base, rng, first), 0, "pos:role", [i], fw)
        if pa and pw:
            n += 1
            emit(pa, 0, "pos:passive", [i], fw)
            emit(pw, 1, "role", [i], fw)
            # short active forms of both readings
            r = s.root
            sub = next(c for c in r.children if c.dep_ == "nsubj")
            ob = next(c for c in r.children if c.dep_ in ("dobj", "obj"))
            A, B = Draft(subtree(sub)).p, Draft(subtree(ob)).p
            A2, B2 = [x[:] for x in A], [x[:] for x in B]
            c = Draft([])
            A2[-1][1] = True
            c.p = [*A2, [r.text, True, 0, r], *B2]
            emit(c, 0, "pos:role", [i], fw)
            A2, B2 = [x[:] for x in A], [x[:] for x in B]
            c = Draft([])
            B2[-1][1] = True
            for x in A2 + B2:
                x[2] = 1
            c.p = [*B2, [r.text, True, 0, r], *A2]
            emit(c, 1, "role", [i], fw)
    return out


def synthetic(docs: Sequence[Any], wordnet: Path | None, seed: int, block: int = 1500) -> tuple[list[Row], list[Row]]:
    """Rows made of parsed articles: the general mixture, and pairs of true and swapped roles and speakers."""
    global WORDNET
    WORDNET = WordNet(wordnet) if wordnet else None
    general: list[Row] = []
    paired: list[Row] = []
    for start in range(0, len(docs), block):
        part = docs[start : start + block]
        rng = random.Random(seed + start // block)
        pool: dict[str, list[str]] = collections.defaultdict(list)
        for doc in part:
            for entity in doc.ents:
                name = clean_ent(" ".join(entity.text.split()))
                if entity.label_ in NAMES and name and name[0].isupper() and len(name.split()) <= 4:
                    pool[entity.label_].append(name)
        for doc in part:
            general += generate(doc, rng, pool, part)
        rng = random.Random(seed + 87 + start // block)
        for doc in part:
            paired += generate_paired(doc, rng)
    return [r for r in general if len(r[0]) > 12], paired
