"""Dates, periods and times of day, resolved against the day of publication into intervals of days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from harness.text.token import STOP_WORDS
from harness.text.vocabulary import CARDINAL, FOLLOWING, IN_A_YEAR, IRREGULAR_PLURALS, ONES, TENS, overlaps

MONTHS = "january february march april may june july august september october november december".split()
_MONTH_OF = (
    {name[:3]: i for i, name in enumerate(MONTHS, 1)} | {name: i for i, name in enumerate(MONTHS, 1)} | {"sept": 9}
)
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?)"
_DAY_OF_WEEK = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_UNTIL = r"\s?(?:[-–]|\bto\b)\s?"  # July 12-14
_AN_HOUR = r"\s?(?:[GBEPCM][SMD]T|UTC|CEST|hrs)\b"  # what makes 1500 a time of day
_CALENDAR = re.compile(
    rf"""\b(?:
    (?:{_DAY_OF_WEEK},?\s+(?:the\s+)?)?(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?:{_UNTIL}(?P<last1>\d{{1,2}})(?:st|nd|rd|th)?)?
        \s+(?:of\s+)?(?P<m1>{_MONTH})(?![a-z])(?:,?\s+(?P<y1>(?:1[0-9]|20)\d\d)\b(?!{_AN_HOUR}))?
    |(?:{_DAY_OF_WEEK},?\s+)?(?P<m2>{_MONTH})\s+(?:the\s+)?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.]\d|\w|,\d{{3}})
        (?:{_UNTIL}(?P<last2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.-]\d|\w|,\d{{3}}|\s*%|\s(?:per\s?cent|people|million|billion|{_MONTH})\b))?
        (?:,?\s+(?P<y2>(?:1[0-9]|20)\d\d)\b(?!{_AN_HOUR}))?
    |(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})(?!\d)
    |(?P<dotted>\d{{1,2}}[./]\d{{1,2}}[./](?:19|20)\d\d)(?!\d)
    |(?P<m3>{_MONTH}),?\s+(?:of\s+)?(?P<y3>(?:1[0-9]|20)\d\d)\b
    |(?P<clock>(?P<h1>[01]?\d|2[0-4])(?::(?P<min1>[0-5]\d)|\.(?P<min2>[0-5]\d)(?=\s?[ap]\.?m))?(?:\s?(?P<ampm>[ap])\.?m(?!\w)\.?|(?<=:\d\d)(?![:\d])(?:\s?hrs\b)?)
        |(?P<h2>[01]\d|2[0-3])(?P<min3>[0-5]\d)(?={_AN_HOUR})(?:\s?hrs\b)?
        |\b(?P<word>noon|midday|midnight)\b(?!\s+(?:mass|snack)))(?:\s+(?P<zone>[GBEPCM][SMD]?T|UTC|CEST|local\s+time)\b)?
    |(?P<ago>(?:\d{{1,3}}(?:,\d{{3}})+|(?<!\d[.,\s])\d+|an?|(?:(?:{"|".join(TENS)})[\s-])?(?:{CARDINAL})|a\s+few|several)\s+(?P<unit>day|week|month|year|decade)s?\s+(?:ago|earlier))\b
    |(?P<which>last|next|this|past|previous|early|late|mid|the)[\s-]+(?P<w4>{_DAY_OF_WEEK})\b
    |(?P<w5>{_DAY_OF_WEEK})\b
    |(?P<relative>yesterday|today|tonight|tomorrow|last\s+night|this\s+(?:morning|afternoon|evening))\b
    |(?P<period>(?P<side>last|this|next)\s+(?P<span>week|month|year|weekend))\b
    |(?P<lead>in|last|next|since|until|by|from|this|early|late|mid|of|to|during|between|and|before|after|for|through)[\s-]+(?P<m5>{_MONTH})(?![a-z]|\s+(?:\d{{1,2}}(?!\d)|(?:1[0-9]|20)\d\d\b)|\s+(?:have|be|not|also|well|only|still|come|use)\b)
    |(?P<decade>(?:the\s+)?(?:1[5-9]|20)\d0s)\b
    |(?P<year>(?:1[5-9]|20)\d\d)(?![\d,]\d|\.\d|\w|\s*(?:%|percent\b|per\s+cent\b|kg|km|m\b|metres|meters|miles|people|dollars|pounds))
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(r"(?:^|[\s(\[\"'“‘]|\b(?:19|20)\d\d[–/-])$")
_BARE_MONTH = re.compile(r"\b(?:January|February|April|June|July|August|September|October|November|December)\b")


