"""`cslbench gate`: exit codes, files and baselines in history."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from benchmark.cli import application
from benchmark.store import files
from benchmark.store.result import Result
from tests.benchmark.evidence.gate.stores import drawn, executed, timed
from tests.benchmark.factories import make_result

HOSTILE = "<b>|`x`\x1b[31m]]>\u202e&\n"


def gate(*arguments: str | Path) -> tuple[int, str]:
    """Return the exit code and what was printed."""
    done = CliRunner().invoke(application(), ["gate", *map(str, arguments)])
    return done.exit_code, done.output


def store(root: Path, results: Iterable[Result]) -> Path:
    """Write results and return the folder."""
    for result in results:
        files.write(root, result, {})
    return root


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Ten replicates about 70."""
    return store(tmp_path / "old", drawn(70.0, range(10)))


@pytest.fixture
def worse(tmp_path: Path) -> Path:
    """Three new ones about 66, and a cell that failed with a hostile text."""
    failed = make_result("byol", status="failed", error=HOSTILE)
    return store(tmp_path / "worse", [*drawn(66.0, (10, 11, 12), seed=1), failed])


def test_the_night_is_one_line_at_the_end(old: Path, worse: Path) -> None:
    """With the smallest drop that it could have seen; exit 1."""
    code, output = gate("--baseline", old, "--results", worse)
    last = output.splitlines()[-1]
    assert code == 1
    assert last.startswith("gate: regression (margin 1 points, alpha 0.05); smallest drop it could")
    assert "\x1b" not in output


def test_the_smallest_drop_is_that_of_the_noisiest_mean(old: Path, worse: Path) -> None:
    """Other methods and cells have their own; a method of which none is known is named."""
    store(old, [*drawn(70.0, range(10), method="moco_v2", sd=3.0), make_result("yadim")])
    store(worse, drawn(70.0, (10, 11, 12), method="moco_v2", seed=1))
    store(worse, drawn(70.0, (10,), method="yadim"))
    found = json.loads(gate("--baseline", old, "--results", worse, "--json")[1])
    drops = {each["name"]: each["smallest_drop"] for each in found["methods"]}
    assert (drops["yadim"], drops["simclr"] < drops["moco_v2"]) == (None, True)
    last = gate("--baseline", old, "--results", worse)[1].splitlines()[-1]
    assert last.endswith(
        f"in every method's mean (chance 80 %): {drops['moco_v2']:.2f} points; "
        "of 1 method none can be told: yadim"
    )


def test_a_higher_score_fails_where_equal_bits_are_promised(tmp_path: Path) -> None:
    """Exit 1, and the line says why a rise does not pass."""
    (before,), (after,) = ([executed(r) for r in drawn(m, (0,))] for m in (70.0, 80.0))
    sides = store(tmp_path / "old", [before]), store(tmp_path / "new", [after])
    code, output = gate("--baseline", sides[0], "--results", sides[1])
    assert code == 1
    assert "is not reproduced (equal bits are promised: a rise fails as a drop" in output


def test_both_ends_say_their_levels(old: Path, worse: Path, tmp_path: Path) -> None:
    """They are of two tests at unlike levels, and no interval of one level."""
    store(old, drawn(70.0, range(10), method="moco_v2"))
    store(worse, drawn(70.0, (10, 11, 12), method="moco_v2", seed=1))
    junit = tmp_path / "junit.xml"
    output = gate("--baseline", old, "--results", worse, "--junit", junit)[1]
    # low: 0.75 of alpha; high: Holm's steps of 0.75 of alpha over two methods, 0.15 over two cells
    said = next(line for line in output.splitlines() if line.startswith("low and high: "))
    assert "low at 96.25 %: above -1 it passes" in said
    assert "high at 96.25 % or 98.12 % (methods) and 99.62 % (cells), corrected" in said
    suite = ElementTree.parse(junit).getroot()[0]
    messages = [str(each.get("message")) for each in suite.iter("failure")]
    assert any(" at 96.25 %, high " in each and each.endswith(" at 98.12 %") for each in messages)


