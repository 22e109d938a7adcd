"""Numbers that others published, as they published them, each with its source and certainty.

A field that is left out is unknown, and unknown is no wildcard: it never agrees with anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from benchmark import yaml
from benchmark.errors import ReportedError, words

SHIPPED = Path(__file__).with_name("reported.yaml")

DEFAULT_MARGIN = 1.0
"""Points of accuracy within which a result counts as reproduced.

Twice what the probe alone moves a published number: 74.3 to 74.8 for one BYOL encoder.
Source: arXiv 2006.07733, appendix C.1.
"""

Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Probe: TypeAlias = Literal["linear", "mlp", "knn", "finetune"]
Selection: TypeAlias = Literal["last", "held_out", "best_on_test"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Scoring(_Strict):
    """How a representation was scored: what a comparison needs, then what is noted beside it."""

    probe: Probe | None = None
    width: Count | None = None
    """Units of the hidden layer of an `mlp` probe."""
    k: Count | None = None
    """Neighbours of a `knn` probe."""
    feature: Text | None = None
    """What the probe sees: `pooled`, or `flat`: every place of the last map side by side."""
    pretrain_split: Text | None = None
    """What the encoder saw; `imagenet:train` where it is of another dataset."""
    probe_split: Text | None = None
    """What the probe was fitted on."""
    resolution: Count | None = None
    """Pixels a side, as the encoder sees them in evaluation."""
    online: bool | None = None
    """Whether the probe was trained while the encoder still changed."""
    selection: Selection | None = None
    """Which checkpoint the number is of; what a probe selects for itself is its `solver`."""
    augmentation: Text | None = None
    """Noted: what the training images of the probe went through."""
    solver: Text | None = None
    """Noted: how the probe was fitted."""

    @model_validator(mode="after")
    def _belongs(self) -> Scoring:
        if self.width is not None and self.probe != "mlp":
            raise ValueError(f"width belongs to the probe 'mlp' (got {self.probe!r})")
        if self.k is not None and self.probe != "knn":
            raise ValueError(f"k belongs to the probe 'knn' (got {self.probe!r})")
        return self

    @property
    def probe_class(self) -> str | None:
        """Name the probe with its size (`linear`, `MLP-1024`, `kNN-200`); None if unknown."""
        if self.probe == "mlp":
            return f"MLP-{self.width}" if self.width else None
        if self.probe == "knn":
            return f"kNN-{self.k}" if self.k else None
        return self.probe


class Spent(_Strict):
    """What the pretraining spent."""

    epochs: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Passes over the pretraining split; parts of one count."""
    batch: Count | None = None
    """Images a step, over all devices."""
    images: Count | None = None
    """Images seen in all."""


class Reported(_Strict):
    """A number that someone published; never edited to fit."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    value: Percent
    unit: Literal["percent"]
    metric: Literal["top1", "top5"]
    reading: Literal["exact", "about", "over"] = "exact"
    """Whether the source gives the number itself, a rounded one (`≈ 91`), or a bound (`67+`)."""
    spread: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """The ± of the source, in points."""
    runs: Count | None = None
    """Runs behind the number."""
    method: Text
    variant: str | None = None
    """Options that differ from the method's recipe; the empty text where none do."""
    dataset: Text
    encoder: Text | None = None
    protocol: Scoring = Scoring()
    budget: Spent = Spent()
    training: Text | None = None
    """Optimiser, rate, hardware and the like, as far as the source tells."""
    source: Text
    certainty: Literal["seen", "memory", "inferred"]
    """Seen in the source, remembered without a check, or concluded from something else."""
    repeats: Text | None = None
    """Id of the entry that holds the same number, where this one is no evidence of its own."""
    note: Text | None = None
    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)] = DEFAULT_MARGIN
    """Points within which a result reproduces this number, set before anything is run."""
    _assumed: tuple[str, ...] = PrivateAttr(())

    @property
    def assumed(self) -> tuple[str, ...]:
        """What a reader assumed of fields that the source leaves open; no file can hold it."""
        return self._assumed

    def assuming(self, assumed: tuple[str, ...], fields: dict[str, object]) -> Reported:
        """Return this number with open fields filled, saying by which assumptions.

        Args:
            assumed: In the words of the reader.
            fields: The filled ones, `protocol` and `budget` whole.
        """
        filled = self.model_copy(update=fields)
        filled._assumed = assumed
        return filled


def load_reported(path: Path | None = None) -> tuple[Reported, ...]:
    """Read and validate a file of reported numbers.

    Args:
        path: a YAML file with one list, `reported`; the shipped file if None.

    Raises:
        ReportedError: the file cannot be read, or an entry is not what it must be.
    """
    return _shipped() if path is None else _read(path)


def load_with(paths: Iterable[Path]) -> tuple[Reported, ...]:
    """Return the shipped numbers and, after them, those of further files.

    Raises:
        ReportedError: As `load_reported`; also where an id is taken.
    """
    entries = [*load_reported()]
    taken = dict.fromkeys((entry.id for entry in entries), "the shipped numbers")
    for path in paths:
        own = load_reported(path)
        for entry in own:
            if entry.id in taken:
                raise ReportedError(
                    f"{path.name}: the id {entry.id!r} is taken by {taken[entry.id]}"
                )
        taken.update(dict.fromkeys((entry.id for entry in own), path.name))
        entries += own
    return tuple(entries)


def parse(text: str, name: str) -> tuple[Reported, ...]:
    """Validate a text as `load_reported` does a file; `name` stands for the file in errors."""
    return _entries(yaml.parse(text, ReportedError, name=name))


@cache
def _shipped() -> tuple[Reported, ...]:
    return _read(SHIPPED)


def _read(path: Path) -> tuple[Reported, ...]:
    return _entries(yaml.load(path, ReportedError))


def _entries(document: yaml.Document) -> tuple[Reported, ...]:
    data = document.data
    if not isinstance(data, dict) or list(data) != ["reported"]:
        raise ReportedError(f"{document.name}: must hold one key, 'reported'")
    rows = data["reported"]
    if not isinstance(rows, list):
        raise ReportedError(f"{document.where('reported')}: reported must be a list")
    entries = tuple(_entry(document, index, row) for index, row in enumerate(rows))
    _check_ids(document, entries)
    return entries


def _entry(document: yaml.Document, index: int, row: yaml.Data) -> Reported:
    try:
        return Reported.model_validate(row)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = document.where("reported", index, *first["loc"])
        field = ".".join(str(part) for part in first["loc"]) or "entry"
        said = words(first["msg"])
        wrong = f"{field}: {said[:1].lower()}{said[1:]}"
        raise ReportedError(f"{where}: {wrong} (got {first['input']!r})") from problem


def _check_ids(document: yaml.Document, entries: tuple[Reported, ...]) -> None:
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry.id in first:
            raise ReportedError(
                f"{document.where('reported', index, 'id')}: the id {entry.id!r} twice "
                f"(first in {document.where('reported', first[entry.id], 'id')})"
            )
        first[entry.id] = index
    for index, entry in enumerate(entries):
        if entry.repeats is None:
            continue
        other = entries[first[entry.repeats]] if entry.repeats in first else None
        if other is None or other is entry or other.value != entry.value:
            raise ReportedError(
                f"{document.where('reported', index, 'repeats')}: repeats must name another entry "
                f"with the value {entry.value} (got {entry.repeats!r})"
            )