@dataclass(frozen=True, slots=True)
class Date:
    """A date, a period or a time of day.

    `days` are the intervals of days it can mean, alternatives if there are several (a weekday without tense can be
    the one before or the one after publication); empty when it cannot be resolved. `weekday` (0 is Monday), `month`,
    `day` (to `last`, in "July 12-14") and `year` are what the words themselves say; `minute` is the time of day in
    minutes.
    """

    text: str
    start: int
    end: int
    days: tuple[tuple[date, date], ...] = ()
    weekday: int | None = None
    month: int | None = None
    day: int | None = None
    year: int | None = None
    minute: int | None = None
    zone: str = ""
    last: int | None = None

    def comparable(self, other: Date) -> bool:
        """Whether both are times of day, or both are days or periods."""
        return (self.minute is None) == (other.minute is None)

    def compatible(self, other: Date) -> bool:
        """Whether both can be the same time; what is not said and cannot be resolved speaks against nothing.

        Times of day agree within one minute, in different zones always.
        """
        if not self.comparable(other):
            return True
        if self.minute is not None and other.minute is not None:
            if self.zone and other.zone and self.zone != other.zone:
                return True
            gap = abs(self.minute - other.minute) % 1440
            return min(gap, 1440 - gap) <= 1
        for mine, theirs in ((self.month, other.month), (self.year, other.year)):
            if mine is not None and theirs is not None and mine != theirs:
                return False
        if self.day and other.day and max(self.day, other.day) > min(self.last or self.day, other.last or other.day):
            return False
        if self.days and other.days:
            return any(a <= d and c <= b for a, b in self.days for c, d in other.days)
        for one, two in ((self, other), (other, self)):
            if one.weekday is None:
                continue
            if two.weekday is not None and two.weekday != one.weekday:
                return False
            if two.days and all(a == b for a, b in two.days) and all(a.weekday() != one.weekday for a, _ in two.days):
                return False
        return True


def calendar(text: str) -> Iterable[re.Match[str]]:
    """The matches of dates, years and clock times: what `numbers` must not take for counts."""
    position = 0
    while match := _CALENDAR.search(text, position):
        position = max(match.end(), match.start() + 1)
        if match.lastgroup == "year" or match.group("year"):
            before = text[max(0, match.start() - 18) : match.start()]
            if not _YEAR_BEFORE.search(before) or _counts_year(text, match.end(), before):
                continue
        if (match.group("m5") or "").lower() in ("may", "march", "mar") and not match.group("m5")[0].isupper():
            continue
        if (match.group("m5") or "").lower() in (
            "mar",
            "sep",
            "dec",
            "jan",
            "jun",
            "jul",
            "oct",
            "nov",
            "apr",
            "aug",
            "feb",
        ):
            continue
        if match.group("m1") or match.group("m2"):
            day, month = match.group("d1") or match.group("d2"), match.group("m1") or match.group("m2")
            last = match.group("last1") or match.group("last2")
            if not 1 <= int(day) <= 31 or (last and not int(day) < int(last) <= 31) or _is_verb(text, match, month):
                continue
        yield match


_CASED = re.compile(r"[^.!?\s]\s+[\"'“‘(]?[A-Z](?!\w*\W*$)|[A-Z]\w*\s+[A-Z]")  # a capital inside a sentence
_AUXILIARY = re.compile(r"\b(?:will|to|would|could|can|must|should|might|they|who|people)\s+$", re.I)
_INFINITIVE = re.compile(
    r"\s+(?:have|be|not|also|well|only|still|come|use|need|face|lose|get|go|die|remain|yet|never|even|soon)\b", re.I
)


def _is_verb(text: str, match: re.Match[str], month: str) -> bool:
    """Whether "may" or "march" beside a number is no month: "as many as 12 may have died". Some corpora know no capitals."""
    if month.lower() not in ("may", "march", "mar") or month[0].isupper():
        return False
    if match.group("y1") or match.group("y2") or match.group().lower().startswith(tuple(WEEKDAYS)):
        return False
    ranged = match.group("last1") or match.group("last2") or text[: match.start()].endswith("-")
    told = _INFINITIVE.match(text, match.end("m1")) if match.group("m1") else _AUXILIARY.search(text, 0, match.start())
    return bool(ranged or told or _CASED.search(text))


def _counts_year(text: str, end: int, before: str) -> bool:
    """Whether a four-digit number counts things ("more than 2000 visitors") rather than names a year."""
    lead = before.rstrip().rsplit(" ", 1)[-1].lower() if before.strip() else ""
    if lead in IN_A_YEAR:
        return False
    if lead in ("than", "about", "nearly", "almost", "over", "around", "least", "some", "approximately"):
        return True
    following = FOLLOWING.match(text, end)
    word = following.group(1).lower() if following else ""
    return word in IRREGULAR_PLURALS or (
        len(word) > 4
        and word.endswith("s")
        and word not in STOP_WORDS
        and not word.endswith(("ss", "us", "is"))
        and lead
        in ("the", "of", "with", "a", "are", "were", "was", "killed", "has", "have", "had", "all", "for", "sent")
    )


