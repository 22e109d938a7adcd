"""What the gate decided, as lines, as Markdown for a job's summary, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from benchmark.counting import counted
from benchmark.evidence.gate.decide import Decision
from benchmark.evidence.gate.findings import Finding
from benchmark.report import markdown, words

NUMBERS = ("new", "old", "change", "low", "high", "smallest drop")
_MOST = math.log(10)
"""Of a cost's ratio, as a logarithm: beyond it no figure says more than "over"."""


def title(decision: Decision) -> str:
    """Return the night in one line."""
    rule, drop = decision.rule, decision.smallest_drop()
    seen = ""
    if drop is not None:
        untold = [each.name for each in decision.methods if each.smallest_drop() is None]
        seen = (
            f"; smallest drop it could have seen in every method's mean (chance 80 %): "
            f"{words.points(drop)} points{words.untold(untold)}"
        )
    count = len(decision.warnings)
    warned = f", {counted(count, 'warning')} of cost" if count else ""
    by = f"margin {rule.margin:g} points, alpha {rule.alpha:g}"
    return f"gate: {decision.kind}{warned} ({by}){seen}"


def notes(decision: Decision) -> list[str]:
    """Return everything that is no row of a table, in words."""
    equal = sum(not pair.differs for pair in decision.exact)
    lines = _ends(decision)
    lines += [f"exact: {equal} of {len(decision.exact)} results equal"] if decision.exact else []
    lines += [
        f"regression: {pair.label} is not reproduced (equal bits are promised: a rise fails as a "
        f"drop does): {', '.join(pair.differs)}"
        for pair in decision.exact
        if pair.differs
    ]
    lines += [f"could not measure: {each.name}: {each.reason}" for each in decision.unmeasured]
    lines += _costs(decision)
    lines += [
        f"run again under both commits: {each.cell}, replicates "
        f"{each.replicates[0]} to {each.replicates[-1]}"
        for each in decision.reruns
    ]
    return lines


def rows(decision: Decision) -> list[dict[str, str]]:
    """Return methods, then the cells that call for attention, one row each."""
    paths = dict(decision.paths)
    return [_row(each, paths) for each in _shown(decision)]


def _shown(decision: Decision) -> list[Finding]:
    cells = [finding for finding in decision.cells if finding.kind != "pass" or finding.look == 2]
    return [*decision.methods, *cells]


def _ends(decision: Decision) -> list[str]:
    """Say what the columns low and high are: the ends of two tests, not of one interval."""
    shown = _shown(decision)
    low = _confidence(shown, [each.low_level for each in shown])
    high = _confidence(shown, [each.high_level for each in shown])
    if not low:
        return []
    return [
        f"low and high: one-sided ends of the change, not one interval; low at {low}: above "
        f"{-decision.rule.margin:g} it passes; high at {high}, corrected for all methods or cells: "
        "below 0 there is evidence of a drop"
    ]


def _confidence(findings: Sequence[Finding], levels: Sequence[float | None]) -> str:
    """Return the confidence of one kind of end, in percent, by what it is of where it differs."""
    of: dict[str, set[str]] = {}
    for finding, level in zip(findings, levels, strict=True):
        if level is not None:
            of.setdefault(f"{finding.of}s", set()).add(percent(level))
    said = {what: " or ".join(sorted(each)) for what, each in of.items()}
    if len({*said.values()}) == 1:
        return next(iter(said.values()))
    return " and ".join(f"{each} ({what})" for what, each in said.items())


def percent(level: float) -> str:
    """Write the confidence of an end whose error rate is given, percent."""
    return f"{100 * (1 - level):.4g} %"


def as_markdown(decision: Decision) -> str:
    """Return the summary of a job."""
    parts = [f"## {markdown.escape(title(decision))}"]
    table = rows(decision)
    if table:
        parts.append(markdown.table(table, right=NUMBERS))
    said = notes(decision)
    if said:
        parts.append(markdown.bullets([markdown.escape(line) for line in said]))
    return "\n\n".join(parts) + "\n"


