"""A cell's recipe resolved: the five aspects, the training, and where each constant is from."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.checks import rebuild
from benchmark.errors import DataError
from benchmark.matrix.common import DEFAULT
from benchmark.matrix.protocol import Protocol
from methods import catalogue, contract
from methods.settings import Setting, Training

if TYPE_CHECKING:
    from benchmark.matrix.cell import Cell
    from methods.recipe import Recipe

_SOURCE = re.compile(r"Source:\s*(.+?)(?:\n\s*\n|\Z)", re.DOTALL)
_OPTIMIZERS = {"sgd": ("momentum",), "lars": ("momentum", "trust")}
_ADAM = ("betas", "eps")
_NOWHERE = "(nowhere)"


@dataclass(frozen=True)
class Line:
    """One thing about a cell."""

    name: str
    value: str
    source: str | None = None
    """Where the code says that it is from; None where it says nothing."""


@dataclass(frozen=True)
class Explanation:
    """A cell, section by section, in the paper's order."""

    label: str
    id: str
    title: str
    """The method and its paper."""
    marks: tuple[str, ...]
    sections: Mapping[str, tuple[Line, ...]]


def explain(cell: Cell, protocols: Sequence[Protocol], *, data: Path | None) -> Explanation:
    """Compose a cell's recipe and say what it is.

    Args:
        cell: Which.
        protocols: How it is scored.
        data: Where datasets that need files are; without them their statistics stay unsaid.

    Raises:
        UsageError: If the cell cannot be made any more.
    """
    import methods

    row = rebuild.row(cell)
    setting, known = _with_statistics(row.setting, cell.dataset, data)
    recipe = methods.compose(
        replace(setting, classes=setting.classes or row.dataset.card.classes or 0)
    )
    card = setting.card
    untuned = ("untuned",) if cell.recipe.source == DEFAULT else ()
    return Explanation(
        cell.label, cell.pretrain_id, f"{card.title}, {card.paper}",
        (*contract.marks(setting, cell.encoder), *untuned),
        {
            "1 augmentation": tuple(_augmentation(recipe, known=known)),
            "2 encoder": tuple(_encoder(cell, setting)),
            "3 extraction": tuple(_extraction(recipe)),
            "4 similarity": tuple(_object(recipe.similarity)),
            "5 loss": tuple(_object(recipe.loss)),
            "settings that may depend on the data": tuple(_values(setting)),
            "training": tuple(_training(cell)),
            "budget": (Line(cell.budget.name, f"{cell.budget.spent}, {_steps(cell)}"),),
            "protocols": tuple(Line(p.name, _protocol(p)) for p in protocols),
        },
    )  # fmt: skip


def source_of(thing: object) -> str | None:
    """Return what follows `Source:` in a docstring: the thing's, a base's, or its module's."""
    classes = inspect.getmro(thing) if isinstance(thing, type) else (thing,)
    modules = (sys.modules.get(str(getattr(each, "__module__", ""))) for each in classes[:1])
    for each in (*classes, *modules):
        found = _SOURCE.search(getattr(each, "__doc__", None) or "")
        if found:
            return " ".join(found[1].split())
    return None


def _with_statistics(setting: Setting, name: str, data: Path | None) -> tuple[Setting, bool]:
    """Return the setting with the dataset's mean and deviation, and whether they are known."""
    from benchmark.data import load

    try:
        found = load(name, data)
    except DataError:
        return setting, False
    return replace(setting, mean=found.mean, std=found.std, classes=len(found.classes)), True


def _augmentation(recipe: Recipe, *, known: bool) -> Iterator[Line]:
    pipeline = recipe.augmentation
    groups = {"all views": pipeline.shared} if pipeline.shared else {}
    for number, view in enumerate(pipeline.views, 1):
        same = next((name for name, steps in groups.items() if steps == view), None)
        if same is not None and same != "all views":
            groups[f"{same}, {number}"] = groups.pop(same)
        else:
            groups[f"view {number}"] = view
    groups["evaluation"] = recipe.evaluation.steps
    for name, steps in groups.items():
        for step in steps:
            described = step.describe()
            what = str(described.pop("name"))
            source = source_of(type(step))
            if {"mean", "std"} <= set(described):
                source = "statistics of the dataset"
                described = described if known else {"mean and std": "in the dataset's files"}
            yield Line(name, f"{what} {_listed(described)}".strip(), source)


