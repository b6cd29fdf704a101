"""Numbers as they are meant: value, unit, and the interval that rounding and hedges allow."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from harness.text.date import calendar, is_month
from harness.text.token import STOP_WORDS, stem
from harness.text.vocabulary import CARDINAL, FOLLOWING, IN_A_YEAR, IRREGULAR_PLURALS, ONES, ORDINALS, TENS, overlaps

NumberKind = Literal["count", "percent", "money", "ordinal", "age", "measure", "duration", "score", "label"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is meant: `value` in the base unit, and the interval [low, high] the wording allows.

    The interval holds rounding ("2 million" may be 1.98 million) and hedges ("nearly", "up to", "at least").
    `unit` is a currency, a base unit or, for a score, the sorted result; `noun` the stem of what is counted, if it
    can be told without a parser ("three armed men" -> "men").
    """

    text: str
    start: int
    end: int
    kind: NumberKind
    value: float
    low: float
    high: float
    unit: str = ""
    hedge: str = ""  # about | below | above | upto | atleast | ""
    noun: str = ""
    amount: float = 0.0  # the value in the unit it was written in

    def comparable(self, other: Number) -> bool:
        """Whether both measure in the same kind and unit: only then can they disagree."""
        return self.kind == other.kind and (self.unit == other.unit or self.kind == "score")

    def compatible(self, other: Number) -> bool:
        """Whether both can be true of the same thing: same kind and unit, and the intervals overlap."""
        if not self.comparable(other):
            return False
        if self.kind == "score":
            return self.unit == other.unit  # 3-1 to one side is 1-3 to the other
        return self.value == other.value or max(self.low, other.low) < min(self.high, other.high)


_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SHORT_SCALES = {"m": 1e6, "mn": 1e6, "mln": 1e6, "b": 1e9, "bn": 1e9, "tn": 1e12, "trn": 1e12, "k": 1e3}
_FRACTIONS = {
    "half": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4, "fifth": 1 / 5,
    "fifths": 1 / 5, "sixths": 1 / 6, "eighths": 1 / 8, "tenth": 1 / 10, "tenths": 1 / 10,
}  # fmt: skip
_VAGUE = {  # words that name an interval rather than a number
    "a couple of": (2, 2, 3), "a couple": (2, 2, 3), "a few": (3, 2, 6), "several": (4, 3, 9), "dozens": (36, 24, 99),
    "scores": (60, 40, 99), "hundreds": (300, 200, 999), "thousands": (3000, 2000, 9999),
    "tens of thousands": (30_000, 20_000, 99_999), "hundreds of thousands": (300_000, 200_000, 999_999),
    "millions": (3e6, 2e6, 9.9e6), "tens of millions": (3e7, 2e7, 9.9e7), "billions": (3e9, 2e9, 9.9e9),
    "several hundred": (400, 300, 900), "several thousand": (4000, 3000, 9000), "a few hundred": (300, 200, 600),
    "a few thousand": (3000, 2000, 6000), "several dozen": (48, 36, 99), "a few dozen": (36, 24, 72),
}  # fmt: skip

