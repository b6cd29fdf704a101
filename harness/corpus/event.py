"""A record into an event: checked, cleaned, with places for its conflicts and its duplicates found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.cleaning import Cleaned, clean, iso_date
from harness.corpus.files import kind
from harness.errors import DataError
from harness.schema import Article, Conflict, Duplicate, Event, KeyFact, Version

# The key under which an article of a table says where it stands: no JSON can hold it, so it shadows no field.
WHERE: Any = object()


def make_event(record: Mapping[str, Any], where: str, *, cleaning: bool = True, duplicate_share: float = 0.2) -> Event:
    """The event of a record in our layout or in that of a planted set; DataError that says what is wrong with it."""
    event_id = _id(record, ("id", "event_id"), where)
    raw = _list(record, "articles", where, f"event {event_id!r}")
    if not raw:
        raise DataError(f"{where}: event {event_id!r} has no articles. An event is told by one article or more.")
    articles = tuple(_article(item, where, number, cleaning) for number, item in enumerate(raw, start=1))
    known = Counter(article.id for article in articles)
    if twice := [name for name, times in known.items() if times > 1]:
        raise DataError(
            f"{where}: two articles of event {event_id!r} have the id {twice[0]!r}. Ids are unique in an event."
        )
    by_id = {article.id: article for article in articles}
    return Event(
        event_id,
        articles,
        title=_string(record, "title", where) or "",
        reference=_string(record, "reference", where) or None,
        key_facts=_key_facts(record, by_id, event_id, where),
        conflicts=_conflicts(record, by_id, event_id, where),
        duplicates=tuple(find_duplicates(articles, duplicate_share)),
    )


def _article(item: Any, where: str, number: int, cleaning: bool) -> Article:
    if not isinstance(item, Mapping):
        raise DataError(f"{where}: article {number} is {kind(item)}; expected an object with an id and a text.")
    where = item.get(WHERE, where)
    article_id = _id(item, ("id", "article_id"), f"{where}: article {number}")
    place = f"{where}: article {article_id!r}"
    text = _string(item, "text", place)
    if text is None or not text.strip():
        raise DataError(f"{place} has no text. Leave the article out, or give it one.")
    title = _string(item, "title", place) or ""
    result = clean(text, title)
    if not cleaning:
        result = Cleaned(text, title, result.published)
    if not result.text:
        rules = ", ".join(sorted({removed.rule for removed in result.removed}))
        raise DataError(f"{place} has no text left after cleaning ({rules}). Leave it out, or set dataset.clean=false.")
    published = item.get("published")
    if published:
        given = published.isoformat() if hasattr(published, "isoformat") else str(published)
        published = iso_date(given)
        if not published:
            raise DataError(
                f"{place} was published {given!r}, which is no date that can be told for certain. Expected ISO 8601 "
                "(2025-07-13), or no date."
            )
    return Article(
        article_id,
        result.text,
        source=_string(item, "source", place) or "",
        title=result.title,
        published=published or result.published,
        url=_string(item, "url", place) or None,
        removed=result.removed,
    )


def _key_facts(
    record: Mapping[str, Any], articles: Mapping[str, Article], event_id: str, where: str
) -> tuple[KeyFact, ...]:
    facts = []
    planted = "facts" in record and "key_facts" not in record
    for number, item in enumerate(
        _list(record, "facts" if planted else "key_facts", where, f"event {event_id!r}"), start=1
    ):
        place = f"{where}: key fact {number}"
        if not isinstance(item, Mapping):
            raise DataError(f"{place} is {kind(item)}; expected an object with a text.")
        if planted and item.get("importance") != "key":
            continue  # a planted set has minor facts, too, which a brief need not state
        text = _string(item, "text", place)
        if not text or not text.strip():
            raise DataError(f"{place} has no text.")
        weight = item.get("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight < float("inf"):
            raise DataError(f"{place} has the weight {weight!r}; expected a number above 0.")
        fact_id = str(item.get("id", item.get("fact_id", f"{event_id}-k{number}")))
        facts.append(KeyFact(fact_id, text, _known(item.get("articles") or [], articles, place), float(weight)))
    if twice := [name for name, times in Counter(fact.id for fact in facts).items() if times > 1]:
        raise DataError(
            f"{where}: two key facts of event {event_id!r} have the id {twice[0]!r}. Ids are unique in an event."
        )
    return tuple(facts)


def _conflicts(
    record: Mapping[str, Any], articles: Mapping[str, Article], event_id: str, where: str
) -> tuple[Conflict, ...]:
    conflicts = []
    for number, item in enumerate(_list(record, "conflicts", where, f"event {event_id!r}"), start=1):
        place = f"{where}: conflict {number}"
        if not isinstance(item, Mapping):
            raise DataError(f"{place} is {kind(item)}; expected an object with versions.")
        versions = []
        for version in _list(item, "versions", place, "it"):
            if not isinstance(version, Mapping) or not isinstance(version.get("text"), str):
                raise DataError(f"{place}: a version is an object with an article and a text.")
            (article,) = _known([version.get("article", version.get("article_id"))], articles, place)
            versions.append(_version(articles[article], version["text"]))
        conflict_id = str(item.get("id", item.get("conflict_id", f"{event_id}-c{number}")))
        conflicts.append(Conflict(conflict_id, str(item.get("kind", "")), str(item.get("about", "")), tuple(versions)))
    return tuple(conflicts)


def _version(article: Article, text: str) -> Version:
    """With its place in the article's text, if it stands there word for word (line breaks and markup aside)."""
    words = r"\s+".join(map(re.escape, clean(text).text.split()))
    found = re.search(words, article.text) if words else None
    return Version(article.id, text, *(found.span() if found else (None, None)))


