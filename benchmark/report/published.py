"""What others reported, dataset by dataset, whether or not we have run it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.evidence.reported import Reported
from benchmark.evidence.verdict import Measured
from benchmark.report import markdown, words
from benchmark.report.matching import judged
from benchmark.report.rows import Table

_FIRST = ("cifar10", "stl10", "imagenet")
_ABOUT = """\
Each number as its source gives it, top-1 unless it says top-5. What the source does not state is
not filled in: "not stated" agrees with nothing. *Seen* numbers were read in their source; a number
*from memory* was not found there again and is never judged; one that repeats another is no evidence
of its own. The last column says what our results make of it,
all of it where they disagree. Remarks on single numbers stand in
`benchmark/evidence/reported.yaml`."""


def section(reported: Sequence[Reported], tables: Sequence[Table]) -> str:
    """Render every reported number, with its sources below; empty if there are none."""
    if not reported:
        return ""
    ours = [mine for table in tables for row in table.rows for mine in table.candidates(row)]
    sources = {
        source: f"S{index}"
        for index, source in enumerate(dict.fromkeys(e.source for e in reported), start=1)
    }
    datasets = sorted({entry.dataset for entry in reported}, key=_place)
    parts = ["## Reported by others", _ABOUT]
    for dataset in datasets:
        entries = [entry for entry in reported if entry.dataset == dataset]
        entries.sort(key=lambda entry: (entry.method, -entry.value, entry.id))
        lines = [_line(entry, sources, ours) for entry in entries]
        parts.append(f"### {markdown.escape(dataset)}, reported")
        parts.append(markdown.table(lines, right=("value, %",)))
    named = [f"{number}: {markdown.escape(source)}" for source, number in sources.items()]
    return "\n\n".join([*parts, "### Sources", markdown.bullets(named)])


def _place(dataset: str) -> tuple[int, str]:
    return (_FIRST.index(dataset) if dataset in _FIRST else len(_FIRST), dataset)


def _line(entry: Reported, sources: dict[str, str], ours: Sequence[Measured]) -> dict[str, str]:
    again = ", repeats another" if entry.repeats else ""
    return {
        "method": entry.method,
        "variant": entry.variant or "",
        "value, %": words.published(entry),
        "encoder": entry.encoder or "not stated",
        "protocol": words.protocol(entry.protocol),
        "budget": words.spent(entry.budget),
        "certainty": words.CERTAINTY[entry.certainty] + again,
        "source": sources[entry.source],
        "ours": told(entry, ours),
    }


def told(entry: Reported, ours: Sequence[Measured]) -> str:
    """Say what ours make of a reported number.

    The reasons are left to the tables above: they stand there beside our number.
    """
    found = judged(entry, ours)
    if len(found) > 1:
        return "; ".join(each.kind for each in found)
    if found[0].fields == ("certainty",):
        return "no verdict"
    return found[0].kind if found[0].kind == "not comparable" else found[0].text
