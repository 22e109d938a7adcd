"""Which results of a store are meant: `-m yadim -d cifar10 -e resnet18`; repetition is union."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmark.errors import UsageError, unknown
from benchmark.store.result import Result


def select(
    results: Iterable[Result],
    methods: Sequence[str] = (),
    datasets: Sequence[str] = (),
    encoders: Sequence[str] = (),
) -> list[Result]:
    """Keep the results that are meant; an axis of which nothing is said is kept whole.

    Args:
        results: Of any cells.
        methods: Names as results hold them; one without options means every variant.
        datasets: Likewise.
        encoders: Likewise.

    Raises:
        UsageError: If a name means no result.
    """
    kept = [*results]
    for axis, asked in (("method", methods), ("dataset", datasets), ("encoder", encoders)):
        known = {str(getattr(result.cell, axis)) for result in kept}
        for name in asked:
            if not any(is_meant(name, place) for place in known):
                raise UsageError(f"no result fits: {unknown(axis, name, known)}")
        if asked:
            kept = [r for r in kept if any(is_meant(n, getattr(r.cell, axis)) for n in asked)]
    return kept


def is_meant(asked: str, name: str) -> bool:
    """Say whether a name is the one asked for, or a variant of it."""
    return asked in (name, name.partition("[")[0])
