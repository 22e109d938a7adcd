"""Sets of results that differ in method, one factor and replicate alone, and their names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from benchmark.errors import UsageError
from benchmark.evidence.floor import is_control

if TYPE_CHECKING:
    from benchmark.store.result import Result

COMMON = ("dataset", "content of the dataset", "encoder", "budget", "training", "precision")
"""What cells of one set have in common, in the order of `common`."""


def scored_by(results: Iterable[Result], protocol: str) -> list[Result]:
    """Return what has a top-1 under a protocol, controls too.

    Raises:
        UsageError: If there are results and none of them has.
    """
    final = [result for result in results if result.final]
    scored = [result for result in final if protocol in result.metrics]
    if final and not scored:
        there = sorted({name for result in final for name in result.metrics})
        raise UsageError(
            f"no result has a score under the protocol {protocol!r} (--protocol may be one of "
            f"{', '.join(there)})"
        )
    return scored


def of_methods(scored: Sequence[Result], methods: Sequence[str]) -> list[Result]:
    """Return the results of some methods, or of all, without the controls.

    Raises:
        UsageError: If a method has none, or is a control.
    """
    own = [result for result in scored if not is_control(result.cell)]
    for name in methods:
        if any(_is_one_of(result, [name]) for result in own):
            continue
        if any(_is_one_of(result, [name]) for result in scored):
            raise UsageError(f"{name} is a control, and controls are left out of robustness")
        ran = sorted({result.cell.method for result in own})
        near = difflib.get_close_matches(name, ran, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"no result of the method {name!r}{hint} (there are: {', '.join(ran)})")
    return [result for result in own if not methods or _is_one_of(result, methods)]


def common(result: Result, over: str) -> tuple[str, ...]:
    """Return what a result has in common with all of its set; empty where the factor is."""
    cell = result.cell
    length = "paper" if cell.budget.name == "paper" else cell.budget.spent
    where = ("", "") if over == "dataset" else (cell.dataset, content(result))
    encoder = "" if over == "encoder" else cell.encoder
    return (*where, encoder, length, cell.training, cell.precision)


def content(result: Result) -> str:
    """Return the first digits of the hash of a result's dataset."""
    return result.provenance.dataset_sha256[:8]


def labels(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Name sets by what their cells have in common; by the data's hash only where it tells."""
    every = list(keys)
    short = {key: ", ".join(filter(None, (key[0], *key[2:]))) for key in every}
    twice = [text for text in short.values() if list(short.values()).count(text) > 1]
    return {key: f"{text}, data {key[1]}" if text in twice else text for key, text in short.items()}


def single(levels: Mapping[tuple[str, ...], str]) -> str:
    """Say what is there where every set has one level: only that, or levels that differ in more."""
    seen = sorted(set(levels.values()))
    if len(seen) < 2:
        return f"got {', '.join(seen) or 'no results'}"
    apart: list[list[str]] = [
        [name for name, a, b in zip(COMMON, one, other, strict=True) if a != b]
        for one, other in combinations(levels, 2)
        if levels[one] != levels[other]
    ]
    nearest = min(apart, key=len)
    return f"got {', '.join(seen)}, which differ in {' and '.join(nearest)} too"


def _is_one_of(result: Result, names: Sequence[str]) -> bool:
    return result.cell.method in names or result.cell.base_method in names
