"""Everything that can be cited has an entry, and the file is BibTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.cli import application
from benchmark.data import catalogue
from benchmark.evidence.reported import load_reported
from benchmark.report.cite import SHIPPED, beside, cite, of_source, references
from methods.cards import CARDS
from methods.encoders.cards import BUILT_IN
from tests.benchmark.factories import make_result
from tests.benchmark.report.table.stores import several, stored

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", sorted(CARDS))
def test_every_method_has_an_entry_and_it_is_its_papers(name: str) -> None:
    """The arXiv number of the card stands in the entry."""
    found = cite([make_result(name)])

    assert not any(what.startswith("method") for what in found.unknown)
    paper = CARDS[name].paper
    assert not paper.startswith("arXiv") or paper.replace("arXiv ", "arXiv:") in found.bibtex


@pytest.mark.parametrize("name", sorted(set(catalogue.CARDS) - {"imagefolder"}))
def test_every_dataset_has_an_entry(name: str) -> None:
    """But for a folder of one's own."""
    assert cite([make_result(dataset=name)]).unknown == ()


@pytest.mark.parametrize("name", [*sorted(BUILT_IN), "timm:resnet10t", "resnet18[width=16]"])
def test_every_encoder_has_an_entry(name: str) -> None:
    """Those of timm have one together."""
    assert cite([make_result(encoder=name)]).unknown == ()


@pytest.mark.parametrize("source", sorted({entry.source for entry in load_reported()}))
def test_every_source_of_a_reported_number_has_an_entry(source: str) -> None:
    """And each arXiv number that it names is among its entries."""
    keys = of_source(source)
    texts = "".join(each.text for each in references() if each.key in keys)

    assert keys
    for number in re.findall(r"arXiv (\d{4}\.\d{5})", source):
        assert f"arXiv:{number}" in texts


def test_the_file_is_read_whole() -> None:
    """As many entries as there are signs of one, no two of a key, braces in pairs."""
    text = SHIPPED.read_text()
    keys = re.findall(r"^@\w+\{(.*),$", text, re.MULTILINE)

    assert [each.key for each in references()] == keys
    assert len({*keys}) == len(keys)
    assert all(each.text.count("{") == each.text.count("}") for each in references())
    assert "covers" not in cite(several()).bibtex
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"Version {version}" in references()[0].text


@pytest.mark.skipif(not shutil.which("bibtex"), reason="no TeX")
def test_bibtex_takes_every_entry(tmp_path: Path) -> None:
    """Without an error or a warning of a field."""
    text = "\n\n".join(each.text for each in references())
    (tmp_path / "all.bib").write_text(text)
    (tmp_path / "x.aux").write_text("\\citation{*}\n\\bibdata{all}\n\\bibstyle{plain}\n")
    done = subprocess.run(
        ["bibtex", "x"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "Warning" not in done.stdout
    made = (tmp_path / "x.bbl").read_text()
    assert made.count("\\bibitem") == len(references())


def test_what_has_no_entry_is_a_comment_that_stays_one() -> None:
    """A stranger's name cannot end the line."""
    text = cite([make_result("mine\n@misc{evil,}")]).bibtex

    assert text.startswith("% method mine @misc{evil,} has no entry here\n")


def test_a_table_is_cited_by_its_receipts(tmp_path: Path) -> None:
    """Only what its cells rest on; the whole folder holds more."""
    root = stored(tmp_path / "results", [*several(), make_result("simclr", dataset="cifar10")])
    paper, results = tmp_path / "t.md", ("--results", str(root))
    run = CliRunner().invoke
    made = run(application(), ["table", "-m", "simclr", *results, "--out", str(paper)])
    assert made.exit_code == 0, made.output
    table = run(application(), ["cite", str(paper), *results])
    folder = run(application(), ["cite", *results])

    assert (table.exit_code, folder.exit_code) == (0, 0), table.output
    assert "{chen2020simclr," in table.stdout
    assert "{grill2020byol," not in table.stdout
    assert "{grill2020byol," in folder.stdout
    assert "{krizhevsky2009cifar," in table.stdout
    assert beside([make_result("simclr", dataset="cifar10")], load_reported())