_CURRENCIES = {
    "us$": "usd", "$": "usd", "dollar": "usd", "dollars": "usd", "usd": "usd", "£": "gbp", "pound": "gbp",
    "pounds": "gbp", "gbp": "gbp", "€": "eur", "euro": "eur", "euros": "eur", "eur": "eur", "¥": "jpy", "yen": "jpy",
    "a$": "aud", "c$": "cad", "hk$": "hkd", "nz$": "nzd", "yuan": "cny", "renminbi": "cny", "rupees": "inr", "₹": "inr",
    "rs": "inr", "roubles": "rub", "rubles": "rub", "₽": "rub", "won": "krw", "francs": "chf", "krona": "sek",
    "kronor": "sek", "kroner": "nok", "lira": "try", "pesos": "peso", "reais": "brl", "rand": "zar", "shekels": "ils",
    "hryvnia": "uah", "hryvnias": "uah", "naira": "ngn", "shillings": "shilling", "baht": "thb", "zloty": "pln",
}  # fmt: skip
_MEASURES = {  # unit -> (base unit, factor); temperatures are converted in `_base`
    "mm": ("m", 0.001), "cm": ("m", 0.01), "m": ("m", 1), "metre": ("m", 1), "meter": ("m", 1), "km": ("m", 1000),
    "kilometre": ("m", 1000), "kilometer": ("m", 1000), "centimetre": ("m", 0.01), "centimeter": ("m", 0.01),
    "mile": ("m", 1609.344), "yard": ("m", 0.9144), "yd": ("m", 0.9144), "foot": ("m", 0.3048), "feet": ("m", 0.3048),
    "ft": ("m", 0.3048), "inch": ("m", 0.0254), "inches": ("m", 0.0254), "in": ("m", 0.0254), "kg": ("kg", 1),
    "kilo": ("kg", 1), "kilogram": ("kg", 1), "kilogramme": ("kg", 1), "g": ("kg", 0.001), "gram": ("kg", 0.001),
    "mg": ("kg", 1e-6), "tonne": ("kg", 1000), "ton": ("kg", 1000), "lb": ("kg", 0.4536), "stone": ("kg", 6.3503),
    "ounce": ("kg", 0.02835), "oz": ("kg", 0.02835), "mph": ("m/s", 0.44704), "kph": ("m/s", 0.27778),
    "km/h": ("m/s", 0.27778), "miles per hour": ("m/s", 0.44704), "miles an hour": ("m/s", 0.44704),
    "kilometres per hour": ("m/s", 0.27778), "kilometers per hour": ("m/s", 0.27778),
    "kilometres an hour": ("m/s", 0.27778), "kilometers an hour": ("m/s", 0.27778), "kmh": ("m/s", 0.27778),
    "knot": ("m/s", 0.51444), "hectare": ("m2", 10_000),
    "ha": ("m2", 10_000), "acre": ("m2", 4046.86), "square mile": ("m2", 2_589_988), "sq mile": ("m2", 2_589_988),
    "square kilometre": ("m2", 1e6), "square kilometer": ("m2", 1e6), "sq km": ("m2", 1e6), "square metre": ("m2", 1),
    "square meter": ("m2", 1), "square feet": ("m2", 0.0929), "square foot": ("m2", 0.0929), "sq ft": ("m2", 0.0929),
    "litre": ("l", 1), "liter": ("l", 1), "gallon": ("l", 3.785), "barrel": ("barrel", 1), "mw": ("w", 1e6),
    "megawatt": ("w", 1e6), "gw": ("w", 1e9), "gigawatt": ("w", 1e9), "kw": ("w", 1000), "degree": ("degree", 1),
    "celsius": ("°c", 1), "°c": ("°c", 1), "c": ("°c", 1), "degrees celsius": ("°c", 1), "degrees c": ("°c", 1),
    "degrees centigrade": ("°c", 1), "fahrenheit": ("°f", 1), "f": ("°f", 1), "°f": ("°f", 1), "degrees fahrenheit": ("°f", 1),
    "degrees f": ("°f", 1), "magnitude": ("magnitude", 1),
    # a difference of shares is no share
    "percentage point": ("pp", 1), "percentage-point": ("pp", 1), "basis point": ("pp", 0.01), "basis-point": ("pp", 0.01),
}  # fmt: skip
_DURATIONS = {
    "second": 1 / 86400, "sec": 1 / 86400, "minute": 1 / 1440, "min": 1 / 1440, "hour": 1 / 24, "hr": 1 / 24, "day": 1,
    "night": 1, "week": 7, "fortnight": 14, "month": 365.25 / 12, "year": 365.25, "yr": 365.25, "decade": 3652.5,
    "century": 36525, "centuries": 36525,
}  # fmt: skip
_HEDGES = {
    "about": "about", "around": "about", "some": "about", "roughly": "about", "approximately": "about", "circa": "about",
    "approx": "about", "approx.": "about", "an estimated": "about", "estimated": "about", "more or less": "about",
    "nearly": "below", "almost": "below", "close to": "below", "just under": "below", "just below": "below",
    "just short of": "below", "under": "under", "less than": "under", "fewer than": "under", "below": "under",
    "up to": "upto", "as many as": "upto", "as much as": "upto", "no more than": "upto", "at most": "upto",
    "a maximum of": "upto", "more than": "over", "over": "over", "above": "over", "in excess of": "over",
    "upwards of": "over", "well over": "over", "just over": "above", "just above": "above", "at least": "atleast",
    "no fewer than": "atleast", "no less than": "atleast", "not less than": "atleast", "a minimum of": "atleast",
}  # fmt: skip
# The interval a hedge makes of a value: what a careful reader would still call true.
_HEDGED = {
    "about": (0.9, 1.1), "below": (0.9, 1.0), "under": (0.5, 1.0), "upto": (0.75, 1.0), "above": (1.0, 1.1),
    "over": (1.0, 1.5), "atleast": (1.0, 2.0),
}  # fmt: skip
ROUNDING = 0.025  # a round number may stand for one this far off: "2 million" for 1.98 million


