"""A written table is held to its results: one changed digit is found, a new layout is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as some

from benchmark.matrix.budget import Budget
from benchmark.report.table import latex
from benchmark.report.table.check import Fault, check
from benchmark.report.table.formats import MEDIA
from benchmark.report.table.model import Format, Pivot, Receipts, Request
from benchmark.report.table.pivot import build
from benchmark.report.table.reading import squash
from tests.benchmark.factories import make_cell, make_result
from tests.benchmark.report.table.stores import EVIL, several
from tests.benchmark.report.table.test_pivot import reported

FORMATS: tuple[Format, ...] = ("markdown", "latex", "html", "csv", "json")


@cache
def made(form: Format) -> Pivot:
    """Build a table with several kinds of cells, reported numbers and a hostile name."""
    results = [*several(), make_result("yadim[width=256]", 61.0), make_result(EVIL, 33.0)]
    request = Request(format=form, values=("linear_top1", "knn_top1"))
    return build(request, results, reported())


@cache
def written(form: Format) -> str:
    """Return it as it is written."""
    return MEDIA[form].render(made(form), "paper.receipts.json")


def faults(form: Format, text: str, sidecar: Receipts | None = None) -> tuple[Fault, ...]:
    """Check a document."""
    return check(text, sidecar or made(form).receipts, made(form)).faults


@pytest.mark.parametrize("form", FORMATS)
def test_a_table_as_it_was_written_has_no_fault(form: Format) -> None:
    """Whatever names strangers gave."""
    assert faults(form, written(form)) == ()


def printed(form: Format) -> list[int]:
    """Return where the digits of a written table are that a reader sees."""
    hidden = {
        "latex": r"%[^\n]*\n|\\cmidrule[^\n]*|\\setlength[^\n]*|\\caption[^\n]*|\\begin\{tab[^\n]*",
        "html": r'<head>.*?</head>|<caption>.*?</caption>|&#x27;|tabindex="0"',
        "markdown": r"&#?\w+;",
        "csv": "$^",
        "json": r"\\u[0-9a-f]{4}",
    }[form]
    text = written(form)
    out = {
        at for found in re.finditer(hidden, text, re.DOTALL if form == "html" else 0)
        for at in range(*found.span())
    }  # fmt: skip
    return [at for at, sign in enumerate(text) if sign.isdecimal() and at not in out]


@pytest.mark.parametrize("form", FORMATS)
def test_every_changed_digit_of_every_number_is_found(form: Format) -> None:
    """In cells, headings, labels, counts, footnotes and their signs."""
    text, places = written(form), printed(form)
    step = 13 if form in ("csv", "json") else 1  # numbers in full: a part of thousands of digits
    missed = [
        text[max(0, at - 40) : at + 20]
        for at in places[::step]
        if not faults(form, f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}")
    ]

    assert len(places) > 120
    assert missed == []


def test_the_cell_that_drifted_is_named() -> None:
    """By its row, its column, what is printed and what it should be."""
    text = written("latex").replace("70.3", "70.8", 1)
    [fault] = faults("latex", text)

    assert fault.cell == "SimCLR / photos / compact / linear top-1"
    assert fault.reason.startswith("the document prints '70.8 ± ")


SIGNS: dict[Format, tuple[str, str]] = {
    "latex": (r"\textbf{~}", r"\textit{~}"),
    "markdown": ("**~**", "*~*"),
    "html": ("<strong>~</strong>", "<em>~</em>"),
}
"""How bold and italic are written."""


def around(form: Format, number: str) -> str:
    """Return the text of a cell that begins with a number, without its emphasis."""
    found = re.search(rf"{re.escape(number)}( (±|\$\\pm\$) [0-9.]+)?", written(form))
    assert found
    return found[0]


@pytest.mark.parametrize("form", SIGNS)
def test_emphasis_that_the_results_do_not_give_is_a_fault(form: Format) -> None:
    """Taken from the best, changed, or given to another number."""
    (bold, italic), text = SIGNS[form], written(form)
    best, beaten = around(form, "70.3"), around(form, "60.1")
    for before, after, cell, said in (
        (
            bold.replace("~", best),
            best,
            "SimCLR",
            "is neither bold nor italic, the results say bold",
        ),
        (
            bold.replace("~", best),
            italic.replace("~", best),
            "SimCLR",
            "is italic, the results say bold",
        ),
        (
            beaten,
            bold.replace("~", beaten),
            "MoCo v2",
            "is bold, the results say neither bold nor italic",
        ),
    ):
        assert before in text
        at = f"{cell} / photos / compact / linear top-1"
        found = faults(form, text.replace(before, after, 1))
        assert [(fault.cell, fault.reason) for fault in found] == [(at, said)]


def pasted(text: str) -> str:
    """Return a table in an author's document: spaced, coloured, made bold, rules moved."""
    text = re.sub(r"\s*(?<!\\)&\s*", "\n   &\t", text)
    text = text.replace(r"\toprule", "\\hline\n\\rowcolor{gray!20}").replace(
        r"\midrule", "\\midrule[1pt]"
    )
    text = text.replace("70.3", r"\textbf{\textcolor{red}{70.3}}").replace(" \\\\", "\\\\[2pt]")
    text = re.sub(
        r"\\caption\{[^\n]*\}", r"\\caption{Our results, 99 of them.}\\label{tab:1}", text
    )
    before = "\\begin{tabular}{ll}\nBYOL & 12.3 \\\\\n\\end{tabular} % 70.3 & 1\n"
    return f"\\documentclass{{article}}\n\\section{{A}}\n{before}{text}\nBetter by 9 \\% than 3.\n"


