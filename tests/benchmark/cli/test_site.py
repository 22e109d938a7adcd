"""`cslbench site`: where it writes, what it copies, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from benchmark.store import files
from tests.benchmark.factories import make_result
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
    (tmp_path / "none").mkdir()
    done = cslbench(tmp_path / "out", "--results", tmp_path / "none")
    assert done.exit_code == 0, done.output
    assert "Nothing to judge yet" in (tmp_path / "out/pages/robustness.html").read_text()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """In one sentence, with exit code 2."""
    (tmp_path / "none").mkdir()
    (tmp_path / "out").write_text("")
    done = cslbench(tmp_path / "out", "--results", tmp_path / "none")
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.output


def test_neither_folder_may_lie_where_the_other_has_its_files(tmp_path: Path) -> None:
    """Pages would be taken for results, and copies would be written over them."""
    honest(tmp_path / "site/pages/data")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    for out, results in (
        ("site/pages/data/web/site", "site/pages/data"),
        ("site", "site/pages/data"),
        ("site", "site/pages"),
    ):
        refused = cslbench(tmp_path / out, "--results", tmp_path / results)
        assert refused.exit_code == 2, refused.output
        assert "results" in refused.stderr
        assert "Traceback" not in refused.output
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_what_was_made_of_results_since_deleted_goes(tmp_path: Path) -> None:
    """And nothing else: no other name, no link, nothing that a link leads to."""
    results, out, outside = tmp_path / "results", tmp_path / "out", tmp_path / "outside"
    made = honest(results)
    whole = cslbench(out, "--results", results)
    assert whole.exit_code == 0, whole.output
    gone = [each for each in made if each.cell.method == "byol"]
    copies = [out / "pages/data" / files.relative_path(each.cell) for each in gone]
    pages = sorted((out / "pages/cells").glob("byol-*.html"))
    kept = [out / "pages/cells/mine.html", out / "pages/data/notes.json"]
    foreign = outside / "compact" / copies[0].name
    foreign.parent.mkdir(parents=True)
    for path in (*kept, foreign):
        path.write_text("mine")
    (out / "pages/data/linked").symlink_to(outside, target_is_directory=True)
    link = copies[0].with_name("simclr-x-r0-0123abcd.json")
    link.symlink_to(foreign)
    for each in gone:
        (results / files.relative_path(each.cell)).unlink()
    assert pages
    assert all(path.exists() for path in copies)

    assert cslbench(out, "--results", results).exit_code == 0
    assert not [path for path in (*pages, *copies) if path.exists()]
    assert all(path.read_text() == "mine" for path in (*kept, foreign, link))
    left = {path for path in out.rglob("*.html") if path not in kept}
    assert cslbench(tmp_path / "new", "--results", results).exit_code == 0
    new = tmp_path / "new"
    assert {p.relative_to(out) for p in left} == {p.relative_to(new) for p in new.rglob("*.html")}


def test_a_site_in_the_results_folder_takes_no_result_away(tmp_path: Path) -> None:
    """Not even one whose dataset is called as the site's own folder."""
    result = make_result(dataset="pages", encoder="data")
    honest(tmp_path)
    files.write(tmp_path, result, {})
    stale = tmp_path / "pages/cells/byol-0123456789ab.html"
    stale.parent.mkdir()
    stale.write_text("")
    assert cslbench(tmp_path, "--results", tmp_path).exit_code == 0
    assert files.find(tmp_path, result.cell) is not None
    assert not stale.exists()


def test_nights_are_shown_if_there_are_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the folder that is named, else those of `nights`; a wrong name is exit 2."""
    honest(tmp_path / "nights/2026-11-01/results")
    (tmp_path / "none").mkdir()
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


def test_nights_without_a_linear_probe_are_shown_under_what_they_have(tmp_path: Path) -> None:
    """As a matrix that asks for kNN alone leaves them."""
    (tmp_path / "none").mkdir()
    scored = make_result(scores={"linear": 70.0, "knn": 61.0})
    alone = scored.model_copy(update={"metrics": {"knn": scored.metrics["knn"]}})
    for night in ("2026-11-01", "2026-11-02"):
        files.write(tmp_path / "nights" / night / "results", alone, {})
    found = cslbench(
        tmp_path / "a", "--results", tmp_path / "none", "--history", tmp_path / "nights"
    )
    assert found.exit_code == 0
    assert "<svg" in (tmp_path / "a/pages/history.html").read_text()
