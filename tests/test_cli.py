import subprocess
import sys

import pytest

from harness import choices
from harness.cli import COMMANDS, main

HEAVY = ("torch", "transformers", "spacy", "datasets", "evaluate", "hydra", "pandas", "numpy", "rich")


@pytest.mark.parametrize("argv", [[], ["--help"], ["run", "--help"], ["validate", "--help"]])
def test_help_is_written_for_people(argv, capsys):
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert out.count("\n  harness ") >= 3
    assert "esults" in out or "out=FILE" in out


def test_run_help_lists_every_choice(capsys):
    groups = {folder.name for folder in choices.conf_dir().iterdir() if folder.is_dir()}
    assert set(choices.GROUPS) == groups
    main(["run", "--help"])
    out = capsys.readouterr().out
    for group in groups - {"benchmark"}:
        listed = choices.describe([group])
        assert listed.split() == [group, *choices.choices(group)]
        assert listed in out


@pytest.mark.parametrize("argv", ["--help", "run --help", "compare --help", "validate --help"])
def test_help_imports_nothing_heavy(argv):
    code = f"import sys; from harness.cli import main\ntry: main({argv.split()!r})\nexcept SystemExit: pass\nprint('LOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = {name.split(".")[0] for name in out.split("LOADED")[1].split()}
    assert not loaded & set(HEAVY)


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["compar"]) == 2
    err = capsys.readouterr().err
    assert "Did you mean `harness compare`" in err
    assert all(command in err for command in COMMANDS)


def test_an_unknown_option_is_no_traceback(capsys):
    assert main(["compare", "--formt", "md"]) == 2
    assert "--help" in capsys.readouterr().err