def find_duplicates(articles: Sequence[Article], threshold: float) -> Iterator[Duplicate]:
    """For each article the earlier one that holds most of its word 5-grams, if that is at least `threshold` of them.

    Case and punctuation are ignored; a text of fewer than five words counts as one gram.
    """
    seen: list[tuple[str, set[tuple[str, ...]]]] = []
    for article in articles:
        words = re.findall(r"\w+", article.text.casefold())
        grams = [tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))]
        shares = [(sum(gram in earlier for gram in grams) / len(grams), of) for of, earlier in seen]
        share, of = max(shares, key=lambda pair: pair[0], default=(0.0, ""))
        if share >= threshold:
            yield Duplicate(article.id, of, share)
        seen.append((article.id, set(grams)))


def _id(record: Mapping[str, Any], names: Sequence[str], where: str) -> str:
    value = next((record[name] for name in names if record.get(name) is not None), None)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        said = "has no id" if value is None else f"has the id {value!r}"
        holds = f"; it has {', '.join(map(str, record)) or 'no field'}" if value is None else ""
        raise DataError(f"{where} {said}{holds}. Expected a string, unique among its like.")
    return _whole(str(value), where)


def _string(record: Mapping[str, Any], name: str, where: str) -> str | None:
    value = record.get(name)
    if value is None or value != value:  # a table's missing value is a NaN
        return None
    if not isinstance(value, str):
        raise DataError(f"{where}: {name!r} is {kind(value)}; expected a string.")
    return _whole(value, where).replace("\r\n", "\n").replace("\r", "\n")


def _whole(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"{where}: character {error.start} is half of a surrogate pair, so the text was cut or damaged."
        ) from None
    return text


def _list(record: Mapping[str, Any], name: str, where: str, whose: str) -> list[Any]:
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise DataError(f"{where}: {name!r} of {whose} is {kind(value)}; expected a list.")
    return value


def _known(ids: Any, articles: Mapping[str, Article], where: str) -> tuple[str, ...]:
    if not isinstance(ids, list):
        raise DataError(f"{where}: 'articles' is {kind(ids)}; expected a list of article ids.")
    for article_id in ids:
        if str(article_id) not in articles:
            raise DataError(f"{where} names the article {article_id!r}; the event has {', '.join(articles)}.")
    return tuple(str(article_id) for article_id in ids)