def test_a_table_pasted_into_a_paper_is_found_again() -> None:
    """Another table with one of its rows, comments, colours and spacing do not confuse."""
    assert faults("latex", pasted(written("latex"))) == ()
    assert faults("latex", pasted(written("latex")).replace("{70.3}", "{70.4}"))


@pytest.mark.parametrize(
    ("said", "bold"),
    [
        (r"\bfseries ~", True), (r"\textbf{\color{red}~}", True), (r"{\bf ~}", True),
        (r"\boldsymbol{~}", True), (r"\textbf{}~", False), (r"{\bfseries}~", False),
    ],
)  # fmt: skip
def test_emphasis_by_other_commands_is_read(said: str, bold: bool) -> None:
    """However an author says bold; of nothing it is none."""
    best = around("latex", "70.3")
    text = written("latex").replace(rf"\textbf{{{best}}}", said.replace("~", best))

    assert (faults("latex", text) == ()) is bold


@pytest.mark.parametrize(
    ("form", "sign"),
    [
        ("latex", r"\\text(?:bf|it)\{([0-9][^{}]*)\}"),
        ("markdown", r"\*+([0-9][^*|]*)\*+"),
        ("html", r"<(?:strong|em)>([0-9].*?)</\w+>"),
    ],
)
def test_emphasis_that_was_all_taken_away_is_told(form: Format, sign: str) -> None:
    """Such a table passes, and what was not checked is said; the numbers still are."""
    text = re.sub(sign, r"\1", written(form))
    found = check(text, made(form).receipts, made(form))

    assert (found.faults, found.emphasis) == ((), False)
    assert check(written(form), made(form).receipts, made(form)).emphasis
    assert faults(form, text.replace("70.3", "70.4"))


def test_the_source_is_plain_and_has_a_rule_between_methods_and_controls() -> None:
    """Two levels of the same columns have one rule; signs are escaped only where they must be."""
    lines = MEDIA["latex"].render(build(Request(format="latex"), several()), "x").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("random init"))

    assert lines[at - 1] == r"\midrule"
    assert r"\cmidrule(lr){2-3}" in lines
    both = Request(format="latex", columns=("training", "dataset", "encoder"))
    spanned = MEDIA["latex"].render(build(both, several()), "x")
    assert spanned.count(r"\cmidrule") == 1
    assert latex.escape("top-1, 5 [a] *b*?") == "top-1, 5 [a] *b*?"
    assert latex.escape("a--b,,c") == "a-{-}b,{,}c"
    assert (latex.escape("[a]"), latex.escape("*a")) == ("{[}a]", "{*}a")
    page = MEDIA["html"].render(build(Request(format="html"), several()), "x")
    assert '<tr class="ruled"><th scope="row">random init' in page


def test_a_wide_table_spans_the_page_and_each_part_has_its_caption_and_label() -> None:
    """A narrow one stays in its column, unshrunk."""
    narrow = Request(format="latex", label="tab:a", caption="Ours, of 5 %.", encoders=("compact",))
    text = MEDIA["latex"].render(build(narrow, several()), "x")
    assert r"\begin{table}[t]" in text
    assert "resizebox" not in text
    assert "\\caption{Ours, of 5 \\%.}\n\\label{tab:a}\n" in text
    budget = Budget("twice", "images", 100_000)
    more = [make_result(cell=make_cell("simclr", encoder=f"an_encoder_{k}", budget=budget))
            for k in range(5)]  # fmt: skip
    text = MEDIA["latex"].render(build(narrow, [*several(), *more]), "x")
    assert "\\caption{Ours, of 5 \\% (part 1 of 2).}\n\\label{tab:a-1}\n" in text
    assert "\\caption{Ours, of 5 \\% (part 2 of 2).}\n\\label{tab:a-2}\n" in text
    assert text.count(r"\begin{table*}[t]") == text.count(r"\end{table*}") == 1