def dates(text: str, published: str | date | None = None) -> list[Date]:
    """The dates, periods, years and times of day of a text, resolved against the day of publication if there is one.

    >>> [d.days[0][0].isoformat() for d in dates("on Saturday, yesterday, July 12 and 12.07.2025", "2025-07-13")]
    ['2025-07-12', '2025-07-12', '2025-07-12', '2025-07-12']
    >>> dates("at 3 p.m.")[0].compatible(dates("at 15:00")[0])
    True
    """
    anchor = _day(published)
    found = [made for match in calendar(text) if (made := _date(text, match, anchor))]
    spans = [(d.start, d.end) for d in found]
    for match in _BARE_MONTH.finditer(text):
        if not overlaps(spans, match.start(), match.end()):
            found.append(
                _month(match.group(), match.start(), match.end(), _MONTH_OF[match.group().lower()], None, "", anchor)
            )
    return sorted(found, key=lambda d: d.start)


def is_month(word: str) -> bool:
    """Whether a word is the name of a month, or short for one."""
    return word.lower().rstrip(".") in _MONTH_OF


def _day(published: str | date | None) -> date | None:
    if published is None or isinstance(published, date):
        return published
    try:
        return date.fromisoformat(published.strip()[:10])
    except ValueError:
        return None


def _date(text: str, match: re.Match[str], anchor: date | None) -> Date | None:
    group = match.groupdict()
    start, end = match.start(), match.end()
    said = match.group()
    if group["iso"] or group["dotted"]:
        return _numeric(said, start, end)
    if month := group["m1"] or group["m2"]:
        day = int(group["d1"] or group["d2"])
        year = group["y1"] or group["y2"]
        weekday = next((i for i, name in enumerate(WEEKDAYS) if said.lower().startswith(name)), None)
        made = _calendar_day(
            said, start, end, _MONTH_OF[month.lower().rstrip(".")], day, int(year) if year else None, weekday, anchor
        )
        if made and (last := int(group["last1"] or group["last2"] or 0)):
            made = replace(made, last=last, days=tuple((d, d + timedelta(last - day)) for d, _ in made.days))
        return made
    if group["m3"]:
        return _month(said, start, end, _MONTH_OF[group["m3"].lower().rstrip(".")], int(group["y3"]), "", anchor)
    if group["m5"]:
        name = group["m5"]
        return _month(
            name, match.start("m5"), end, _MONTH_OF[name.lower().rstrip(".")], None, group["lead"].lower(), anchor
        )
    if group["clock"]:
        return _clock(said, start, end, group)
    if group["ago"]:
        return _ago(said, start, end, group["unit"].lower(), anchor)
    if weekday_name := group["w4"] or group["w5"]:
        return _weekday(text, start, end, weekday_name, (group["which"] or "").lower(), anchor)
    if group["relative"]:
        shift = {"yesterday": -1, "last night": -1, "tomorrow": 1}.get(re.sub(r"\s+", " ", said.lower()), 0)
        days = ((anchor + timedelta(shift),) * 2,) if anchor else ()
        return Date(said, start, end, days)  # type: ignore[arg-type]
    if group["period"]:
        return Date(said, start, end, _period(group["side"].lower(), group["span"].lower(), anchor))
    if group["decade"]:
        first = int(re.sub(r"\D", "", said)[:4])
        return Date(said, start, end, ((date(first, 1, 1), date(first + 9, 12, 31)),))
    year = int(group["year"])
    return Date(said, start, end, ((date(year, 1, 1), date(year, 12, 31)),), year=year)


def _numeric(said: str, start: int, end: int) -> Date | None:
    parts = [int(p) for p in re.split(r"[-./]", said)]
    orders = [parts] if parts[0] > 31 else [[parts[2], parts[1], parts[0]]]
    if "/" in said:
        orders.append([parts[2], parts[0], parts[1]])  # July 12 may be 12/7 or 7/12
    made = []
    for year, month, day in orders:
        try:
            made.append(date(year, month, day))
        except ValueError:
            continue
    if not made:
        return None
    only = made[0] if len(set(made)) == 1 else None
    return Date(
        said,
        start,
        end,
        tuple((d, d) for d in made),
        None,
        only.month if only else None,
        only.day if only else None,
        made[0].year,
    )


