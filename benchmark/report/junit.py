"""What the gate decided, as JUnit XML: a test of each method, cell and exact comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from benchmark.evidence.gate.decide import Decision
from benchmark.evidence.gate.findings import Finding
from benchmark.evidence.gate.noninferiority import Kind
from benchmark.reading import plain
from benchmark.report import words
from benchmark.report.gate import cost_line, percent

_TAGS: dict[Kind, str] = {
    "regression": "failure",
    "could not measure": "error",
    "inconclusive": "skipped",
}


@dataclass(frozen=True)
class _Case:
    suite: str
    name: str
    kind: Kind
    message: str


def as_junit(decision: Decision) -> bytes:
    """Return the file: a regression fails, what could not be measured errs.

    Doubt, and a cost that rose and fails nothing, is skipped with a message.

    No times are in it, so that the same results give the same bytes.
    """
    cases = [*_cases(decision)]
    counts = [sum(_TAGS.get(case.kind) == tag for case in cases) for tag in _TAGS.values()]
    suite = ElementTree.Element("testsuite", name="cslbench gate", tests=str(len(cases)))
    for name, count in zip(("failures", "errors", "skipped"), counts, strict=True):
        suite.set(name, str(count))
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=f"gate.{case.suite}", name=plain(case.name)
        )
        if case.kind in _TAGS:
            said = plain(case.message) or case.kind
            ElementTree.SubElement(element, _TAGS[case.kind], message=said)
    root = ElementTree.Element("testsuites", name="cslbench gate", tests=str(len(cases)))
    root.append(suite)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _cases(decision: Decision) -> Iterator[_Case]:
    for finding in (*decision.methods, *decision.cells):
        yield _Case(finding.of, finding.name, finding.kind, _message(finding))
    for cost in decision.costs:
        fails = cost.kind == "regression" and cost not in decision.warnings
        kind: Kind = "regression" if fails else "pass" if cost.kind == "pass" else "inconclusive"
        yield _Case(cost.of, cost.name, kind, cost_line(cost, decision))
    for pair in decision.exact:
        said = ", ".join(pair.differs)
        yield _Case("exact", f"{pair.label} {pair.id}", "regression" if said else "pass", said)
    for each in decision.unmeasured:
        yield _Case("measured", each.name, "could not measure", each.reason)


def _message(finding: Finding) -> str:
    low, high = finding.low, finding.high
    if finding.change is None or low is None or high is None:
        return finding.reason
    levels = finding.low_level or 0.0, finding.high_level or 0.0
    ends = (
        f"low {words.points(low, '+.2f')} at {percent(levels[0])}, "
        f"high {words.points(high, '+.2f')} at {percent(levels[1])}"
    )
    said = f"{finding.kind}: {finding.change.estimate:+.2f}, {ends}"
    return f"{said}; {finding.reason}" if finding.reason else said
