"""Claims as a file holds them: strict, and every name in them known."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmark import yaml
from benchmark.data import catalogue as datasets
from benchmark.errors import ClaimError, UsageError, unknown, words
from benchmark.evidence.claims import grammar
from benchmark.evidence.claims.statement import Contrast, Smaller, Statement, leaves
from benchmark.evidence.statistics.multiple import Spending
from benchmark.matrix.budget import CURRENCIES
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.matrix.row import setting_of
from methods import catalogue as encoders
from methods import selector

SHIPPED = Path(__file__).parents[1] / "claims.yaml"
EXPLORATORY = "exploratory"
"""The family that is none: nothing is corrected in it."""
AXES = ("encoder", "dataset", "budget", "batch")
"""What a spread may be over, beside an option of the method."""

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=40)]
Level = Annotated[float, Field(ge=1e-6, lt=0.5, allow_inf_nan=False)]
Replicates = Annotated[int, Field(ge=2, le=10_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Selection(_Strict):
    """Which results a name in a predicate stands for; what is left out is open."""

    method: Text | None = None
    """Selector. Options that it names must hold; of the others, choices (`extraction`, `views`) and
    what another cell of the method names are the method's own, and sizes are open."""
    dataset: Text | list[Text] | None = None
    """Selectors; without options, every variant."""
    encoder: Text | list[Text] | None = None
    """Likewise."""
    budget: Text | dict[Literal[CURRENCIES], float] | None = None  # type: ignore[valid-type]
    """Its name, or an amount of a currency."""
    training: Literal["authors", "common"] | None = None
    precision: Literal["float32", "bfloat16"] | None = None
    batch: Annotated[int, Field(ge=1)] | list[Annotated[int, Field(ge=1)]] | None = None
    protocol: Text | None = None
    """`linear` if none is given."""

    def within(self, other: Selection) -> Selection:
        """Return this with what only the other says."""
        return self.model_copy(update={**_said(other), **_said(self)})

    def texts(self, axis: Literal["dataset", "encoder"]) -> list[str]:
        """Return the selectors of an axis; none if it is open."""
        found = getattr(self, axis)
        return [found] if isinstance(found, str) else found or []

    def asked(self, axis: str) -> list[Selection]:
        """Return a selection for each level that is asked for by name; none if the axis is open."""
        found = getattr(self, axis, None) if axis in AXES else None
        return (
            [self.model_copy(update={axis: one}) for one in found]
            if isinstance(found, list)
            else []
        )


