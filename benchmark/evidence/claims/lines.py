"""A store's results as lines: replicates of one thing, under one protocol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from benchmark.matrix.cell import Cell
from benchmark.store.result import Result


@dataclass(frozen=True)
class Line:
    """One method with everything else the same, over its replicates."""

    results: Mapping[int, Result]
    """By replicate."""
    protocol: str

    @property
    def cell(self) -> Cell:
        """The cell of the first replicate."""
        return self.results[min(self.results)].cell

    def value(self, replicate: int) -> float:
        """Return top-1, percent."""
        return self.results[replicate].metrics[self.protocol].top1.value


Lines: TypeAlias = Mapping[tuple[str, str], Sequence[Line]]
"""By method without its options, and protocol."""


def lines_of(results: Iterable[Result]) -> Lines:
    """Group final results into lines, one for each protocol."""
    found: dict[tuple[str, str, str], dict[int, Result]] = defaultdict(dict)
    for result in results:
        if result.final:
            alike = result.cell.model_copy(update={"replicate": 0}).pretrain_id
            for protocol in result.metrics:
                key = alike, result.provenance.dataset_sha256, protocol
                found[key][result.cell.replicate] = result
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for (_, _, protocol), each in sorted(found.items(), key=lambda item: item[0]):
        line = Line(each, protocol)
        lines[line.cell.base_method, protocol].append(line)
    return lines