def test_rows_may_change_places_and_rows_of_others_are_only_told() -> None:
    """An author sorts, and adds a baseline, of which nothing is known."""
    lines = written("latex").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("BYOL"))
    lines[start], lines[start + 1] = lines[start + 1], lines[start]
    columns = lines[start].count("&")
    lines.insert(start, "Theirs" + " & 99.9" * columns + r" \\")
    found = check("\n".join(lines), made("latex").receipts, made("latex"))

    assert found.faults == ()
    assert found.unreceipted == ("Theirs",)


def test_a_fault_says_in_which_part_of_a_table_it_is() -> None:
    """A row that two parts lack is two faults, told apart; one part needs no such word."""
    budget = Budget("twice", "images", 100_000)
    more = [make_result(cell=make_cell("byol", budget=budget, replicate=k), value=80.0 + k / 10)
            for k in range(3)]  # fmt: skip
    found = build(Request(format="latex"), [*several(), *more])
    text = MEDIA["latex"].render(found, "x")
    told = check(_lost(text), found.receipts, found).faults

    lost = [fault.cell for fault in told if fault.reason == "this row is not in the document"]
    assert lost == ["part 1: BYOL", "part 2: BYOL"]
    changed = check(text.replace("70.3", "70.4"), found.receipts, found).faults
    assert [fault.cell for fault in changed] == ["part 1: SimCLR / photos / compact"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_document_without_the_table_is_a_fault(form: Format) -> None:
    """Nothing found is not nothing wrong."""
    text = "{}" if form == "json" else "See the appendix.\n"

    assert faults(form, text)


def _lost(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("BYOL"))


def _column(text: str) -> str:
    return re.sub(r" & [^&\n]*\\\\", r" \\\\", text)


def _note(text: str) -> str:
    return "\n".join(
        line for line in text.splitlines() if not line.startswith(r"\textsuperscript{1}")
    )


@pytest.mark.parametrize("change", [_lost, _column, _note])
def test_a_lost_row_column_or_footnote_is_a_fault(change: Callable[[str], str]) -> None:
    """What is not comparable must go on being said."""
    assert change(written("latex")) != written("latex")
    assert faults("latex", change(written("latex")))


def test_results_that_changed_since_are_a_fault_of_their_cell() -> None:
    """Even where the printed number stays the same: it would rest on other results."""
    before = made("latex").receipts
    others = [r for r in several() if (r.cell.method, r.cell.encoder) != ("byol", "compact")]
    others += [
        make_result("byol", value + 0.001, replicate=k, scores={"knn": value - 10.5})
        for k, value in enumerate((70.1, 70.2, 70.3))
    ]
    request = made("latex").request
    others += [make_result("yadim[width=256]", 61.0), make_result(EVIL, 33.0)]
    now = build(request, others, reported())
    found = check(written("latex"), before, now).faults

    assert [fault.cell for fault in found] == ["byol / photos / compact / linear_top1"]
    assert "its receipt does not fit: values" in found[0].reason


def test_a_sidecar_that_was_changed_does_not_fit() -> None:
    """The receipts are held to the results too, field by field, none added and none lost."""
    whole = made("latex").receipts
    first, *rest = whole.receipts
    for receipts in (
        (first.model_copy(update={"printed": "99.9"}), *rest),
        (first.model_copy(update={"results": ("0" * 16,)}), *rest),
        (first.model_copy(update={"row": {"method": "other"}}), *rest),
        tuple(rest),
    ):
        assert faults("latex", written("latex"), whole.model_copy(update={"receipts": receipts}))


@pytest.mark.parametrize("form", ["latex", "markdown", "html"])
@given(text=some.text(alphabet=some.characters(codec="utf-8"), max_size=40))
def test_what_is_escaped_is_read_back(form: Format, text: str) -> None:
    """Any text, in a sentence; in LaTeX but for signs that pdflatex has no letter for."""
    medium = MEDIA[form]
    kept = squash(text)
    if form == "latex":
        kept = "".join(c if c.isascii() or latex.escape(c) != "?" else "?" for c in kept)

    assert medium.read(f"x {medium.escape(text)} y").plain == squash(f"x {kept} y")


def test_a_hostile_name_is_text_in_every_format() -> None:
    """No tag, no command, no formula."""
    assert "<script>" not in written("html")
    assert "<script>" not in written("markdown")
    assert "\\ [" not in written("latex")
    formula = build(Request(format="csv"), [make_result("=cmd()", 50.0)])
    assert ",'=cmd()," in MEDIA["csv"].render(formula, "")


def test_a_missing_cell_is_checked_too() -> None:
    """A word that became a number is found."""
    wanted = [make_cell("yadim")]
    found = build(Request(format="latex"), several(), wanted=wanted)
    text = MEDIA["latex"].render(found, "x")

    assert check(text, found.receipts, found).faults == ()
    assert check(text.replace("missing", "91.0", 1), found.receipts, found).faults