def _alternatives(options: Iterable[str]) -> str:
    return "|".join(re.escape(o).replace(r"\ ", r"\s+") for o in sorted(options, key=len, reverse=True))


_WORDED = rf"(?:{CARDINAL}|(?<!\w)an?(?=\s+(?:hundred|thousand|million|billion|trillion|dozen)\b))"
_WORDED += rf"(?:(?:\s+and)?[\s-]+(?:{CARDINAL}|hundred|thousand|million|billion|trillion)\b"
_WORDED += r"|[\s-]+and[\s-]+a[\s-]+(?:half|quarter)\b)*"
_NUMBER = re.compile(
    rf"""(?<![\w@#])
    (?:(?P<hedge>{_alternatives(_HEDGES)})\s+(?:the\s+)?)?
    (?P<minus>\bminus\s+|(?<![^\s(])(?<!\d\s)[-–−](?=\d))?
    (?P<money>(?:US|A|C|HK|NZ|Rs\.?\s?)?[$£€¥₹₽]\s?|\bRs\.?\s)?
    (?:(?P<fraction>(?:(?:{"|".join(list(ONES)[1:10])}|an?)[\s-]+)?(?:half|thirds?|quarters?|fifths?|sixths|eighths|tenths?))
        (?=(?:\s+(?:of|the)\s)|(?:\s+an?\s+(?:million|billion|dozen|hundred|percent(?:age\s+point)?|per\s+cent)\b))
    |(?P<vague>{_alternatives(_VAGUE)})(?![\w-])
    |(?P<ordinal>\d+(?:,\d{{3}})*(?:st|nd|rd|th)(?!\w)|(?:(?:{"|".join(TENS)})-)?(?:{"|".join(ORDINALS)})(?![\w-]))
    |(?P<digits>(?<![\d.,])(?:(?<!\d\s)[1-9]\d{{0,2}}(?:[ \u00a0\u2009\u202f]\d{{3}})+(?![\d,]|\.\d)|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,3}},\s\d\d0(?![\d,])|\d+\.\s\d+(?=\s(?:m|b|tr)illion)|\d+(?:[.,]\d+)?|(?<!\d)\.\d+))
    |(?P<words>{_WORDED})(?!\w))
    (?:(?<=\d)(?P<short>{"|".join(_SHORT_SCALES)})(?![\w²³])|[\s-]?(?P<scale>(?:hundred|thousand|million|billion|trillion|dozen)
        |(?<=\s)(?:mn|mln|bn|tn)|(?(money)(?<=\s)m\b|(?!))|m(?=\s+(?:people|dollars|euros|pounds)))s?\b)?
    (?P<plus>\+|\s+or\s+more\b|-plus\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_PERCENT = re.compile(r"\s*-?(?:%|percent\b|per\s+cent\b|pct\b)", re.I)
_FRACTION_OF_A_PERCENT = re.compile(r"(?:\s+of)?\s+an?\s+(?:percentage\s+(?P<point>point)|percent|per\s+cent)\b", re.I)
_AGE_AFTER = re.compile(r"[\s-]+years?[\s-]+olds?\b|(?=\s*(?:-\s*)?year-olds?\b)", re.I)
_AGE_BEFORE = re.compile(r"(?:\baged|\bage\s+of|\bages|\bage)\s+(?:between\s+|from\s+)?$", re.I)
_AGE_DECADE = re.compile(r"\b(?:her|his|their)\s+(?:early\s+|mid-?\s*|late\s+)?$", re.I)
_FRACTION_OF = re.compile(r"\s+an?\s+(million|billion|dozen|hundred)\b(?:\s+of)?", re.I)
_METRES = re.compile(
    r"\s*-?(?:tall|long|wide|high|deep|away|apart|from|down|below|above|off|under|stretch|of\s+(?:road|track|fence)|sprint|race|final|freestyle|hurdles|butterfly|relay|x\b)",
    re.I,
)
_MONEY_AFTER = re.compile(
    rf"[\s-]+(?P<unit>(?:us\s+)?(?:{_alternatives(c for c in _CURRENCIES if c.isalpha())}))\b", re.I
)
_PENCE = re.compile(r"(?<=\d)p\b|\s+(?:pence|cents?)\b", re.I)
_UNIT_AFTER = re.compile(
    rf"(?:\s*|-)(?P<unit>{_alternatives([*_MEASURES, *_DURATIONS])})(?P<plural>s)?(?![\w/])(?P<ago>[\s-]+(?:ago|old)\b)?",
    re.I,
)
_RANGE = re.compile(r"\s*(?:-|–|—|\bto\b|\band\b|\bor\b)\s*", re.I)
_SCORE = re.compile(
    r"(?<![\w.,:/$£€-])(\d{1,3})\s?[-–]\s?(\d{1,3})(?![\w:/%-]|[.,]\d|\s\d{3}\b|\s*(?:percent|per\s+cent|million|year))",
    re.I,
)
_OF_A_SCORE = frozenset(
    "goals points sets games times win wins loss lead defeat victory draw deficit despite following amid".split()
)
_CAPITAL_BEFORE, _CAPITAL_AFTER = re.compile(r"\b[A-Z][\w'’]*\s$"), re.compile(r"\s[A-Z]")  # Celtic 1-2 Hearts
_LABEL_BEFORE = re.compile(
    r"\b(Article|Section|Chapter|Act|Title|Page|Route|Highway|Interstate|Flight|No\.?|Number|Boeing|Airbus|Room|Channel|Group|"
    r"Phase|Stage|Level|Type|Class|Unit|Gate|Platform|Terminal|Apollo|World War|Grade|Rule|Clause|Resolution|Formula|Division"
    r"|Junction|Covid|iPhone|Windows|Psalm|Figure|Table|Volume|Episode|Season|Part|Area|Runway|Pier)\s+$"
)
_NOT_A_NOUN = STOP_WORDS | frozenset(
    """ago old late early near last next year years day days took said were was one two three four five six seven
    eight nine ten hundred thousand million billion percent pm am gmt""".split()
)
_NOT_AFTER_ONE = _NOT_A_NOUN | {"another", "thing", "day", "time", "who"}


def numbers(text: str) -> list[Number]:
    """The numbers of a text, in order, normalised: words, digits, hedges, money, shares, ages, measures, scores.

    Calendar dates, years and clock times belong to `dates`. "One" counts only before a noun.

    >>> [(n.kind, n.value, n.unit or n.noun) for n in numbers("Nearly 20,000 visitors paid $1.98m for a dozen boats")]
    [('count', 20000.0, 'visitor'), ('money', 1980000.0, 'usd'), ('count', 12.0, 'boat')]
    >>> numbers("about 20,000")[0].compatible(numbers("up to 19,500")[0])
    True
    >>> numbers("three dead")[0].compatible(numbers("4 dead")[0])
    False
    """
    if not _MAY_HOLD_NUMBER.search(text):
        return []
    taken = [(m.start(), m.end()) for m in calendar(text)]
    found: list[Number] = []
    for result in _SCORE.finditer(text):
        if not overlaps(taken, result.start(), result.end()) and (score := _score(text, result)):
            found.append(score)
            taken.append((score.start, score.end))
    taken.sort()
    position = 0
    while match := _NUMBER.search(text, position):
        position = max(match.end(), match.start() + 1)
        at = match.start("hedge") if match.group("hedge") else match.start()
        core = match.end("hedge") if match.group("hedge") else at
        if behind := next((e for s, e in taken if s < match.end() and core < e), 0):
            position = behind  # a hedge may have reached a date, or a blank of "July 12 100 people" joined two numbers
            continue
        if number := _number(text, match):
            found.append(number)
            position = max(position, number.end)
    found.sort(key=lambda n: n.start)
    return _joined(text, found)


_MAY_HOLD_NUMBER = re.compile(
    r"\d|\b(?:" + "|".join([*ONES, *TENS, *ORDINALS, *_SCALES]) + r"|half|thirds?|quarters?|dozens?|couple|few|several"
    r"|scores|hundreds|thousands|millions|billions)\b",
    re.I,
)


def _score(text: str, match: re.Match[str]) -> Number | None:
    first, second = int(match.group(1)), int(match.group(2))
    before = text[: match.start()].rstrip().rsplit(" ", 1)[-1].lower()
    if before in ("between", "from", "about", "around", "aged", "ages") or max(first, second) > 200:
        return None
    if first < second and _is_range(text, match):
        return None
    low, high = sorted((first, second))
    return Number(match.group(), match.start(), match.end(), "score", float(first), first, first, f"{low}-{high}")


def _is_range(text: str, match: re.Match[str]) -> bool:
    """Whether what looks like a score is followed by what it measures or counts: "10-15 cm", "10-12 armed men"."""
    unit = _UNIT_AFTER.match(text, match.end())
    if unit and (unit.group("unit") + (unit.group("plural") or "")).lower() not in ("in", "c", "f", "g", "second"):
        return True
    run = _phrase(text, match.end())[:3]
    teams = _CAPITAL_BEFORE.search(text, max(0, match.start() - 30), match.start()) and _CAPITAL_AFTER.match(
        text, match.end()
    )
    return bool(run) and _is_plural(run[-1]) and not teams and not _OF_A_SCORE.intersection(run)


def _value(match: re.Match[str]) -> tuple[float, float, float]:
    """(value, low, high) of the numeral itself, rounding included."""
    if vague := match.group("vague"):
        value, low, high = _VAGUE[re.sub(r"\s+", " ", vague.lower())]
        return float(value), low - 0.5, high + 0.5
    scale_name = (match.group("scale") or match.group("short") or "").lower()
    scale = {"dozen": 12.0, **_SCALES, **_SHORT_SCALES}.get(scale_name, 1.0)
    if fraction := match.group("fraction"):
        parts = re.split(r"[\s-]+", fraction.lower())
        value = _FRACTIONS[parts[-1]] * (ONES.get(parts[0], 1) if len(parts) > 1 else 1)
        return value, value * (1 - ROUNDING), value * (1 + ROUNDING)
    if digits := re.sub(r"\s", "", match.group("digits") or ""):  # "10, 000" in text that was tokenised
        plain = (
            digits.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits) else digits.replace(",", ".")
        )
        value, decimals = float(plain), len(plain.partition(".")[2])
        if decimals or scale == 1.0:
            half = 0.5 * 10.0**-decimals * scale
            zeros = 0 if decimals else len(plain) - len(plain.rstrip("0"))
        else:
            half, zeros = 0.5 * scale, 0
        value *= scale
        if zeros and value >= 100:
            half = max(half, min(0.5 * 10**zeros, ROUNDING * value))
        elif scale > 12:
            half = min(half, ROUNDING * value) if value else half
        elif scale == 12:
            half = 0.5
        return value, value - half, value + half
    value = _spelled(match.group("words")) * scale
    half = min(0.5 * scale, ROUNDING * value) if scale > 12 else 0.5
    if value >= 100 and value % 100 == 0:
        half = max(half, min(50.0, ROUNDING * value)) if scale == 1.0 and value < 1e5 else max(half, ROUNDING * value)
    return value, value - half, value + half


def _spelled(phrase: str) -> float:
    total = current = 0.0
    for word in re.split(r"[\s-]+", phrase.lower()):
        if word in ("a", "an"):
            current = current or 1.0
        elif word in ("half", "quarter"):  # two and a half
            current += _FRACTIONS[word]
        elif word in ONES:
            current += ONES[word]
        elif word in TENS:
            current += TENS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in _SCALES:
            total, current = total + (current or 1) * _SCALES[word], 0.0
    return total + current


def _number(text: str, match: re.Match[str]) -> Number | None:
    """The number of a match of `_NUMBER`; None when the numeral is part of a name or an idiom."""
    start = match.start()
    core = next(match.start(g) for g in ("money", "fraction", "vague", "ordinal", "digits", "words") if match.group(g))
    before, lead = text[max(0, start - 30) : start], text[max(0, core - 30) : core]
    if re.search(r"[^\W\d_][-–/.]$", before):
        return None  # COVID-19, F-16
    if match.group("ordinal"):
        return _ordinal(text, match, core, before)
    value, low, high = _value(match)
    kind, unit, factor, shift, end = _meaning(text, match, before, value)
    if match.group("minus") and kind == "measure":
        value, low, high = -value, -high, -low
    amount = value
    value, low, high = (x * factor + shift for x in (value, low, high))
    noun = ""
    if kind == "count":
        if not _counts(text, match, end, before):
            return None
        noun = _noun(text, end)
    if decade := kind == "age" and _AGE_DECADE.search(lead) and text[end : end + 1] == "s":
        low, high, end = value - 0.5, value + 9.5, end + 1
    hedge = (
        "atleast" if match.group("plus") else _HEDGES.get(re.sub(r"\s+", " ", (match.group("hedge") or "").lower()), "")
    )
    if hedge and not decade:
        below, above = _HEDGED[hedge]
        if value <= 10 and kind in ("count", "age"):  # "about five" may be four, "at least three" seven
            below_by = {"about": 1.5, "below": 1.5, "under": 2.5, "upto": 1.5}.get(hedge, 0.5)
            low, high = (
                value - below_by,
                value + {"about": 1.5, "over": 5.5, "atleast": 5.5, "above": 1.5}.get(hedge, 0.5),
            )
        else:
            low, high = sorted((low if below == 1.0 else value * below, high if above == 1.0 else value * above))
    return Number(text[start:end], start, end, kind, value, low, high, unit, hedge, noun, amount)


def _meaning(text: str, match: re.Match[str], before: str, value: float) -> tuple[NumberKind, str, float, float, int]:
    """What a numeral measures: (kind, unit, factor and shift to the base unit, end of the number in the text)."""
    end = match.end()
    if after := _PERCENT.match(text, end):
        return "percent", "", 1.0, 0.0, after.end()
    if match.group("money"):
        return "money", _CURRENCIES.get(re.sub(r"[\s.]", "", match.group("money").lower()), "usd"), 1.0, 0.0, end
    if match.group("fraction"):
        if part := _FRACTION_OF_A_PERCENT.match(text, end):
            points = part.group("point")
            return "measure" if points else "percent", "pp" if points else "", 1.0, 0.0, part.end()
        inner = _FRACTION_OF.match(text, end)
        if inner:  # half a million people
            return "count", "", {"dozen": 12.0, **_SCALES}[inner.group(1).lower()], 0.0, inner.end()
        return "percent", "", 100.0, 0.0, end
    nobody = (match.group("words") or "").lower() == "one" and re.search(r"\bno\s+$", before, re.I)
    if (label := _LABEL_BEFORE.search(before)) and not match.group("scale") and not nobody:
        return "label", label.group(1).lower().rstrip("."), 1.0, 0.0, end
    if re.search(r"\bmagnitude(?:\s+of|-)?\s*$", before, re.I):
        return "measure", "magnitude", 1.0, 0.0, end
    if after := _AGE_AFTER.match(text, end):
        return "age", "", 1.0, 0.0, after.end()
    if _AGE_BEFORE.search(before) or _bare_age(text, match.start(), end, value):
        return "age", "", 1.0, 0.0, end
    if _AGE_DECADE.search(before) and re.match(r"s\b", text[end:]) and match.group("digits"):
        return "age", "", 1.0, 0.0, end
    if after := _MONEY_AFTER.match(text, end):
        name = after.group("unit").lower().split()[-1]
        if name == "pounds" and re.match(r"\s+(?:of|heavier|lighter)\b", text[after.end() :]):
            return "measure", "kg", 0.4536, 0.0, after.end()
        if name != "won" or value >= 100:  # "the three won"
            return "money", _CURRENCIES[name], 1.0, 0.0, after.end()
    if match.group("digits") and (after := _PENCE.match(text, end)):
        return "money", "cent", 1.0, 0.0, after.end()
    if (match.group("short") or "").lower() == "m" and _METRES.match(text, end):
        return "measure", "m", 1e-6, 0.0, end
    if (after := _UNIT_AFTER.match(text, end)) and (
        measured := _measured(match, after, text[end : after.start("unit")])
    ):
        return *measured, after.end("plural") if after.group("plural") else after.end("unit")
    return "count", "", 1.0, 0.0, end


def _counts(text: str, match: re.Match[str], end: int, before: str) -> bool:
    """Whether a bare numeral counts something: not a year, not "one of", not "five-figure"."""
    lead = before.rstrip().rsplit(" ", 1)[-1].lower() if before.strip() else ""
    if match.group("digits") and lead in IN_A_YEAR:
        return not re.fullmatch(r"(?:1[5-9]|20)\d\d", match.group())
    if (match.group("vague") or "").lower() == "scores":
        return bool(re.match(r"\s+of\b", text[end:]))
    if (match.group("words") or "").lower() != "one":
        return not re.match(r"-(?:figures?|pointers?|fold|way|time|star)\b", text[end:])
    if lead in ("no", "any", "every", "each", "this", "that", "the", "some", "another", "which", "number", "day"):
        return False
    following = FOLLOWING.match(text, end)
    return bool(following and following.group(1).lower() not in _NOT_AFTER_ONE)


def _ordinal(text: str, match: re.Match[str], start: int, before: str) -> Number | None:
    spelled = match.group("ordinal").lower()
    end = match.end("ordinal")
    if spelled[0].isdigit():
        value = float(re.sub(r"\D", "", spelled))
    else:
        tens, _, one = spelled.rpartition("-")
        value = float(TENS.get(tens, 0) + ORDINALS[one])
    if spelled == "second" and re.search(r"\b(?:a|per|every|split|\d|" + CARDINAL + r")[\s-]*$", before, re.I):
        return None
    if re.search(r"\b(?:at|from the|for the|when)\s+$", before, re.I) and spelled == "first":
        return None
    if re.match(r"[\s-]+(?:lady|minister|class|aid|hand|of all)\b", text[end:], re.I) and spelled == "first":
        return None
    return Number(text[start:end], start, end, "ordinal", value, value, value, noun=_noun(text, end))


def _bare_age(text: str, start: int, end: int, value: float) -> bool:
    """ "John Smith, 47, said" and "Smith (47)": an age between commas or brackets after a name."""
    if not 1 <= value <= 115 or value != int(value):
        return False
    head = re.search(r"([A-Z][\w'’.-]+)(,\s|\s\()$", text[max(0, start - 30) : start])
    return bool(
        head and re.match(r"[,)]|\s,|$" if head.group(2) == ", " else r"\)", text[end:]) and not is_month(head.group(1))
    )


def _measured(match: re.Match[str], after: re.Match[str], gap: str) -> tuple[NumberKind, str, float, float] | None:
    """(kind, base unit, factor, shift) of a unit that follows a numeral; None when the word is no unit here."""
    unit = re.sub(r"\s+", " ", after.group("unit").lower())
    if days := _DURATIONS.get(unit):
        return "duration", "day", days, 0.0
    if len(unit) == 1 or unit == "in":  # "5 m", "20C", never "2 in the car", "five g", "4 c"
        attached = not gap or unit == "m" or gap == "°"
        if not match.group("digits") or unit == "in" or not attached or after.group("plural"):
            return None
    if unit == "stone" and not match.group("digits"):
        return None
    base, factor = _MEASURES[unit]
    return ("measure", "°c", 5 / 9, -160 / 9) if base == "°f" else ("measure", base, factor, 0.0)


def _noun(text: str, end: int) -> str:
    """The stem of the noun a numeral counts: the first plural among the next words, else the next word."""
    if of := re.match(r"\s+of\s+(?:the\s+|its\s+|his\s+|her\s+|their\s+)?", text[end : end + 30], re.I):
        end += of.end() - 1
    run = _phrase(text, end)
    if not run:
        return ""
    word = run[-1] if _is_plural(run[-1]) else run[0]
    return word if word in IRREGULAR_PLURALS else stem(word)


def _phrase(text: str, at: int) -> list[str]:
    """The next words, up to the first plural among them."""
    run: list[str] = []
    while len(run) < 4 and (following := FOLLOWING.match(text, at)):
        word = following.group(1).lower()
        if word in _NOT_A_NOUN:
            break
        run.append(word)
        if _is_plural(word):
            break
        at = following.end()
    return run


def _is_plural(word: str) -> bool:
    return word in IRREGULAR_PLURALS or (len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")))


def _joined(text: str, found: list[Number]) -> list[Number]:
    """ "between 80% and 90%", "80 to 90 per cent", "10-15 people": one number with an interval."""
    out: list[Number] = []
    for number in found:
        previous = out[-1] if out else None
        if (
            previous
            and previous.kind not in ("score", "ordinal", "label")
            and number.kind not in ("score", "ordinal", "label")
        ):
            gap = text[previous.end : number.start]
            lead = text[max(0, previous.start - 12) : previous.start].lower().rstrip()
            word = gap.strip().lower()
            between = lead.endswith("between") and word == "and"
            ranged = word in ("-", "–", "—") or (
                word == "to" and not re.search(r"\b(?:from|rose|fell|rise|fall)$", lead)
            )
            same = (
                previous.comparable(number)
                or (previous.kind == "count" and not previous.noun)
                or (
                    previous.kind in ("money", "percent", "age")
                    and number.kind == "count"
                    and not (word == "to" and number.noun and previous.kind != "age")  # gave $10 to 12 people
                )
            )
            if (
                (between or ranged or (word == "or" and number.value == previous.value + 1))
                and _RANGE.fullmatch(gap)
                and same
            ):
                scale = 1.0
                bare = previous.kind == "count" != number.kind
                if bare or abs(previous.value) < abs(number.value) / 500:
                    scale = _scale_of(text, previous, number)
                if previous.value * scale < number.value and not number.hedge:
                    low = previous.low * scale
                    measured = previous if number.kind == "count" else number
                    out[-1] = Number(
                        text[previous.start : number.end], previous.start, number.end,
                        measured.kind, number.value, low, number.high, measured.unit, previous.hedge, number.noun, number.amount,
                    )  # fmt: skip
                    continue
        out.append(number)
    return out


def _scale_of(text: str, first: Number, second: Number) -> float:
    """What "80" of "80 to 90 million" or "5" of "5 to 10 miles" has to be multiplied with."""
    numeral = re.search(r"\d[\d,.]*(?:\s\d{3}(?!\d))*", text[second.start : second.end])
    if not numeral:
        return 1.0
    plain = re.sub(r"\s", "", numeral.group()).rstrip(".,")
    plain = plain.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain) else plain.replace(",", ".")
    try:
        return second.value / float(plain) if float(plain) else 1.0
    except ValueError:
        return 1.0
