"""`table`: written with its receipts, read back, compiled."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from tests.benchmark.factories import make_result
from tests.benchmark.report.table.stores import EVIL, several, stored


def cslbench(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store that nothing changes."""
    return stored(tmp_path_factory.mktemp("a") / "results", several())


def test_a_table_and_its_receipts_are_written_and_checked(store: Path, tmp_path: Path) -> None:
    """One changed digit: exit 1, and the cell is named."""
    paper = tmp_path / "paper.tex"
    assert cslbench("table", "--results", store, "--out", paper).exit_code == 0
    sidecar = json.loads((tmp_path / "paper.tex.receipts.json").read_text())
    assert sidecar["request"]["format"] == "latex"
    assert len(sidecar["receipts"]) == 8  # three methods and a floor, on two encoders

    checked = cslbench("table", "--check", paper, "--results", store)
    assert (checked.exit_code, checked.stdout) == (0, "8 cells as their results say\n")
    paper.write_text(paper.read_text().replace("70.3", "70.2"))
    drifted = cslbench("table", "--check", paper, "--results", store)
    assert drifted.exit_code == 1
    assert "SimCLR / photos / compact" in drifted.stdout


def test_a_check_says_that_emphasis_was_not_checked(store: Path, tmp_path: Path) -> None:
    """Where none is left; one mark on the wrong number is a fault."""
    paper = tmp_path / "paper.tex"
    cslbench("table", "--results", store, "--out", paper)
    whole = paper.read_text()
    paper.write_text(whole.replace("\\textbf", "").replace("\\textit", ""))
    stripped = cslbench("table", "--check", paper, "--results", store)
    assert stripped.exit_code == 0
    assert "emphasis is not in the file and was not checked\n8 cells as" in stripped.stdout

    paper.write_text(whole.replace("\\textbf", "\\textit"))
    drifted = cslbench("table", "--check", paper, "--results", store)
    assert drifted.exit_code == 1
    assert "SimCLR / photos / compact: is italic, the results say bold" in drifted.stdout


def test_a_part_of_a_paper_is_checked_by_receipts_elsewhere(store: Path, tmp_path: Path) -> None:
    """The file of the receipts is named; without any, nothing is as it should be."""
    part, paper = tmp_path / "part.tex", tmp_path / "paper.tex"
    cslbench("table", "--results", store, "--out", part)
    paper.write_text(f"\\section{{A}}\n{part.read_text()}\\section{{B}}\n")
    beside = tmp_path / "part.tex.receipts.json"

    assert cslbench("table", "--check", paper, "--results", store).exit_code == 1
    given = cslbench("table", "--check", paper, "--receipts", beside, "--results", store)
    assert given.exit_code == 0, given.output
    beside.write_text(beside.read_text()[:-200])
    cut = cslbench("table", "--check", part, "--results", store)
    assert cut.exit_code == 1
    assert "damaged JSON" in cut.stdout


def test_printed_forms_are_for_programs_too(store: Path) -> None:
    """CSV and JSON hold every number in full."""
    options = ("--results", store, "-m", "simclr", "-e", "compact")
    [row] = csv.DictReader(io.StringIO(cslbench("table", "--format", "csv", *options).stdout))
    [cell] = json.loads(cslbench("table", "--format", "json", *options).stdout)["cells"]

    assert float(row["mean"]) == cell["mean"] == pytest.approx(70.3)
    assert (row["n"], cell["values"]) == ("3", [70.0, 70.5, 70.4])


def test_a_format_that_is_named_needs_no_ending(store: Path, tmp_path: Path) -> None:
    """A name may end as it likes then."""
    done = cslbench("table", "--results", store, "--format", "latex", "--out", tmp_path / "t.txt")

    assert done.exit_code == 0, done.output
    assert "\\toprule" in (tmp_path / "t.txt").read_text()


def test_what_is_wrong_is_said_in_a_sentence(store: Path, tmp_path: Path) -> None:
    """Exit 2, no traceback."""
    for options, said in (
        (("--format", "pdf"), "unknown format 'pdf'"),
        (("--spread", "iqr"), "unknown spread 'iqr'"),
        (("-m", "simlcr"), "did you mean 'simclr'?"),
        (("--out", store / "t.tex"), "lies in the results folder"),
        (("--rows", "colour"), "unknown axis 'colour'"),
        (("--out", tmp_path / "t.pdf"), "unknown ending '.pdf' (known: .csv"),
        (("--out", tmp_path / "t"), "unknown ending ''"),
    ):
        done = cslbench("table", "--results", store, *options)
        assert (done.exit_code, done.exception.__class__) == (2, SystemExit), done.output
        assert said in done.output
    assert not [*tmp_path.iterdir()]
    assert cslbench("table", "--results", store, "--digits", "9").output == (
        "error: --digits must be 0 to 4 (got 9)\n"
    )
    missing = cslbench("table", "--check", tmp_path / "x.tex", "--results", store)
    assert missing.exit_code == 2
    assert f"{tmp_path / 'x.tex'}: cannot be read" in missing.output


def test_an_option_that_would_change_nothing_is_refused(store: Path, tmp_path: Path) -> None:
    """The receipts say what a checked table was asked for."""
    paper = tmp_path / "paper.tex"
    cslbench("table", "--results", store, "--out", paper)
    for option, value in (
        ("--digits", "2"),
        ("--rows", "method"),
        ("-m", "simclr"),
        ("--out", "x.md"),
    ):
        done = cslbench("table", "--check", paper, option, value, "--results", store)
        assert done.exit_code == 2
        assert "is not of --check, which takes the table as its receipts say" in done.output
    done = cslbench("table", "--receipts", paper, "--results", store)
    assert (done.exit_code, "--receipts is of --check alone" in done.output) == (2, True)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no TeX")
def test_latex_compiles_whatever_names_hold(tmp_path: Path) -> None:
    """With every hostile sign, on pdflatex as it comes; nothing overfull, nothing undefined."""
    results = [*several(), make_result(EVIL, 33.0), make_result("simclr[temperature=0.5]", 50.0)]
    root = stored(tmp_path / "results", results)
    part = tmp_path / "part.tex"
    made = cslbench("table", "--value", "linear_top1,knn_top1", "--results", root, "--out", part)
    assert made.exit_code == 0, made.output
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n"
        "\\input{part}\n\\end{document}\n"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    log = done.stdout.decode(errors="replace")

    assert done.returncode == 0, log[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 1000
    assert "Overfull" not in log
    assert "Missing character" not in log
