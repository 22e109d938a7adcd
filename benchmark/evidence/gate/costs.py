"""Speed and memory, lower is better, and only between machines of one kind.

Speed is training time per image as a ratio to the time of a fixed kernel in the same run, so that
a busy machine cancels, as far as it is as busy in both. It often is not, and nobody looks twice: a
rise is a warning unless the rule says that it fails. Memory is a GPU's peak: on a CPU it is of the
whole process so far.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from benchmark.evidence.gate import look
from benchmark.evidence.gate.findings import CellScores, Finding, Rule
from benchmark.evidence.gate.match import Group
from benchmark.store.result import Result


def compare(groups: Sequence[Group], rule: Rule) -> list[Finding]:
    """Return a finding for each kind and method; what could not be measured says why."""
    cells, of, found = [], [], []
    for kind, cost in (("speed", _speed), ("memory", _memory)):
        reasons: dict[str, str] = {}
        for group in groups:
            if not (group.new and group.old):
                continue
            scores = _scores(group, cost)
            if isinstance(scores, str):
                reasons.setdefault(group.method, scores)
            else:
                cells.append(scores)
                of.append(kind)
        measured = {cell.method for cell, each in zip(cells, of, strict=True) if each == kind}
        found += [
            Finding(method, kind, "could not measure", f"not measured: {why}")
            for method, why in reasons.items()
            if method not in measured
        ]
    return [*look.costs(cells, of, rule), *found]


def _scores(group: Group, cost: Callable[[Result], float | str]) -> CellScores | str:
    """Return -100 log(cost) by replicate, or why there is none."""
    results = [result for result in (*group.new, *group.old) if result.final]
    if len({_machine(result) for result in results}) > 1:
        return "machines of more than one kind"
    costs = {result.id: cost(result) for result in results}
    reason = next((each for each in costs.values() if isinstance(each, str)), None)
    if reason is not None:
        return reason
    new, old = (_logs(side, cost) for side in (group.new, group.old))
    return CellScores(group.key, group.label, group.method, new, old)


def _logs(results: Iterable[Result], cost: Callable[[Result], float | str]) -> dict[int, float]:
    found = ((result.cell.replicate, cost(result)) for result in results if result.final)
    return {r: -100 * math.log(each) for r, each in found if not isinstance(each, str)}


def _machine(result: Result) -> tuple[str, str, int]:
    execution = result.execution
    return execution.device, execution.processor, execution.threads


def _speed(result: Result) -> float | str:
    ledger = result.ledger
    if ledger is None or ledger.kernel_seconds is None:
        return "no time of a calibration kernel in the results"
    if ledger.images == 0 or ledger.train_seconds <= 0:
        return "nothing is trained"
    return ledger.train_seconds / ledger.images / ledger.kernel_seconds


def _memory(result: Result) -> float | str:
    if result.execution.device == "cpu":
        return "a CPU's peak is of the whole process, not of the cell"
    if result.ledger is None or result.ledger.peak_memory_bytes <= 0:
        return "no peak of memory in the results"
    return float(result.ledger.peak_memory_bytes)
