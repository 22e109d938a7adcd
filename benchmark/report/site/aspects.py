"""A method by the paper's five aspects, from what results store and from its source.

The source is read, not run: no torch is needed, and a stranger's method is not looked for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import methods
from benchmark.report.rows import Row
from benchmark.store.result import Described
from methods.cards import CARDS

ASPECTS = ("augmentation", "encoder", "extraction", "similarity", "loss")
_READERS = ("number", "whole", "text", "numbers")
"""How a recipe takes a value from its setting."""
_ROOT = Path(methods.__file__).parents[1]


@dataclass(frozen=True)
class Part:
    """One aspect of one row."""

    text: str
    about: str = ""
    """The first line of its docstring."""


@dataclass(frozen=True)
class Method:
    """What is known of a method without its results."""

    title: str
    paper: str
    about: tuple[str, ...]
    """The paragraphs that follow the first of its docstring."""


def method(name: str) -> Method:
    """Return title, paper and story of a method, by its name without options."""
    card = CARDS.get(name)
    if card is None:
        return Method(name, "", ())
    tree = _tree(card.module)
    told = (ast.get_docstring(tree) or "" if tree else "").split("\n\n")[1:]
    return Method(card.title, card.paper, tuple(" ".join(each.split()) for each in told))


def five(row: Row) -> dict[str, Part]:
    """Return the five aspects of a row, as far as they are known."""
    found = next((r.described for r in row.results if r.described), None)
    card = CARDS.get(row.cell.base_method)
    if card is not None and not card.trains:
        untrained = dict.fromkeys(ASPECTS, Part("none: it is never trained"))
        return untrained | {"encoder": _encoder(row)}
    return {
        "augmentation": Part("\n".join(_augmentation(found)) if found else "not stored"),
        "encoder": _encoder(row),
        **{name: _part(row, name) for name in ASPECTS[2:]},
    }


def _encoder(row: Row) -> Part:
    found = next((r.described for r in row.results if r.described), None)
    return Part(row.cell.encoder, f"stem {found.stem}, norm {found.norm}" if found else "")


def contrast(row: Row) -> str:
    """Say how many there are to tell apart: anchors, candidates, negatives."""
    found = next((r.described for r in row.results if r.described), None)
    if found is None or not found.comparisons:
        return ""
    times = f", {found.comparisons} comparisons a batch" if found.comparisons > 1 else ""
    return (
        f"{found.anchors} anchors × {found.candidates} candidates, "
        f"{found.negatives_per_anchor} negatives each{times}"
    )


def _augmentation(found: Described) -> Iterator[str]:
    """Yield one line for what all views share, and one for each kind of view."""
    shared, views = (found.augmentation.get(name) for name in ("shared", "views"))
    if isinstance(shared, list) and shared:
        yield f"all views: {_steps(shared)}"
    lines = [_steps(view) for view in views] if isinstance(views, list) else []
    for line in dict.fromkeys(lines):
        count = lines.count(line)
        yield f"{'each of ' if count > 1 else ''}{count} view{'s' * (count > 1)}: {line}"


def _steps(transforms: object) -> str:
    listed = transforms if isinstance(transforms, list) else []
    return " → ".join(_transform(each) for each in listed if isinstance(each, dict))


def _transform(fields: Mapping[str, object]) -> str:
    own = [
        f"{name} {_short(value)}"
        for name, value in fields.items()
        if name not in ("name", "mean", "std") and value not in (None, False)
    ]
    return f"{fields.get('name')}" + (f"({', '.join(own)})" if own else "")


def _short(value: object) -> str:
    if isinstance(value, list):
        return "–".join(map(_short, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _part(row: Row, aspect: str) -> Part:
    card = CARDS.get(row.cell.base_method)
    tree = _tree(card.module) if card else None
    call = _aspect(tree, row.cell.base_method, aspect) if tree else None
    if call is None:
        return Part("not known here")
    if isinstance(call, ast.Constant):
        return Part("none")
    if not isinstance(call, ast.Call):
        return Part(ast.unparse(call))
    arguments = list(call.args)
    called = arguments.pop(0) if ast.unparse(call.func) == "partial" else call.func
    values = [("", a) for a in arguments] + [(f"{k.arg}=", k.value) for k in call.keywords]
    known = [(name, _value(each, row)) for name, each in values]
    said = ", ".join(f"{name}{text}" for name, text in known if text is not None)
    name = ast.unparse(called)
    return Part(f"{name}({said})" if said else name, _about(tree, name))


@cache
def _aspect(tree: ast.Module, method: str, aspect: str) -> ast.expr | None:
    """Return what a recipe gives as an aspect; of several, the function of the method's name."""
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    function = functions.get(method, functions.get("recipe"))
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Recipe":
            return next((each.value for each in node.keywords if each.arg == aspect), None)
    return None


def _value(node: ast.expr, row: Row) -> str | None:
    """Return an argument as the row has it; None for what only running the code can tell."""
    if isinstance(node, ast.Constant):
        return repr(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        key = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if node.func.attr in _READERS and isinstance(key, str) and key in row.cell.values:
            return str(row.cell.values[key])
    return None


def _about(tree: ast.Module | None, name: str) -> str:
    """Return the first line of a class's docstring: here, or where it is imported from."""
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            return (ast.get_docstring(node) or "").partition("\n")[0]
        if isinstance(node, ast.ImportFrom) and name in [each.name for each in node.names]:
            return _about(_tree(node.module or ""), name)
    return ""


@cache
def _tree(module: str) -> ast.Module | None:
    if module.partition(".")[0] == "methods":
        place = _ROOT.joinpath(*module.split(".")).with_suffix(".py")
    else:  # a plugin: found by its first name, so that nothing is imported
        spec = find_spec(module) if "." not in module else None
        place = Path(spec.origin) if spec and spec.origin else Path()
    try:
        return ast.parse(place.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
