"""The two rules of docs/architecture.md that a reader cannot see in one file."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "harness"
HEAVY = {"torch", "transformers", "spacy", "datasets", "evaluate"}

# Each layer may import from the layers before it, and from its own.
LAYERS = [
    {"schema", "errors", "choices", "progress", "__init__"},
    {"protocols", "weights", "store", "text", "agreement"},
    {"cleaning", "corpus", "prompt", "provenance", "benchmark"},
    {"models", "claims", "checkers"},
    {"desk", "slots", "sayings", "copies", "align", "conflicts", "sources", "audit"},
    {"evaluators"},
    {"generate", "score", "compare", "validate", "planted"},
    {"run"},
    {"cli", "__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
FILES = sorted(ROOT.rglob("*.py"))


def part_of(file: Path) -> str:
    return file.relative_to(ROOT).with_suffix("").parts[0]


def imports(file: Path):
    """(module imported, whether it is for types only), wherever in the file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, id(node) in typing
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "harness":
                for name in node.names:
                    yield f"harness.{name.name}", id(node) in typing
            else:
                yield node.module, id(node) in typing


def test_every_file_has_a_layer():
    assert {part_of(file) for file in FILES} <= set(RANK)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_one_way(file):
    for module, for_types in imports(file):
        parts = module.split(".")
        if parts[0] == "harness" and len(parts) > 1 and parts[1] in RANK and not for_types:
            assert RANK[parts[1]] <= RANK[part_of(file)], f"{part_of(file)} imports {module}"


def test_importing_any_module_loads_nothing_heavy():
    modules = [".".join(("harness", *file.relative_to(ROOT).with_suffix("").parts)) for file in FILES]
    modules = [name.removesuffix(".__init__") for name in modules if not name.endswith("__main__")]
    # What makes an `evaluate.Metric`, and a network of torch modules: each imported when one is asked for.
    modules = [name for name in modules if name not in ("harness.evaluators.metric", "harness.checkers.network")]
    code = f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\nprint(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {name.split(".")[0] for name in out.split()} & HEAVY