def as_json(decision: Decision) -> dict[str, Any]:
    """Return all of it for a program."""
    found = asdict(decision)
    for name in ("methods", "cells", "costs"):
        findings: tuple[Finding, ...] = getattr(decision, name)
        for each, finding in zip(found[name], findings, strict=True):
            each["smallest_drop"] = finding.smallest_drop()
    found["paths"] = dict(decision.paths)
    found["warnings"] = [cost_line(cost, decision) for cost in decision.warnings]
    return {"exit_code": decision.exit_code, "smallest_drop": decision.smallest_drop(), **found}


def as_benchmark(decision: Decision) -> list[dict[str, Any]]:
    """Return `customBiggerIsBetter` of github-action-benchmark: one entry a method and cell.

    Source: github.com/benchmark-action/github-action-benchmark, README.
    """
    return [*_entries(decision)]


def _entries(decision: Decision) -> Iterator[dict[str, Any]]:
    for finding in (*decision.methods, *decision.cells):
        seen = finding.change
        if seen is not None and finding.look == 1:
            yield {
                "name": f"{finding.of}: {finding.name} ({decision.rule.protocol} top-1)",
                "unit": "percent",
                "value": round(seen.new_mean, 4),
                "range": f"± {seen.sd:.4f}",
                "extra": f"{seen.new} replicates, {finding.kind}",
            }


def _row(finding: Finding, paths: dict[str, str]) -> dict[str, str]:
    seen, drop = finding.change, finding.smallest_drop()
    said = [finding.reason, f"look {finding.look}" if finding.look > 1 else ""]
    said += ["suspect" if finding.suspect else "", paths.get(finding.name, "")]
    return {
        "what": f"{finding.of}: {finding.name}",
        "decision": finding.kind,
        "new": "" if seen is None else f"{seen.new_mean:.2f} (n = {seen.new})",
        "old": "" if seen is None else f"{seen.old_mean:.2f} (n = {seen.old})",
        "change": _points(None if seen is None else seen.estimate),
        "low": _points(finding.low),
        "high": _points(finding.high),
        "smallest drop": "" if drop is None else words.points(drop),
        "said": "; ".join(filter(None, said)),
    }


def _points(value: float | None) -> str:
    return "" if value is None else words.points(value, "+.2f")


def cost_line(cost: Finding, decision: Decision) -> str:
    """Say what a method's time per image, or memory, came to; a rise first says what it counts."""
    if cost.change is None or cost.low is None:
        return cost.reason
    line = f"{cost.of} of {cost.name}: {_rise(cost, cost.change.estimate)}"
    if cost.kind == "regression":
        return f"{'warning' if cost in decision.warnings else 'regression'}: {line}"
    if cost.kind == "inconclusive":
        line += f"; inconclusive, {_rise(cost, cost.low)} cannot be ruled out"
    return line


def _rise(cost: Finding, points: float) -> str:
    """Say a change of cost in percent of the old one, given -100 times its logarithm."""
    percent = 100 * math.expm1(min(-points / 100, _MOST))
    if abs(percent) < 0.05:
        return "no change"
    worse, better = {"speed": ("slower", "faster"), "memory": ("larger", "smaller")}[cost.of]
    over = "over " if -points / 100 > _MOST else ""
    return f"{worse if percent > 0 else better} by {over}{abs(percent):.1f} %"


def _costs(decision: Decision) -> list[str]:
    """Return a line for each cost that was measured, and one for each reason that none was."""
    lines, reasons = [], dict[str, list[str]]()
    for each in decision.costs:
        if each.change is None:
            reasons.setdefault(f"{each.of}: {each.reason}", []).append(each.name)
        else:
            lines.append(cost_line(each, decision))
    return lines + [f"{reason} ({', '.join(names)})" for reason, names in reasons.items()]
