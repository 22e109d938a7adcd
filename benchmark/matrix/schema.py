"""What a matrix file may hold, checked key by key; every fault is one sentence with its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from benchmark.errors import MatrixError, unknown
from benchmark.matrix.budget import CURRENCIES, NAMED, PAPER, Budget
from benchmark.yaml import Document, Place, number_hint

TUNING_REPLICATE = 1000
"""From here on replicates belong to tuning: they choose learning rates and are never reported."""

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Selectors = Annotated[list[Text], Field(min_length=1)]
Replicate = Annotated[int, Field(ge=0, lt=TUNING_REPLICATE)]


class Strict(BaseModel):
    """Frozen, takes no value for another type, and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _counted(value: object) -> object:
    """Read `3` as `[0, 1, 2]`."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    if not 1 <= value <= TUNING_REPLICATE:
        raise ValueError(f"a count of replicates is 1 to {TUNING_REPLICATE} (got {value})")
    return list(range(value))


def _budget(value: object) -> Budget:
    """Read a named budget, or a mapping of one currency to its amount."""
    if isinstance(value, str):
        if value not in (*NAMED, PAPER.name):
            raise ValueError(unknown("budget", value, (*NAMED, PAPER.name)))
        return NAMED.get(value, PAPER)
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(
            f"a budget is one of {', '.join((*NAMED, PAPER.name))}, or one currency with its "
            f"amount, such as {{images: 40000}} (got {value!r})"
        )
    (currency, amount), *_ = value.items()
    if currency not in CURRENCIES:
        raise ValueError(unknown("currency", str(currency), CURRENCIES))
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ValueError(f"{currency} must be a number ({_given(amount)})")
    whole = currency in ("images", "steps")
    if amount <= 0 or (whole and amount != int(amount)):
        kind = "whole number" if whole else "number"
        raise ValueError(f"{currency} must be a {kind} above 0 (got {amount})")
    made = Budget.of(currency, amount)
    return next((named for named in NAMED.values() if named.spent == made.spent), made)


class Axes(Strict):
    """The cells of one block: the product of its axes."""

    methods: Selectors
    datasets: Selectors
    encoders: Selectors
    replicates: Annotated[list[Replicate], Field(min_length=1), BeforeValidator(_counted)]
    budget: Annotated[Budget, BeforeValidator(_budget)]
    training: Literal["authors", "common"]
    batch: int | None = None
    """Images a step, in place of the batch that the common training states."""
    precision: Literal["float32", "bfloat16"] = "float32"
    protocols: Selectors

    @field_validator("batch")
    @classmethod
    def _compares_images(cls, batch: int | None) -> int | None:
        if batch is not None and batch < 2:
            raise ValueError(
                f"batch must be at least 2: a contrastive method compares the images of one batch "
                f"(got {batch})"
            )
        return batch


class Exclusion(Strict):
    """Combinations that are not to be run, and why."""

    method: Text | None = None
    dataset: Text | None = None
    encoder: Text | None = None
    reason: Text


class Header(Strict):
    """What a matrix file says of all its blocks."""

    name: Text
    description: Text
    exclude: list[Exclusion] = []


@dataclass(frozen=True)
class Block:
    """The axes of one block, and where the file says them."""

    axes: Axes
    document: Document
    own: Place
    """Of the block; empty where the file has but one."""
    own_keys: frozenset[str]
    """Keys that the block itself has; the others stand at the top."""

    def where(self, key: str, *more: str | int) -> str:
        """Name file and line of an axis or field, or of an entry of it."""
        own = self.own if key in self.own_keys else ()
        return self.document.where(*own, key, *more)


@dataclass(frozen=True)
class File:
    """A matrix file, checked but for the names of methods, datasets, encoders and protocols."""

    document: Document
    header: Header
    blocks: tuple[Block, ...]


def read(document: Document) -> File:
    """Check a matrix file.

    Raises:
        MatrixError: With the file, the line, and what is allowed there.
    """
    data = document.data
    if not isinstance(data, dict):
        raise MatrixError(f"{document.name}: must be a mapping at the top (got {data!r})")
    known = (*Header.model_fields, *Axes.model_fields, "blocks")
    for key in data:
        if key not in known:
            raise MatrixError(f"{document.where(key)}: {unknown('key', key, known)}")
    header = {key: data[key] for key in Header.model_fields if key in data}
    return File(
        document, check(Header, header, document, lambda loc: loc), tuple(_blocks(document, data))
    )


def _blocks(document: Document, data: dict[str, Any]) -> list[Block]:
    shared = {key: value for key, value in data.items() if key in Axes.model_fields}
    given = data.get("blocks", [{}])
    if not isinstance(given, list) or not given:
        raise MatrixError(f"{document.where('blocks')}: blocks must be a list of mappings")
    blocks = []
    for index, block in enumerate(given):
        own: Place = ("blocks", index) if "blocks" in data else ()
        if not isinstance(block, dict):
            raise MatrixError(f"{document.where(*own)}: a block must be a mapping (got {block!r})")
        keys = frozenset(block)

        def place(loc: Place, own: Place = own, keys: frozenset[str] = keys) -> Place:
            return loc if loc[:1] and loc[0] in shared and loc[0] not in keys else (*own, *loc)

        blocks.append(Block(check(Axes, shared | block, document, place), document, own, keys))
    return blocks


Model = TypeVar("Model", bound=BaseModel)


def check(
    model: type[Model],
    data: object,
    document: Document,
    place: Callable[[Place], Place],
    error: type[MatrixError] = MatrixError,
) -> Model:
    """Validate data, and word the first fault.

    Args:
        model: What the data must be.
        data: Plain data out of the document.
        document: Knows the lines.
        place: From a place in the model to the place in the document.
        error: What is raised.

    Raises:
        MatrixError: As `error`.
    """
    try:
        return model.model_validate(data)
    except ValidationError as problem:
        # a misspelt key is also a missing one: the misspelling says more
        faults = sorted(problem.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        first = faults[0]
        path: Place = tuple(first["loc"])
        raise error(f"{document.where(*place(path))}: {_sentence(model, first)}") from problem


_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "model_type": "a mapping",
    "dict_type": "a mapping",
}
_SENTENCES = {
    "missing": "the key {key!r} is missing",
    "string_too_short": "{name} must not be empty",
    "string_pattern_mismatch": "{name} must not be empty",
    "too_short": "{name} must hold at least one entry",
}


def _sentence(model: type[BaseModel], fault: Any) -> str:
    """Word one of pydantic's errors as this project words its own."""
    path, kind, given = fault["loc"], fault["type"], fault["input"]
    name = ".".join(map(str, path))
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "extra_forbidden":
        return unknown("key", str(path[-1]), _keys(model, path))
    if kind in _KINDS:
        return f"{name} must be {_KINDS[kind]} ({_given(given)})"
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(name=name, key=path[-1])
    message = fault["msg"].replace("Input should be", "must be")
    return f"{name}: {message[:1].lower()}{message[1:]} ({_given(given)})"


def _keys(model: type[BaseModel], path: Place) -> list[str]:
    """Return the keys that are known where a path ends."""
    for part in path[:-1]:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            inner = (annotation, *get_args(annotation))
            model = next(m for m in inner if isinstance(m, type) and issubclass(m, BaseModel))
    return list(model.model_fields)


def _given(value: object) -> str:
    hint = number_hint(value) if isinstance(value, str) else None
    return hint or f"got {value!r}"
