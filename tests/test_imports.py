"""The import rules of the house, read from the source and held in fresh processes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from methods.cards import CARDS

ROOT = Path(__file__).parents[1]
WITHOUT_TORCH = (
    "benchmark.checks", "benchmark.cli", "benchmark.engines", "benchmark.errors",
    "benchmark.evidence", "benchmark.matrix", "benchmark.plan", "benchmark.plugins",
    "benchmark.progress", "benchmark.report", "benchmark.store", "benchmark.cell",
    "benchmark.data.catalogue", "benchmark.watch.interface", "benchmark.watch.notify",
    "benchmark.watch.targets", "benchmark.watch.tracker", "methods.cards", "methods.catalogue",
    "methods.contract", "methods.selector", "methods.settings",
)  # fmt: skip
"""Modules and packages; of a package, every module."""


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """Yield every module of a package by its dotted name, or the one module of that name."""
    place = ROOT.joinpath(*package.split("."))
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports, wherever in it: modules, and names taken from modules."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    """Say whether a dotted name is of a package."""
    return name == package or name.startswith(f"{package}.")


def test_methods_never_import_the_harness() -> None:
    """The science stands alone."""
    for name, path in modules("methods"):
        assert [found for found in imported(path) if within(found, "benchmark")] == [], name


def test_a_method_never_imports_another_method() -> None:
    """What two methods share is in the aspects."""
    files = {card.module for card in CARDS.values()}
    assert len(files) == 7
    for name, path in modules("methods"):
        if name in files:
            others = files - {name}
            assert [f for f in imported(path) if any(within(f, o) for o in others)] == [], name


def test_nobody_imports_the_command_line() -> None:
    """It is the outermost layer; only its own modules and `python -m benchmark` may."""
    for package in ("methods", "benchmark"):
        for name, path in modules(package):
            if not within(name, "benchmark.cli") and name != "benchmark.__main__":
                found = [each for each in imported(path) if within(each, "benchmark.cli")]
                assert found == [], name


def test_packages_hold_no_side_effects() -> None:
    """An `__init__` defines names: it calls nothing, so that importing registers nothing."""
    for package in ("methods", "benchmark"):
        for name, path in modules(package):
            if path.name == "__init__.py":
                body = ast.parse(path.read_text()).body
                calls = [node for node in body if isinstance(node, ast.Expr) and not text(node)]
                assert calls == [], name


def text(node: ast.Expr) -> bool:
    """Say whether a statement is a docstring."""
    return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


IMPORT = """
import importlib, json, sys
names = json.loads(sys.argv[1])
heavy = ("torch", "torchvision", "timm", "sklearn", "skimage", "scipy")
for name in names:
    importlib.import_module(name)
    found = [each for each in heavy if each in sys.modules]
    assert not found, f"{name} imports {found}"
print(len(names))
"""


@pytest.mark.parametrize("package", WITHOUT_TORCH)
def test_no_torch_where_none_is_needed(package: str) -> None:
    """Planning, reporting and reading results answer in a moment; seen in a fresh process."""
    names = [name for name, _ in modules(package)]
    done = run(IMPORT, json.dumps(names))
    assert done.stderr == ""
    assert int(done.stdout) == len(names) > 0


HELP = """
import sys
sys.argv = ["cslbench", "--help"]
from benchmark.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = ["pandas", "numpy", "pydantic", "rich", "torch", "yaml"]
print("loaded:", [name for name in heavy if name in sys.modules])
"""


def test_help_loads_only_typer() -> None:
    """That is what makes it fast; no other package of ours or of others is loaded."""
    done = run(HELP)
    assert done.stdout.splitlines()[-1] == "loaded: []", done.stderr


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script from the root in a fresh process."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
