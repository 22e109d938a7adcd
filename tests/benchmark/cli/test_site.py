"""`cslbench site`: where it writes, what it copies, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from benchmark.store import files
from tests.benchmark.report.site.wicked import honest


def cslbench(*arguments: str | Path) -> Result:
    """Run `site` in this process."""
    return CliRunner().invoke(application(), ["site", *map(str, arguments)])


def test_a_site_elsewhere_takes_the_results_along(tmp_path: Path) -> None:
    """Byte for byte, at the paths of the store."""
    made = honest(tmp_path / "results")
    done = cslbench(tmp_path / "out", "--results", tmp_path / "results")

    assert done.exit_code == 0, done.output
    assert (tmp_path / "out/index.html").is_file()
    for result in made:
        place = files.relative_path(result.cell)
        copy = tmp_path / "out/pages/data" / place
        assert copy.read_bytes() == (tmp_path / "results" / place).read_bytes()


def test_a_site_in_the_results_folder_links_to_them(tmp_path: Path) -> None:
    """Nothing that it writes is taken for a result; written again, it is the same."""
    made = honest(tmp_path)
    assert cslbench(tmp_path, "--results", tmp_path).exit_code == 0
    pages = {path: path.read_bytes() for path in tmp_path.rglob("*.html")}
    assert cslbench(tmp_path, "--results", tmp_path).exit_code == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.html")} == pages
    loaded = files.read_all(tmp_path)
    assert len(loaded.results) == len(made)
    assert loaded.broken == ()
    assert not (tmp_path / "pages/data").exists()


def test_nothing_to_show_is_a_site_too(tmp_path: Path) -> None:
    """An empty folder gives the reported numbers, and pages that say what is lacking."""
    done = cslbench(tmp_path / "out", "--results", tmp_path / "none")
    assert done.exit_code == 0, done.output
    assert "Nothing to judge yet" in (tmp_path / "out/pages/robustness.html").read_text()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """In one sentence, with exit code 2."""
    (tmp_path / "out").write_text("")
    done = cslbench(tmp_path / "out", "--results", tmp_path / "none")
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.output


def test_the_site_of_a_folder_elsewhere_in_the_results_copies_nothing(tmp_path: Path) -> None:
    """Copies in a results folder would be taken for results that lie in the wrong place."""
    honest(tmp_path)
    assert cslbench(tmp_path / "web/site", "--results", tmp_path).exit_code == 0
    assert files.read_all(tmp_path).broken == ()
    cell = next((tmp_path / "web/site/pages/cells").glob("simclr-*.html")).read_text()
    assert 'href="../../../../cifar10/' in cell


def test_nights_are_shown_if_there_are_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the folder that is named, else those of `nights`; a wrong name is exit 2."""
    honest(tmp_path / "nights/2026-11-01/results")
    monkeypatch.chdir(tmp_path)
    assert cslbench("a", "--results", "none").exit_code == 0
    assert (tmp_path / "a/pages/history.html").is_file()
    (tmp_path / "nights").rename("old")
    assert cslbench("b", "--results", "none").exit_code == 0
    assert not (tmp_path / "b/pages/history.html").exists()
    assert cslbench("c", "--results", "none", "--history", "old").exit_code == 0
    assert (tmp_path / "c/pages/history.html").is_file()
    wrong = cslbench("d", "--results", "none", "--history", "nowhere")
    assert wrong.exit_code == 2
    assert "nowhere: no night" in wrong.stderr