def _calendar_day(
    said: str, start: int, end: int, month: int, day: int, year: int | None, weekday: int | None, anchor: date | None
) -> Date | None:
    years = [year] if year else ([anchor.year - 1, anchor.year, anchor.year + 1] if anchor else [])
    made = []
    for candidate in years:
        try:
            made.append(date(candidate, month, day))
        except ValueError:  # 29 February, 31 June
            continue
    if year is None and anchor and made:
        if weekday is not None and any(d.weekday() == weekday for d in made):
            made = [d for d in made if d.weekday() == weekday]
        made = [min(made, key=lambda d: abs((d - anchor).days))]
    return Date(said, start, end, tuple((d, d) for d in made), weekday, month, day, year)


def _last_day(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(1)


def _month(said: str, start: int, end: int, month: int, year: int | None, lead: str, anchor: date | None) -> Date:
    if year is None and anchor:
        years = [anchor.year - 1, anchor.year, anchor.year + 1]
        if lead == "last":
            years = [y for y in years if date(y, month, 1) <= anchor][-1:]
        elif lead == "next":
            years = [y for y in years if _last_day(y, month) >= anchor][:1]
        else:
            years = [y for y in years if abs((date(y, month, 15) - anchor).days) <= 320]
        days = tuple((date(y, month, 1), _last_day(y, month)) for y in years)
    else:
        days = ((date(year, month, 1), _last_day(year, month)),) if year else ()
    return Date(said, start, end, days, month=month, year=year)


def _clock(said: str, start: int, end: int, group: dict[str, str | None]) -> Date | None:
    zone = re.sub(r"\s+", " ", (group["zone"] or "").lower())
    if group["word"]:
        return Date(said, start, end, minute=0 if group["word"].lower() == "midnight" else 720, zone=zone)
    hour, minute = int(group["h1"] or group["h2"] or 0), int(group["min1"] or group["min2"] or group["min3"] or 0)
    if group["ampm"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if group["ampm"].lower() == "p" else 0)
    return Date(said, start, end, minute=(hour % 24) * 60 + minute, zone=zone)


def _ago(said: str, start: int, end: int, unit: str, anchor: date | None) -> Date:
    if not anchor or said.lower().endswith("earlier"):
        return Date(said, start, end)
    amount = said.lower().replace(",", "").replace("-", " ").split()
    first = amount[0]
    if said.lower().startswith(("a few", "several")):
        low, high = 2.0, 9.0
    else:
        words = [ONES.get(word, TENS.get(word, 0)) for word in amount]
        n = float(first) if first.isdigit() else float(sum(words) or 1)
        slack = {"day": 0.0, "week": 0.5, "month": 0.75, "year": 1.0, "decade": 0.5}[unit]
        low, high = n - slack, n + slack
    length = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25, "decade": 3652.5}[unit]
    try:
        return Date(said, start, end, ((anchor - timedelta(high * length), anchor - timedelta(max(low, 0) * length)),))
    except OverflowError:
        return Date(said, start, end)


_FUTURE = re.compile(r"\b(?:will|would|to|due|scheduled|set|expected|plans?|going|next|until|by|upcoming)\b", re.I)


def _weekday(text: str, start: int, end: int, name: str, which: str, anchor: date | None) -> Date:
    weekday = WEEKDAYS.index(name.lower())
    said = text[start:end]
    if not anchor:
        return Date(said, start, end, weekday=weekday)
    past = anchor - timedelta((anchor.weekday() - weekday) % 7)
    future = anchor + timedelta((weekday - anchor.weekday()) % 7)
    if which in ("last", "past", "previous"):
        options = [past if past != anchor else past - timedelta(7), past - timedelta(7)]
    elif which == "next":
        options = [future if future != anchor else future + timedelta(7), future + timedelta(7)]
    elif which == "this" or _FUTURE.search(text, max(0, start - 60), start):
        options = [past, future]
    else:
        options = [past]
    return Date(said, start, end, tuple((d, d) for d in dict.fromkeys(options)), weekday=weekday)


def _period(side: str, span: str, anchor: date | None) -> tuple[tuple[date, date], ...]:
    if not anchor:
        return ()
    step = {"last": -1, "this": 0, "next": 1}[side]
    if span == "year":
        return ((date(anchor.year + step, 1, 1), date(anchor.year + step, 12, 31)),)
    if span == "month":
        month = anchor.year * 12 + anchor.month - 1 + step
        return ((date(month // 12, month % 12 + 1, 1), _last_day(month // 12, month % 12 + 1)),)
    monday = anchor - timedelta(anchor.weekday()) + timedelta(7 * step)
    if span == "weekend":  # read on a Sunday, "last weekend" can be the one that is ending
        return ((monday + timedelta(4), monday + timedelta(6)),) + (
            ((monday + timedelta(11), monday + timedelta(13)),) if step < 0 else ()
        )
    return ((monday - timedelta(1), monday + timedelta(6)),)
