"""`cslbench nightly` with faked cells: exit codes, files, two commits, what is foreseen."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application, running
from benchmark.store import files, nights
from tests.benchmark.checks.nighttime import baseline, part, tiny

FAKES = "tests.benchmark.engines.fakes"
"""Their cells come to 50 and 6.25 points a thread."""
ONE, TWO = 56.25, 62.5
PROGRAM = """\
import shutil, sys
given = dict(zip(sys.argv, sys.argv[1:]))
shutil.copytree({made!r}, given["--results"])
text = open(sys.argv[2]).read()
assert sys.argv[1] == "run" and "simclr" in text and "- 15" in text, text
print("an earlier program")
"""


@pytest.fixture(autouse=True)
def _fake_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "RUNNER", FAKES)


def nightly(tmp_path: Path, *arguments: str | Path, night: str = "2026-11-24") -> Result:
    """Run a night of the tiny matrix."""
    fixed = ["nightly", tiny(tmp_path), "--history", tmp_path / "nights", "--night", night]
    done = CliRunner().invoke(application(), [*map(str, [*fixed, "--workers", 1, *arguments])])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Twelve replicates about what one thread gives."""
    return baseline(tmp_path / "good", part(tmp_path), mean=ONE)


def test_a_night_leaves_its_folder_and_goes_on(tmp_path: Path, good: Path) -> None:
    """Exit 0 with every file; the same command finds all done and says the same."""
    done = nightly(tmp_path, "--baseline", good)
    assert done.exit_code == 0, done.output
    assert "tiny, 6 cells, replicates 12, 13, 14" in done.output
    last = done.output.splitlines()[-1]
    assert last.startswith("gate: pass (margin 1 points, alpha 0.05); smallest drop it could")
    folder = tmp_path / "nights" / "2026-11-24"
    names = {"gate.json", "junit.xml", "summary.md", "benchmark.json", "night.json", "results"}
    assert names <= {path.name for path in folder.iterdir()}
    assert json.loads((folder / "gate.json").read_text())["kind"] == "pass"
    assert "gate: pass" in (folder / "summary.md").read_text()
    before = {name: (folder / name).read_bytes() for name in names - {"results"}}
    again = nightly(tmp_path, "--baseline", good)
    assert "tiny: 0 cells to run, 6 done before" in again.output
    assert again.exit_code == 0
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_selection_makes_a_night_of_its_own(tmp_path: Path, good: Path) -> None:
    """The other rows of the baseline do not count as missing."""
    done = nightly(tmp_path, "--baseline", good, "-m", "byol")
    assert done.exit_code == 0, done.output
    assert "3 cells" in done.output
    wrong = nightly(tmp_path, "--baseline", good, "-m", "biol")
    assert wrong.exit_code == 2
    assert "did you mean 'byol'?" in wrong.output


@pytest.mark.parametrize(("before", "code", "kind"), [(TWO, 1, "regression"), (ONE, 0, "pass")])
def test_a_revision_is_run_again_as_it_was(
    before: float, code: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspects run under its own program, in a worktree that is gone afterwards."""
    checkout, made = tmp_path / "checkout", tmp_path / "made"
    baseline(made, part(tmp_path), mean=before, replicates=24)
    baseline(checkout / "results", part(tmp_path), mean=TWO)
    (checkout / "benchmark").mkdir()
    (checkout / "benchmark" / "__init__.py").touch()
    (checkout / "benchmark" / "__main__.py").write_text(PROGRAM.format(made=str(made)))
    git = ["git", "-C", str(checkout), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True)
    monkeypatch.chdir(checkout)
    done = nightly(tmp_path, "--baseline", "HEAD")
    assert done.exit_code == code, done.output
    assert f"gate: {kind}" in done.output
    folder = tmp_path / "nights" / "2026-11-24"
    record = nights.record(folder)
    assert record is not None
    fresh = {result.cell.replicate for result in files.read_all(folder / "fresh").results}
    assert fresh == set(record.fresh) == {15, 16, 17, 18, 19}
    trees = subprocess.run([*git, "worktree", "list"], check=True, capture_output=True)
    assert len(trees.stdout.splitlines()) == 1


def test_missing_data_is_exit_2_and_the_gate_says_so(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night's files are there all the same."""
    monkeypatch.setattr(running, "RUNNER", "benchmark.engines.runner")
    path = tiny(tmp_path)
    path.write_text(path.read_text().replace("[photos]", "[cifar10]"))
    arguments = ["nightly", path, "--history", tmp_path / "nights", "--baseline", good]
    done = CliRunner().invoke(application(), [*map(str, [*arguments, "--data", tmp_path / "no"])])
    assert done.exit_code == 2
    (night,) = nights.names(tmp_path / "nights")
    text = (tmp_path / "nights" / night / "summary.md").read_text()
    assert "could not measure: run: " in text
    assert "cifar" in text


def test_a_dry_run_foresees_and_writes_nothing(tmp_path: Path, good: Path) -> None:
    """Replicates, time, rows of the baseline, and the smallest drop."""
    done = nightly(tmp_path, "--baseline", good, "--dry-run")
    assert done.exit_code == 0
    assert "replicates 12, 13, 14" in done.output
    assert "0 cells done, 6 to run: about" in done.output
    assert "2 of 2 rows, 12 replicates each" in done.output
    assert "smallest drop that one look could see (chance 80 %): " in done.output
    assert not (tmp_path / "nights").exists()
    found = json.loads(nightly(tmp_path, "--baseline", good, "--dry-run", "--json").stdout)
    assert found["replicates"] == [12, 13, 14]
    assert set(found["smallest_drops"]) == {"byol", "simclr"}


def test_a_dry_run_names_what_it_could_not_see(tmp_path: Path, good: Path) -> None:
    """Of one replicate there is no spread, so no smallest drop, whatever that of the others is."""
    for path in sorted(p for p in good.rglob("*.json") if '"byol' in p.read_text())[1:]:
        path.unlink()

    done = nightly(tmp_path, "--baseline", good, "--dry-run")

    said = " ".join(done.output.split())
    assert "points of a method's mean; of 1 method none can be told: byol" in said


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("--baseline", "nowhere"), "neither a folder nor a git revision"),
        (("--baseline", ""), "neither a folder nor a git revision"),
        (("--baseline", "\0"), "neither a folder nor a git revision"),
        (("--baseline", ".", "--night", "today"), "a night is a date such as 2026-11-24"),
        (("--baseline", ".", "--protocol", "lineal"), "did you mean 'linear'?"),
        (("--baseline", ".", "--margin", "0"), "--margin must be above 0"),
        (("--baseline", ".", "--timeout", "inf"), "--timeout must be a number of at most 1e+09"),
    ],
)
def test_a_bad_request_is_one_sentence(wrong: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """Exit 2, no traceback, nothing written."""
    done = nightly(tmp_path, *wrong)
    assert done.exit_code == 2
    assert says in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "nights").exists()