def test_fresh_results_decide(old: Path, worse: Path, tmp_path: Path) -> None:
    """A suspect that is not confirmed leaves the failed cell: exit 2, not 1."""
    fresh = store(tmp_path / "fresh", drawn(70.0, range(20, 40), seed=4))
    same = store(tmp_path / "same", drawn(70.0, range(20, 40), seed=5))
    code, output = gate(
        "--baseline", old, "--results", worse, "--fresh", fresh, "--fresh-baseline", same
    )
    assert code == 2
    assert "look 2" in output


@pytest.mark.parametrize("options", [["--fresh"], ["--fresh", ".", "--fresh-baseline"]])
def test_a_fresh_folder_that_is_not_there_is_refused(
    options: list[str], old: Path, worse: Path
) -> None:
    """Whether or not anything is suspected: nobody means to give nothing."""
    for results in (old, worse):
        code, output = gate("--baseline", old, "--results", results, *options, "nosuch")
        assert code == 2
        assert output == f"error: {options[-1]} nosuch: there is no such folder\n"


def test_a_protocol_of_which_nothing_is_known_is_refused(old: Path, worse: Path) -> None:
    """With those that are there; where a side alone lacks it, that is not measured."""
    code, output = gate("--baseline", old, "--results", worse, "--protocol", "nosuch")
    assert code == 2
    assert output == (
        "error: --protocol: no result has a score under the protocol 'nosuch'; "
        "there are scores under: linear\n"
    )
    store(worse, [make_result(replicate=20, scores={"knn": 60.0})])
    output = gate("--baseline", old, "--results", worse, "--protocol", "knn")[1]
    assert "has no score under the protocol knn" in output


def test_every_file_is_the_same_twice_and_holds_hostile_text(
    old: Path, worse: Path, tmp_path: Path
) -> None:
    """XML that parses, Markdown of one table, JSON; nothing of a stranger's text gets out."""
    names = ("--junit", "--markdown", "--benchmark-json")
    texts = []
    for turn in ("a", "b"):
        paths = [tmp_path / f"{turn}{name}" for name in names]
        options = [each for pair in zip(names, paths, strict=True) for each in pair]
        code, output = gate("--baseline", old, "--results", worse, "--json", *options)
        assert code == 1
        texts.append([output, *(path.read_text() for path in paths)])
    assert texts[0] == texts[1]
    printed, junit, markdown, entries = texts[0]
    suite = ElementTree.fromstring(junit)[0]
    assert (suite.get("failures"), suite.get("errors")) == ("2", "1")
    assert json.loads(printed)["kind"] == "regression"
    assert "<b>" not in markdown
    assert "\x1b" not in markdown
    assert {entry["unit"] for entry in json.loads(entries)} == {"percent"}
    assert all({"name", "unit", "value"} <= set(entry) for entry in json.loads(entries))


@pytest.mark.parametrize("given", ["nowhere", "--help-me", "", "HEAD:nowhere", "\0"])
def test_a_baseline_that_is_none_is_said(given: str, worse: Path) -> None:
    """Exit 2 and one sentence."""
    code, output = gate(f"--baseline={given}", "--results", worse)
    assert code == 2
    assert "error: baseline" in output
    assert "Traceback" not in output


