"""An article without its page furniture, and a record of all that was left out.

Markup goes, the dateline at the head of the first paragraph goes, and whole lines that are no prose go. What could be
met in prose is only removed where prose cannot be: in the head of a text (before its first paragraph) or in its tail
(after its last). In doubt a line stays.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from harness.schema import Removed

Zone = Literal["anywhere", "edge", "head", "tail"]  # the edge is head and tail


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What remains, the headline and date found on the way, and what was removed (offsets in the text given)."""

    text: str
    title: str = ""
    published: str | None = None
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A line goes when one of the patterns matches all of it, and it stands in the zone."""

    name: str
    zone: Zone
    pattern: re.Pattern[str]


def _rule(name: str, zone: Zone, *patterns: str, case: bool = False) -> Rule:
    return Rule(name, zone, re.compile("|".join(patterns), re.NOFLAG if case else re.IGNORECASE))


# "Anna Keller", "ANNA KELLER", "The Associated Press", "Jan van der Berg"
_NAME = r"[A-Z][\w.'’-]+(?: (?:[a-z]{2,3}|[A-Z][\w.'’-]*)){0,3} [A-Z][\w.'’-]+"
_ROLE = r"(?:[Rr]eporter|[Cc]orrespondent|[Ee]ditor|[Ww]riter|[Cc]olumnist|[Ss]taff|[Bb]ureau|News|Press|Desk)"
_CREDIT = r"(?:Additional )?(?:[Rr]eporting|[Ww]riting|[Ee]diting|[Cc]ompiled|[Ww]ritten|[Ee]dited|[Gg]raphics?)"
_SECTION = (
    r"(?:home|world|international|national|local|regional|u\.?s\.?|uk|europe|asia|pacific|africa|americas|middle east|politics|"
    r"business|companies|economy|markets|money|sports?|football|tech|technology|science|health|culture|arts|entertainment|"
    r"lifestyle|opinion|environment|climate|weather|crime|education|travel|news|breaking|exclusive|live|latest)"
)
_LINKED = r"(?: (?:posts?|post\(s\)|articles?|stor(?:y|ies)|coverage|content|topics?|news|reading|links?)){0,2}"
_NETWORK = r"(?:facebook|twitter|x|whatsapp|linkedin|reddit|pinterest|telegram|e-?mail)"

RULES = (
    _rule("copyright", "anywhere", r"(?:copyright )?(?:©|\(c\) |copyright (?:\d{4}|by )).{0,250}", r".{0,200}\ball rights reserved\b.{0,200}"),
    _rule(
        "related",
        "anywhere",
        rf"(?:read|see|more|watch|listen)(?: (?:more|next|also|now|on this|here))?{_LINKED}\s*[:»>|].{{0,200}}",
        rf"(?:related|read (?:more|next|also)|see also|also read|more on this|trending|recommended){_LINKED}(?:\s*[:»>|].{{0,200}})?",
        r"(?:you (?:may|might) also like|most (?:read|popular|viewed)|editors?['’]?s? picks?|trending now)\W*",
    ),
    _rule(
        "sign-up",
        "anywhere",
        r"sign up\b.{0,80}\b(?:our|newsletters?|alerts?|inbox|updates?|briefings?|here|now|today)\b.{0,100}",
        r"subscribe(?: (?:to|for|now|here|today)\b.{0,150}|\W*)",
        r"(?:join|follow) (?:us|our)\b.{0,150}",
        r"(?:get|download) (?:the|our)\b.{0,40}\bapp\b.{0,100}",
        r"get (?:breaking|the latest|our|more)\b.{0,80}\b(?:alerts?|newsletters?|inbox|delivered)\b.{0,80}",
        r"(?:click|tap) here\b.{0,150}",
        r"(?:already a subscriber|enter your e-?mail|support (?:our|independent) journalism)\b.{0,150}",
        r"(?:enjoy(?:ing|ed)|liked?) (?:this|what)\b.{0,40}\?.{0,100}",
    ),
    _rule(
        "share",
        "anywhere",
        r"share (?:this|on)\b.{0,60}",
        rf"(?:(?:share|tweet|print|save|copy link|bookmark|{_NETWORK})(?:[\s|,/·•+-]+|$))+",
    ),
    _rule(
        "photo",
        "anywhere",
        r"\W?(?:file |handout )?(?:photo(?:graph)?|picture|image|video|illustration|graphic)s?"
        r"(?: (?:credit|source|caption|copyright))?\s?(?:: ?|/| by | courtesy ).{0,300}",
        r"(?:caption|credit): .{0,300}|file [–—-] .{1,500}",
        r".{0,400}[\[(](?:ap|afp|reuters|epa|file|handout) (?:photo|image|picture)s?\b.{0,60}[\])]",
        r".{0,400}[\[(](?:photo|image|picture)s?(?: by|:|/).{1,80}[\])]",
        r".{0,400}\bgetty images[\])]?",
        r"!\[.{0,200}\]\(.{0,300}\)",
    ),
    _rule(
        "page furniture",
        "anywhere",
        r"advertise?ments?|advertising|sponsored(?: content)?|back to top|loading\W*|scroll down\b.{0,40}",
        r"(?:story|article) continues (?:below|after)\b.{0,40}|continue reading\b.{0,40}|skip (?:to|past)\b.{0,60}",
        r"(?:leave a|no|\d+) comments?|comments?(?: \(\d+\))?|(?:print|e-?mail) this\b.{0,30}",
        r"(?:cookie settings|cookie policy|privacy policy|terms of (?:use|service))",
    ),
    _rule("contact", "anywhere", r"\S+@\S+\.\w{2,}", r"@\w{2,30}", r"(?:contact|reach|e-?mail) the (?:reporter|author)\b.{0,100}"),
    _rule("end mark", "anywhere", r"-\s?(?:30|ends?)\s?-", r"ends", r"\(more\)", r"[|•·]", r"(?:[#*_=~·•.–—-]\s*){3,}"),
    _rule(
        "credits",
        "tail",
        rf"\({_CREDIT} .{{0,30}}\b[Bb]y .{{1,250}}\)|{_CREDIT} [Bb]y .{{1,100}}; .{{1,150}}",
        rf"{_CREDIT} [Bb]y {_NAME}(?:(?:,|,? and|;) {_NAME})*(?: in .{{1,40}})?\.?",
        r".{2,100} contributed to this (?:report|story|article)\.?",
        case=True,
    ),
    _rule("credits", "tail", r"(?:tags?|topics?|filed under|categor(?:y|ies)|keywords|sources?)\s?: .{0,200}"),
    _rule(
        "byline",
        "edge",
        rf"(?:By|BY|Words by|Written by|Story by|Text by|Reporting by) {_NAME}(?:(?:,| and| AND| &) {_NAME})*"
        r"(?:\s*[,|/–—·•(-].{0,100}| (?:in|for) [A-Z].{1,40})?",
        r"(?:By|BY) (?:(?:[Oo]ur|OUR) )?(?:[Ss]taff|STAFF|AP|AFP|Reuters|REUTERS|dpa)\b.{0,40}",
        case=True,
    ),
    _rule("byline", "edge", r"(?:posted|submitted) by .{1,60}"),
    _rule("byline", "head", rf"{_NAME}\s*[,|/–—·•-]\s*.{{0,60}}\b{_ROLE}\b.{{0,40}}", case=True),
    _rule("section", "head", rf"{_SECTION}(?:(?:\W+| and ){_SECTION})*\W*"),
    _rule("section", "head", r"[A-Z]{3,}(?:[ /|&-]{1,3}[A-Z]{2,})?", case=True),
)  # fmt: skip

_MONTH = (
    r"(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DATE = re.compile(
    r"(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})(?:T[\d:.]+(?:Z|[+-][\d:]+)?)?"
    r"|(?P<d2>\d{1,2})\.\s?(?P<m2>\d{1,2})\.\s?(?P<y2>\d{4})"  # with dots the day comes first
    r"|(?P<a>\d{1,2})[/-](?P<b>\d{1,2})[/-](?P<y3>\d{4})"  # with strokes it may be either
    rf"|(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\.?(?: of)? (?P<m4>{_MONTH}),?(?: (?P<y4>\d{{4}}))?"
    rf"|(?P<m5>{_MONTH}) (?P<d5>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y5>\d{{4}}))?",
    re.IGNORECASE,
)
_STAMP = re.compile(  # what makes a line without a date a date line
    r"\d+[\s-]?(?:minutes?|mins?)\.?[\s-](?:reads?|reading)(?: time)?"
    r"|\bread(?:ing)?(?: time)?:? \d+ min(?:ute)?s?\b"
    r"|\d+ (?:minutes?|mins?|hours?|hrs?|days?) ago"
    r"|(?:first |last )?(?:published|posted|updated|modified)\b",
    re.IGNORECASE,
)
_FILLING = re.compile(  # what else may stand in it
    r"\d{1,2}(?:[:.]\d{2}){0,2}\s?[ap]\.?m\b\.?|\d{1,2}(?:[:.]\d{2}){1,2}\s?h?\b"
    r"|\b(?:gmt|utc|bst|cest|cet|ist|jst|kst|[ecmp][sd]?t|aest)\b(?:\s?[+-]\d{1,2})?"
    r"|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?"
    r"|\d[\d.,]*\s?(?:[bkm]|views?|shares?|comments?|reads?|likes?)\b"
    r"|\b(?:on|at|date|time|local)\b|[\W_]+",
    re.IGNORECASE,
)

_PLACE = r"[A-ZÀ-Þ][A-ZÀ-Þ.'’-]{2,}(?:[ /-][A-ZÀ-Þ][A-ZÀ-Þ.'’-]*){0,4}"
_PLACE_MIXED = r"[A-ZÀ-Þ][\w.'’-]+(?:[ /][A-ZÀ-Þ][\w.'’-]+){0,3}"
_AGENCY = r"[(\[/](?!\d)[A-Z][\w .&/-]{1,30}[)\]/]"
_DASH = r"\s*(?:--|[—–]|-)\s+"
_DATELINE = re.compile(
    rf"(?:{_PLACE}(?:, {_PLACE_MIXED}){{0,2}}(?:,? {_MONTH} \d{{1,2}}(?:, \d{{4}})?|, \d{{1,2}} {_MONTH}(?: \d{{4}})?)?(?: {_AGENCY})?{_DASH}"
    rf"|{_PLACE_MIXED}(?:, {_PLACE_MIXED}){{0,2}}(?:,? {_MONTH} \d{{1,2}}(?:, \d{{4}})?|, \d{{1,2}} {_MONTH}(?: \d{{4}})?)? {_AGENCY}{_DASH}"
    rf"|\((?:AP|AFP|CNN|UPI|EFE|dpa|ANSA|TASS|Reuters|REUTERS|Xinhua|Bloomberg)\)(?:{_DASH}|\s*))"
    r"(?=[\"“‘'(]?[A-ZÀ-Þ\d])"
)  # fmt: skip

# Headlines in sentence case seldom begin with these, sentences often do.
_OPENERS = frozenset(
    "a an the this that these those it he she they we i you there when while as but and if in on at".split()
)

_INLINE = (
    "a|abbr|b|cite|code|em|font|i|iframe|img|input|label|link|meta|small|source|span|strong|sub|sup|svg|time|u|video"
)
_BREAK = "br|hr|li|td|th|tr|dt|dd"
_BLOCK = (
    "article|aside|blockquote|body|button|center|div|dl|figure|footer|form|h[1-6]|head|header|html|main|nav|ol|p|"
    "picture|pre|section|table|tbody|thead|title|ul"
)
_MARKUP = re.compile(
    r"<!--.*?-->"
    r"|<(?P<hidden>script|style|noscript)\b.*?</(?P=hidden)\s*>"
    r"|<figcaption\b.*?</(?P<caption>figcaption)\s*>"
    rf"|</?(?:(?P<block>{_BLOCK})|(?P<break>{_BREAK})|{_INLINE})(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s<>]+))*\s*/?>"
    r"|&(?:amp;)?(?P<entity>#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    text: str  # stripped
    rule: str | None = None


def clean(text: str, title: str = "") -> Cleaned:
    """The text without what is no part of the article, and what that was.

    A first line that repeats `title` goes; without a title, a first line that looks like a headline becomes it. The
    date of a date line is given as `published` if day, month and year are certain. Line breaks and blank lines are
    tidied without a record.

    >>> clean("WORLD\\n\\nBy Ann Lee\\n\\nOSLO (AP) — A ferry sank off the coast on Monday.").text
    'A ferry sank off the coast on Monday.'
    """
    plain, starts, ends, removed = _without_markup(text)
    lines = [_Line(m.start(), m.end(), m.group()) for m in re.finditer(r"[^\s](?:.*[^\s])?", plain)]
    title, published = _mark(lines, title, plain)

    kept = [line for line in lines if line.rule is None]
    dateline = _DATELINE.match(kept[0].text) if kept else None
    gone = [(line.start, line.end, line.rule) for line in lines if line.rule]
    if dateline and len(dateline.group()) < len(kept[0].text):
        gone.append((kept[0].start, kept[0].start + len(dateline.group().rstrip()), "dateline"))
        kept[0].start += dateline.end()
    whole = [Removed(starts[a], ends[b - 1], text[starts[a] : ends[b - 1]], rule) for a, b, rule in gone]
    inside = [r for r in removed if not any(w.start <= r.start and r.end <= w.end for w in whole)]

    out = ""
    for before, line in zip([None, *kept], kept, strict=False):
        if before is not None:  # a paragraph break stays one, whatever stood between
            out += "\n" if plain[before.end : line.start].count("\n") == 1 else "\n\n"
        out += plain[line.start : line.end]
    return Cleaned(out, title, published, tuple(sorted([*whole, *inside], key=lambda r: (r.start, r.end))))


def headline(text: str) -> str:
    """The first line if it looks like a headline, else nothing: for texts that are not cleaned."""
    lines = [_Line(m.start(), m.end(), m.group()) for m in re.finditer(r"[^\s](?:.*[^\s])?", text)]
    return _mark(lines, "", text)[0]


def iso_date(text: str) -> str | None:
    """A date or date-time in ISO 8601 if day, month and year are certain: 3/4/2025 is not.

    >>> iso_date("13.07.2025"), iso_date("July 13, 2025"), iso_date("3/4/2025"), iso_date("Tue, 04 Mar 2025 10:00:00 +0100")
    ('2025-07-13', '2025-07-13', None, '2025-03-04T10:00:00+01:00')
    """
    try:
        datetime.fromisoformat(text)
        return text
    except ValueError:
        pass
    if ":" in text:  # RFC 2822, as feeds have it
        try:
            return parsedate_to_datetime(text).isoformat()
        except ValueError:
            pass
    return next((found for match in _DATE.finditer(text) if (found := _iso(match))), None)


def _iso(match: re.Match[str]) -> str | None:
    found = match.groupdict()
    year = next((v for k, v in found.items() if k[0] == "y" and v), None)
    if not year:
        return None
    if found["a"]:
        day, month = int(found["a"]), int(found["b"])
        if day <= 12:
            day, month = month, day
        if day <= 12 and day != month:
            return None
    else:
        day = int(next(v for k, v in found.items() if k[0] == "d" and v))
        name = next(v for k, v in found.items() if k[0] == "m" and v)
        month = (
            int(name)
            if name.isdigit()
            else 1 + "jan feb mar apr may jun jul aug sep oct nov dec".split().index(name[:3].lower())
        )
    try:
        return date(int(year), month, day).isoformat()
    except ValueError:
        return None


def _without_markup(text: str) -> tuple[str, Sequence[int], Sequence[int], list[Removed]]:
    """The text without tags, comments and entities, where each of its characters began and ended, what went."""
    if not _MARKUP.search(text):
        return text, range(len(text)), range(1, len(text) + 1), []
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    removed = []
    last = 0

    def keep(start: int, end: int) -> None:
        out.append(text[start:end])
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    for match in _MARKUP.finditer(text):
        start, end = match.span()
        if match["entity"]:
            put = html.unescape(f"&{match['entity']};")
            if put.endswith(";") and len(put) > 1:  # no such entity
                continue
            put, rule = put.replace("\xa0", " ").replace("\xad", "").replace("\u200b", ""), "html entity"
        else:
            put = "\n\n" if match["block"] or match["caption"] else "\n" if match["break"] else ""
            rule = "photo" if match["caption"] else "html"
        keep(last, start)
        last = end
        out.append(put)
        starts.extend([start] * len(put))
        ends.extend([end] * len(put))
        removed.append(Removed(start, end, text[start:end], rule))
    keep(last, len(text))
    return "".join(out), starts, ends, removed


def _mark(lines: list[_Line], title: str, plain: str) -> tuple[str, str | None]:
    """Set the rule of each line that goes; the title and the date found."""
    published = None
    for number, line in enumerate(lines):
        if not _continues(lines, number, plain):
            line.rule = _matching(line.text, "anywhere")

    found_title = False
    for number, line in enumerate(lines):  # the head, from the top
        if line.rule:
            continue
        if _is_date_line(line.text):
            line.rule, published = "date line", published or iso_date(line.text)
        elif not found_title and _is_headline(lines, number, title, plain):
            line.rule, found_title = "headline", True
            title = title or line.text.lstrip("# ").strip('"“”')
        elif rule := _matching(line.text, "edge", "head"):
            line.rule = rule
        elif _is_prose(line.text):
            break

    tail: list[_Line] = []
    for line in reversed(lines):  # the tail, from the bottom
        if line.rule is None:
            if _is_date_line(line.text):
                line.rule, published = "date line", published or iso_date(line.text)
            elif rule := _matching(line.text, "edge", "tail"):
                line.rule = rule
            elif _is_prose(line.text):
                break
        tail.insert(0, line)
    list_of_links = False
    for line in tail:
        list_of_links = list_of_links or line.rule == "related"
        if list_of_links and line.rule is None:
            line.rule = "related"
    return title, published


def _matching(text: str, *zones: Zone) -> str | None:
    return next((rule.name for rule in RULES if rule.zone in zones and rule.pattern.fullmatch(text)), None)


def _continues(lines: list[_Line], number: int, plain: str) -> bool:
    """Whether a line goes on with the sentence of the line before: the text is wrapped, a line is no unit."""
    if number == 0:
        return False
    before = lines[number - 1]
    adjacent = plain[before.end : lines[number].start].count("\n") == 1
    return adjacent and before.rule is None and len(before.text.split()) >= 5 and not _ends_sentence(before.text)


def _ends_sentence(text: str) -> bool:
    return text.rstrip("\"'”’)]*_").endswith((".", "!", "?", "…", ":"))


def _is_prose(text: str) -> bool:
    words = len(text.split())
    return words >= 12 or (words >= 5 and _ends_sentence(text))


def _is_date_line(text: str) -> bool:
    """A date or a time of posting and nothing else, or that between labels: "13.04.2025 9:30 | Sport | Share"."""
    if len(text) > 150:
        return False
    parts = re.split(r"\s*[|•·]\s*", text)
    left = [_STAMP.sub(" ", _DATE.sub(" ", part)) for part in parts]
    dated = any(rest != part and not _FILLING.sub("", rest) for rest, part in zip(left, parts, strict=True))
    return dated and all(len(_FILLING.sub(" ", rest).split()) <= 3 * (len(parts) > 1) for rest in left)


def _reads_as_headline(text: str) -> bool:
    """Not a sentence: no full stop at the end or inside, and not long, or else in title case."""
    bare = text.lstrip("# ").strip("\"'“”‘’")
    words = bare.split()
    if not 3 <= len(words) <= 20 or bare.endswith((".", ",", ";", ":")) or re.search(r"[a-z]{3,}[.?!]['\"”’]* ", bare):
        return False
    if any(rule.pattern.fullmatch(text) for rule in RULES if rule.zone != "tail"):
        return False
    long = [word for word in words[1:] if len(word) > 3]
    title_case = sum(word[0].isupper() or not word[0].isalpha() for word in long) >= 0.7 * len(long)
    return title_case or (len(words) <= 14 and not bare.endswith("?") and words[0].lower() not in _OPENERS)


def _key(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def _is_headline(lines: list[_Line], number: int, title: str, plain: str) -> bool:
    line = lines[number]
    if title:
        first, given = _key(line.text), _key(title)
        site = first[len(given) :] if first.startswith(given) else " too many words to be the name of a site"
        return first == given or len(site.split()) <= 4
    following = lines[number + 1 :]
    if not _reads_as_headline(line.text) or not any(_is_prose(other.text) for other in following):
        return False
    apart = plain[line.end : following[0].start].count("\n") > 1
    return (
        apart
        or line.text.startswith("#")
        or bool(_matching(following[0].text, "edge"))
        or len(following[0].text.split()) >= 25
    )