def _encoder(cell: Cell, setting: Setting) -> Iterator[Line]:
    size = contract.view_size(setting)
    yield Line("name", cell.encoder)
    yield Line("sees", f"{size} px" + (", patches" if contract.sees_patches(setting) else ""))
    slots = catalogue.slots(cell.encoder, size)
    if slots is not None:
        card, options = catalogue.resolve(cell.encoder, size)
        module, _, name = card.build.partition(":")
        built = getattr(importlib.import_module(module), name)
        yield Line(name, _first_line(built), source_of(built))
        yield Line("options", _listed(options))
        yield Line("stem", catalogue.stem(cell.encoder, size) or "unknown")
        yield Line("norm", catalogue.norm(cell.encoder) or "unknown")
        yield Line("maps", ", ".join(f"{k} {'x'.join(map(str, v))}" for k, v in slots.items()))
    yield Line("maps compared", ", ".join(setting.card.slots(setting.values)))


def _extraction(recipe: Recipe) -> Iterator[Line]:
    builder = recipe.extraction
    if builder is None:
        yield Line("none", "nothing is trained")
        return
    built = builder.func if isinstance(builder, partial) else builder
    kind: Any = built
    yield Line(kind.__name__, _first_line(built), source_of(built))
    if isinstance(builder, partial):
        for name, value in builder.keywords.items():
            yield Line(name, _plain(value))


def _object(thing: object) -> Iterator[Line]:
    yield Line(type(thing).__name__, _first_line(type(thing)), source_of(type(thing)))
    if is_dataclass(thing):
        for field in fields(thing):
            yield Line(field.name, _plain(getattr(thing, field.name)))


def _values(setting: Setting) -> Iterator[Line]:
    """Yield every value of the method's card, with who published it."""
    default = setting.card.values[setting.row]
    for name, value in setting.values.items():
        chosen = value != default[name]
        source = "chosen in the method's name" if chosen else _published(setting, name)
        yield Line(name, _plain(value), source)


def _published(setting: Setting, name: str) -> str:
    """Say which published row a value stands in; the row that was taken is asked first."""
    card = setting.card
    for row in sorted(card.published, key=lambda row: row != setting.row):
        if card.values.get(row, {}).get(name, _NOWHERE) == setting.values[name]:
            return card.paper + ("" if row == setting.dataset else f", as for {row}")
    return f"not the authors': {card.module}'s card, row {setting.row}"


def _training(cell: Cell) -> Iterator[Line]:
    spec = cell.recipe
    yield Line("kind", cell.training)
    yield Line("learning rate", f"{spec.learning_rate:g}", spec.source or None)
    for name, value in _relevant(spec).items():
        yield Line(name.replace("_", " "), _plain(value))
    if cell.steps:
        yield Line("warm-up", f"{cell.steps // 10} steps at most, a tenth of the run")
    yield Line("precision", cell.precision)


def _relevant(spec: Training) -> dict[str, object]:
    """Drop what the optimiser or the schedule does not look at."""
    known = {*_ADAM, *(name for names in _OPTIMIZERS.values() for name in names)}
    unused = known - set(_OPTIMIZERS.get(spec.optimizer, _ADAM))
    unused |= {"source"} if spec.schedule == "steps" else {"source", "milestones", "factor"}
    return {name: value for name, value in asdict(spec).items() if name not in unused}


def _steps(cell: Cell) -> str:
    if cell.steps is None:
        return "so many steps as a calibration or the files tell"
    return f"{cell.steps} steps of {cell.recipe.batch} images"


def _protocol(protocol: Protocol) -> str:
    told = asdict(protocol)
    return _listed({name: told[name] for name in told if name != "name" and told[name] is not None})


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in values.items())


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_plain, value))})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