def test_a_revision_is_read_from_history(
    old: Path, worse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any folder of the checkout, whatever lies in the tree now; links are not read."""
    checkout = tmp_path / "checkout"
    results = store(checkout / "results", files.read_all(old).results)
    (results / "photos" / "link.json").symlink_to("/etc/passwd")
    git = ["git", "-C", str(checkout), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    for path in results.rglob("*.json"):
        path.unlink()
    monkeypatch.chdir(results)
    code, output = gate("--baseline", "HEAD", "--results", worse)
    assert code == 1
    assert "n = 10" in output
    assert gate("--baseline", "HEAD:results", "--results", worse) == (code, output)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--margin", "0"),
        ("--margin", "nan"),
        ("--margin", "inf"),
        ("--alpha", "0.5"),
        ("--fresh-baseline", "x"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: tuple[str, str], old: Path) -> None:
    """Exit 2 before anything is read."""
    code, output = gate("--baseline", old, "--results", old, *wrong)
    assert code == 2
    assert output.startswith("error: --")


def test_a_slow_night_warns_and_passes(tmp_path: Path) -> None:
    """In lines, Markdown, JUnit and JSON, as slower, without a sign; --fail-on-cost: exit 1."""
    old = [
        timed(r, 10 + 0.01 * (r.cell.replicate % 3), 0.1, device="cuda", memory=10**9)
        for r in drawn(70.0, range(10))
    ]
    new = [
        timed(r, 15.0, 0.1, device="cuda", memory=9 * 10**8)
        for r in drawn(70.0, range(10, 16), seed=2)
    ]
    sides = store(tmp_path / "old", old), store(tmp_path / "new", new)
    junit, summary = tmp_path / "junit.xml", tmp_path / "summary.md"
    options: list[str | Path] = ["--baseline", sides[0], "--results", sides[1], "--margin", "2"]
    options += ["--junit", junit, "--markdown", summary]
    code, output = gate(*options)
    assert code == 0, output
    warning = "warning: speed of simclr: slower by 49.9 %"
    assert warning in output.splitlines()
    assert "memory of simclr: smaller by 10.0 %" in output.splitlines()
    assert output.splitlines()[-1].startswith("gate: pass, 1 warning of cost (margin 2 points")
    assert warning in summary.read_text()
    suite = ElementTree.parse(junit).getroot()[0]
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")
    assert [each.get("message") for each in suite.iter("skipped")] == [warning]
    assert json.loads(gate(*options, "--json")[1])["warnings"] == [warning]
    code, output = gate(*options, "--fail-on-cost")
    assert code == 1
    assert warning.replace("warning", "regression") in output.splitlines()
    assert ElementTree.parse(junit).getroot()[0].get("failures") == "1"


def test_equal_times_are_no_change(tmp_path: Path) -> None:
    """Without a sign, and with what so few replicates cannot rule out."""
    old = [timed(r, 10.0 + r.cell.replicate, 0.1) for r in drawn(70.0, range(2))]
    folder = store(tmp_path / "old", old)
    output = gate("--baseline", folder, "--results", folder)[1]
    said = r"speed of simclr: no change; inconclusive, slower by .* % cannot be ruled out"
    assert re.search(said, output)


@pytest.mark.parametrize("alpha", ["1e-300", "1e-310"])
def test_no_figure_is_beyond_what_a_score_can_be(alpha: str, worse: Path, tmp_path: Path) -> None:
    """However small alpha is, and however little two replicates tell."""
    old, junit = store(tmp_path / "two", drawn(70.0, range(2))), tmp_path / "junit.xml"
    output = gate("--baseline", old, "--results", worse, "--alpha", alpha, "--junit", junit)[1]
    assert "mean (chance 80 %): over 100 points" in output
    assert "below -100" in output
    assert not re.search(r"\d{5}", output + junit.read_text())


def test_a_selection_is_judged_alone(old: Path, worse: Path) -> None:
    """Selectors as everywhere; the failed cell of another method no longer counts."""
    store(old, drawn(70.0, range(10), method="moco_v2"))
    store(worse, drawn(70.0, (10, 11, 12), method="moco_v2", seed=1))
    assert gate("--baseline", old, "--results", worse)[0] == 1
    code, output = gate("--baseline", old, "--results", worse, "-m", "moco_v2", "-e", "compact")
    assert code == 0, output
    assert "simclr" not in output
    code, output = gate("--baseline", old, "--results", worse, "-m", "moco")
    assert code == 2
    assert "did you mean 'moco_v2'?" in output
