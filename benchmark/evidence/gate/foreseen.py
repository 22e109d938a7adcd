"""What a night could see before it is run: the smallest drop that its replicates would find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from benchmark.evidence.gate import look, match
from benchmark.evidence.gate.findings import Rule
from benchmark.store.result import Result


def smallest_drops(
    old: Iterable[Result], wanted: Mapping[str, Sequence[int]], rule: Rule
) -> dict[str, float | None]:
    """Return the drop of each method that one look would find with a chance of 80 %, points.

    Args:
        old: The baseline.
        wanted: Replicates to be run, by the key of the row.
        rule: Of the gate.

    Returns:
        None for a method of whose spread the baseline says nothing; no row of it, no method.
    """
    cells = []
    for group in match.groups((), old):
        past = match.fresh(group, rule.protocol)
        if past.old and group.key in wanted:
            mean = sum(past.old.values()) / len(past.old)
            cells.append(replace(past, new=dict.fromkeys(wanted[group.key], mean)))
    return {each.name: each.smallest_drop() for each in look.first(cells, rule)[0]}