class Claim(_Strict):
    """A statement, which results it is about, and how it is tested: fixed beforehand."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]
    statement: Text
    source: Text
    """Who says so."""
    family: Text
    """Claims of one family are corrected for their number; `exploratory` ones are not."""
    alpha: Level = 0.05
    """Chance of a false `supported` at most, all looks together, and of a false `contradicted`."""
    looks: list[Replicates] = [3, 5, 10]
    """Replicates at which it is tested; others are not looked at."""
    spending: Spending = "pocock"
    """How alpha is spent over the looks."""
    paired: bool = True
    """Whether replicate r of all cells is one block (common random numbers)."""
    margin: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    """Points; a spread claim needs one: the mean must be no worse by more."""
    where: Selection = Selection()
    """What all cells have in common."""
    cells: dict[Name, Selection] = {}
    predicate: Text | None = None
    untested: Text | None = None
    """Why no result can tell, in place of a predicate."""
    note: Text | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.predicate is None) == (self.untested is None):
            raise ValueError("needs either a predicate or, where nothing tests it, 'untested'")
        if not self.looks or self.looks != sorted(set(self.looks)):
            raise ValueError(f"looks must name at least one count, and rise (got {self.looks})")
        if self.predicate is None:
            return self
        _check_names(self, leaves(self.statement_read))
        return self

    @cached_property
    def statement_read(self) -> Statement:
        """What the predicate says."""
        return grammar.parse(self.predicate or "")

    @property
    def over(self) -> str | None:
        """Return the axis that spreads are over; None where the claim is about means."""
        kinds = [leaf for leaf in leaves(self.statement_read) if isinstance(leaf, Smaller)]
        return kinds[0].over if kinds else None

    def selection(self, name: str) -> Selection:
        """Return which results a name stands for."""
        return self.cells[name].within(self.where)

    def held(self, name: str) -> frozenset[str]:
        """Return the options that any cell of this cell's method names.

        They hold in all of those: `simclr` beside `simclr[temperature=1]` has its own temperature.
        """
        base, _ = selector.split(self.selection(name).method or "")
        every = [selector.split(self.selection(other).method or "") for other in self.cells]
        return frozenset(option for each, options in every if each == base for option in options)

    @property
    def stated(self) -> frozenset[str]:
        """Return the fields that cells say for themselves, and that may therefore differ."""
        return frozenset(field for cell in self.cells.values() for field in _said(cell))


def load_claims(path: Path | None = None) -> tuple[Claim, ...]:
    """Read a file of claims; the shipped one if None.

    Raises:
        ClaimError: the file cannot be read, or a claim is not what it must be.
    """
    return _shipped() if path is None else _read(path)


@cache
def _shipped() -> tuple[Claim, ...]:
    return _read(SHIPPED)


def _read(path: Path) -> tuple[Claim, ...]:
    document = yaml.load(path, ClaimError)
    data = document.data
    if not isinstance(data, dict) or list(data) != ["claims"]:
        raise ClaimError(f"{document.name}: must hold one key, 'claims'")
    rows = data["claims"]
    if not isinstance(rows, list):
        raise ClaimError(f"{document.where('claims')}: claims must be a list")
    found: dict[str, Claim] = {}
    alphas: dict[str, float] = {}
    for index, row in enumerate(rows):
        claim = _claim(document, index, row)
        where = document.where("claims", index)
        if claim.id in found:
            raise ClaimError(f"{where}: the id {claim.id!r} twice")
        if (
            claim.family != EXPLORATORY
            and alphas.setdefault(claim.family, claim.alpha) != claim.alpha
        ):
            raise ClaimError(
                f"{where}: all claims of the family {claim.family!r} must have one alpha "
                f"(got {claim.alpha:g} after {alphas[claim.family]:g})"
            )
        found[claim.id] = claim
    return tuple(found.values())


def _claim(document: yaml.Document, index: int, row: yaml.Data) -> Claim:
    try:
        claim = Claim.model_validate(row)
    except ValidationError as problem:
        # an unknown key explains a required one that is missing
        first = min(problem.errors(), key=lambda error: error["type"] != "extra_forbidden")
        place = [part for part in first["loc"] if isinstance(part, str | int)]
        where = document.where("claims", index, *place)
        wrong = words(first["msg"])
        field = f"{'.'.join(map(str, place))}: " if place else ""
        if first["type"] == "extra_forbidden":
            wrong = f"unknown key{_nearest(str(place[-1]), place)}"
        elif first["type"] not in ("value_error", "missing"):  # ours say what was given
            wrong += f" (got {first['input']!r})"
        raise ClaimError(f"{where}: {field}{wrong[:1].lower()}{wrong[1:]}") from problem
    for name in claim.cells:
        try:
            _check_selection(claim, claim.selection(name))
        except (ValueError, UsageError) as problem:
            raise ClaimError(
                f"{document.where('claims', index, 'cells', name)}: cells.{name}: {problem}"
            ) from problem
    return claim


def _nearest(key: str, place: list[str | int]) -> str:
    known = (Selection if place[0] in ("cells", "where") else Claim).model_fields
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{hint} (known: {', '.join(known)})"


def _check_names(claim: Claim, parts: tuple[Contrast | Smaller, ...]) -> None:
    kinds = {type(part) for part in parts}
    if len(kinds) > 1:
        raise ValueError("a predicate is of means or of spreads, not of both")
    used = set[str]()
    for part in parts:
        used |= set(part.names)
        if claim.margin is None and part.asks_margin:
            raise ValueError("needs a margin, in points: its predicate asks for one")
    for name in sorted(used - set(claim.cells)):
        raise ValueError(unknown("cell in the predicate", name, claim.cells))
    for name in sorted(set(claim.cells) - used):
        raise ValueError(f"the cell {name!r} is not in the predicate")


def _check_selection(claim: Claim, chosen: Selection) -> None:
    if chosen.method is None:
        raise ValueError("names no method")
    for text in chosen.texts("dataset"):
        datasets.resolve(text) if "[" in text else datasets.card(text)
    for text in chosen.texts("encoder"):
        encoders.canonical(text)
    setting = setting_of(chosen.method, datasets.resolve("cifar10"))
    if claim.over not in (None, *AXES) and claim.over not in setting.card.options:
        raise ValueError(unknown("axis", str(claim.over), [*AXES, *setting.card.options]))
    if (chosen.protocol or "linear") not in PROTOCOLS:
        raise ValueError(unknown("protocol", chosen.protocol or "", PROTOCOLS))


def _said(selection: Selection) -> Mapping[str, object]:
    found = {name: getattr(selection, name) for name in Selection.model_fields}
    return {name: value for name, value in found.items() if value is not None}
