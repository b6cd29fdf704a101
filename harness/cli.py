"""The command line. Each sub-command imports only what it needs, so `harness --help` answers at once."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
from collections.abc import Sequence

from harness import __version__
from harness.errors import HarnessError

HELP = """\
harness - which model and prompt to trust with your news: summaries and briefs, scored against their sources

usage: harness <command> ...

  run       write summaries and briefs, score them, print the table    (Hydra overrides: model=lead)
  compare   one table of all runs under a folder                       (ordinary options)
  validate  a checker against human judgements                         (Hydra overrides: checker=lexical)
  sources   what the articles of an event agree on, and where they do not (ordinary options)

examples:
  harness run                                              the shipped sample, the embedded model
  harness run dataset=folder dataset.path=my/articles      your own texts: a folder an event
  harness compare results --format md                      the table of every run so far
  harness validate path=my/benchmarks                      how far the checker agrees with people

Results land under results/ of the current directory: one folder for each data set, model, prompt and brief.
`harness <command> --help` says more.
"""

RUN_HELP = """\
harness run - write a summary of every article and a brief of every event, score them, print the table

usage: harness run [-m] [--config-dir DIR] [group=choice ...] [key=value ...]

What it does: reads the events, writes with the model, makes claims of every text, checks each claim against
each article, scores, and prints one row per model, prompt and brief, control rows beside it. Stopped at any
point it goes on where it was when the same command is given again.

examples:
  harness run model=lead dataset.limit=3                   the first three events, first sentences only
  harness run dataset=folder dataset.path=my/articles prompt=bullets
  harness run -m model=lead,smollm2 prompt=plain,grounded  every combination (a sweep)

groups and their choices (a group's settings are overridden as group.key=value):
{groups}
settings:
  output=DIR        where run folders go (default: results under the current directory)
  on_error=skip     go on without an event that cannot be read, and list it (default: fail)
  overwrite=true    start a run folder over that holds another configuration
  controls=false    leave out the control rows (lead, oracle, another event's text, nothing, a copy)

  --config-dir DIR  a folder laid out like conf/ with choices of your own
  --cfg job         print the whole configuration and stop

Where results go: <output>/<dataset>/<model>/<prompt>/<brief>/ holds run.json, summaries.jsonl, claims.jsonl,
verdicts.jsonl, key_facts.jsonl, scores.jsonl and .hydra/.
"""

VALIDATE_HELP = """\
harness validate - how far a checker, and the baselines beside it, agrees with human judgements

usage: harness validate path=DIR [checker=NAME] [claims=NAME] [key=value ...]

What it does: reads summaries that people have judged (docs/validation.md has the layout; a planted set of source
conflicts is recognised by itself), asks the checker, and prints balanced accuracy, ROC-AUC and correlations with
95 % intervals, copied n-grams, ROUGE recall, length and the lexical checker in the same table.

examples:
  harness validate path=my/benchmarks                            every set in the folder, the default checker
  harness validate path=test tune_on=dev checker=similarity      a threshold tuned on another split
  harness validate path=my/benchmarks format=json out=rows.json  long form, for further work

groups and their choices (a group's settings are overridden as group.key=value):
{groups}
settings:
  path=DIR          a set (documents.jsonl and records.jsonl), a folder of sets, or a planted events.jsonl
  tune_on=DIR       where the threshold of bacc_tuned is chosen
  baselines=false   only the checker
  limit=N           only the first N documents of each set
  format=md         or csv, json
  out=FILE          write the table there
  --config-dir DIR  a folder with choices of your own, such as benchmark/mine.yaml

The table goes to the terminal, or to the file of out=. Verdicts are cached: the same command goes on where it was.
"""

COMMANDS = ("run", "compare", "validate", "sources")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 2 the user's mistake (told in one paragraph), 1 anything else."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if argv[0] in ("-V", "--version"):
        print(f"harness {__version__}")
        return 0
    command, rest = argv[0], argv[1:]
    try:
        if command == "run":
            return _run(rest)
        if command == "compare":
            return _compare(rest)
        if command == "validate":
            return _validate(rest)
        if command == "sources":
            return _sources(rest)
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f" Did you mean `harness {near[0]}`?" if near else ""
        raise HarnessError(f"There is no command {command!r}; there are {', '.join(COMMANDS)}.{hint}")
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `harness ... | head`: whoever read has read enough
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the exit would complain
        return 1
    except KeyboardInterrupt:
        print(
            "\nharness: stopped. Nothing that was finished is lost; the same command goes on from here.",
            file=sys.stderr,
        )
        return 130


def _asks_for_help(argv: list[str], text: str, groups: Sequence[str]) -> bool:
    if not any(argument in ("-h", "--help") for argument in argv):
        return False
    from harness.choices import describe

    print(text.format(groups=describe(groups)), end="")
    return True


def _validate(argv: list[str]) -> int:
    if _asks_for_help(argv, VALIDATE_HELP, ("benchmark", "claims", "checker")):
        return 0
    from harness.run import validate

    return validate(argv)


def _run(argv: list[str]) -> int:
    groups = ("dataset", "model", "backend", "prompt", "brief", "claims", "checker", "sources", "evaluator")
    if _asks_for_help(argv, RUN_HELP, groups):
        return 0
    from harness.run import main as run

    return run(argv)


def _parser(command: str, description: str, examples: str) -> argparse.ArgumentParser:
    class Parser(argparse.ArgumentParser):
        def error(self, message: str):
            raise HarnessError(f"{command}: {message}. `{command} --help` lists the options.")

    return Parser(
        prog=command,
        description=description,
        epilog="examples:\n" + examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _compare(argv: list[str]) -> int:
    parser = _parser(
        "harness compare",
        "Gather every run folder under DIR into one table: rows are model x prompt x brief, columns are metrics\n"
        "with how many summaries could be scored. Refuses to put differently made scores into one column.",
        "  harness compare\n"
        "  harness compare results/sample --kind brief --format md\n"
        "  harness compare results --metrics rouge1_f,claim_precision --format csv --out table.csv\n\n"
        "The table goes to the terminal, or to the file of --out.",
    )
    parser.add_argument("dir", nargs="?", default="results", metavar="DIR", help="default: results")
    parser.add_argument("--format", default="rich", choices=("rich", "md", "csv", "tex", "json"))
    parser.add_argument("--kind", choices=("summary", "brief"), help="only one of the two tables")
    parser.add_argument("--metrics", metavar="A,B", help="the columns, by name; `all` for every metric")
    parser.add_argument("--no-controls", action="store_true", help="leave out the control rows")
    parser.add_argument("--out", metavar="FILE", help="write the table there")
    options = parser.parse_args(argv)
    from harness.compare import main as compare

    return compare(options)


def _sources(argv: list[str]) -> int:
    parser = _parser(
        "harness sources",
        "Compare the articles of an event, without any summarising model: what two or more of them say, what one\n"
        "alone says, where they contradict each other, and what was copied. PATH is a folder of .txt or .md files,\n"
        "a folder of such folders, or a .jsonl file of events.",
        "  harness sources my/articles\n"
        "  harness sources my/articles --format json --out comparison.json\n"
        "  harness sources events.jsonl --event harbour-fire --format md\n\n"
        "The comparison goes to the terminal, or to the file of --out.",
    )
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("--format", default="rich", choices=("rich", "md", "json", "csv"))
    parser.add_argument("--event", metavar="ID", help="only this event")
    parser.add_argument("--out", metavar="FILE", help="write the comparison there (rich: as md)")
    options = parser.parse_args(argv)
    from harness.sources import main as sources

    return sources(options)
