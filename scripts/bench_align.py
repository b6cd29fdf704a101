"""Time and memory of the comparison for 2, 5, 10, 20 and 50 articles of about 800 words.

    python scripts/bench_align.py [--articles 2,5,10,20,50] [--words 800] [--checker similarity]

The articles are built from those of the shipped sample: each is a shuffle of sentences of one event's articles and of
fillers from others, so that they overlap as reports of one event do. Prints one line per size.
"""

from __future__ import annotations

import argparse
import random
import resource
import time

from harness.claims.clauses import Clauses
from harness.corpus import Sample
from harness.desk import Desk
from harness.schema import Article, Event
from harness.sources import Compare
from harness.text import sentences


def build(n: int, words: int, seed: int = 13) -> Event:
    """An event of `n` articles of about `words` words each."""
    events = Sample().events()
    told = [s.text for a in events[0].articles for s in sentences(a.text)]
    filler = [s.text for e in events[1:] for a in e.articles for s in sentences(a.text)]
    draw = random.Random(seed)
    articles = []
    for number in range(n):
        chosen: list[str] = draw.sample(told, k=min(len(told), 15))
        while sum(len(s.split()) for s in chosen) < words:
            chosen.append(draw.choice(filler))
        draw.shuffle(chosen)
        articles.append(Article(f"a{number:02d}", "\n\n".join(chosen), published="2025-03-03"))
    return Event("bench", tuple(articles))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", default="2,5,10,20,50")
    parser.add_argument("--words", type=int, default=800)
    parser.add_argument("--checker", default="embedded", choices=("embedded", "similarity"))
    options = parser.parse_args()
    if options.checker == "embedded":
        from harness.checkers.embedded import Embedded as Checker
    else:
        from harness.checkers.similarity import Similarity as Checker  # type: ignore[assignment]
    checker, compare = Checker(), Compare()
    compare.compare(build(2, 100), Desk(Clauses(), checker))  # load everything
    print("articles  claims  statements  conflicts  seconds  peak MB")
    for n in map(int, options.articles.split(",")):
        event = build(n, options.words)
        desk = Desk(Clauses(), checker)
        begin = time.perf_counter()
        comparison = compare.compare(event, desk)
        seconds = time.perf_counter() - begin
        claims = sum(len(e.claims) for e in desk.claims([(a.id, a.text) for a in event.articles]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{n:8d}  {claims:6d}  {len(comparison.statements):10d}  {len(comparison.conflicts):9d}  {seconds:7.1f}  {peak:7.0f}"
        )


if __name__ == "__main__":
    main()
