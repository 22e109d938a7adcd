"""A night: new replicates, a gate that nothing skips, suspects run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.checks.nightly import Tonight, hold, tonight
from benchmark.errors import DataError, UsageError
from benchmark.evidence.gate.findings import Rule
from benchmark.matrix.model import Matrix
from benchmark.store import files, nights
from benchmark.store.revision import Commit
from tests.benchmark.checks.nighttime import baseline, draw, drawing, part
from tests.benchmark.evidence.gate.stores import timed
from tests.benchmark.factories import make_result

RULE = Rule()


def never(commit: Commit, matrix: Matrix, root: Path) -> str | None:
    """Stand for another commit where there is none."""
    raise AssertionError((commit, matrix, root))


def begin(tmp_path: Path, name: str = "2026-11-24", against: Path | None = None) -> Tonight:
    """Return a night over the tiny matrix."""
    return tonight(part(tmp_path), tmp_path / "nights", name, str(against or tmp_path / "nights"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Twelve replicates about 70."""
    return baseline(tmp_path / "old", part(tmp_path))


def test_each_night_takes_replicates_that_nobody_has_used(tmp_path: Path, old: Path) -> None:
    """They follow the baseline's and every night's, whatever became of that night."""
    first = begin(tmp_path, "2026-11-24", old)
    assert first.record.replicates == (12, 13, 14)
    assert hold(first, RULE, drawing(), never).kind == "pass"
    second = begin(tmp_path, "2026-11-25", old)
    assert second.record.replicates == (15, 16, 17)
    assert {cell.replicate for cell in second.part.cells} == {15, 16, 17}
    nights.write(second.folder, second.record)  # killed before anything was run
    assert begin(tmp_path, "2026-11-26", old).record.replicates == (18, 19, 20)


def test_the_same_night_goes_on_with_its_replicates(tmp_path: Path, old: Path) -> None:
    """What is there is kept; another baseline or other cells are another night."""
    night = begin(tmp_path, against=old)
    hold(night, RULE, drawing(), never)
    again = begin(tmp_path, against=old)
    assert again.part == night.part
    assert hold(again, RULE, drawing(mean=0.0), never).kind == "pass"
    with pytest.raises(UsageError, match="begun with another baseline"):
        begin(tmp_path)


def test_a_drop_is_confirmed_on_fresh_replicates(tmp_path: Path, old: Path) -> None:
    """Against a folder: under the present code, on replicates of nobody; then it fails."""
    night = begin(tmp_path, against=old)
    asked: list[set[int]] = []

    def run(matrix: Matrix, root: Path) -> None:
        asked.append({cell.replicate for cell in matrix.cells})
        draw(matrix, root, mean=66.0)

    decision = hold(night, RULE, run, never)
    assert decision.kind == "regression"
    assert {finding.look for finding in decision.methods} == {2}
    assert asked == [{12, 13, 14}, {15, 16, 17, 18, 19}]
    record = nights.record(night.folder)
    assert record is not None
    assert (record.fresh, record.kind) == ((15, 16, 17, 18, 19), "regression")


def test_a_bad_draw_is_not_confirmed(tmp_path: Path, old: Path) -> None:
    """The first look only says where to look again."""
    night = begin(tmp_path, against=old)

    def run(matrix: Matrix, root: Path) -> None:
        draw(matrix, root, mean=66.0 if root.name == "results" else 70.0)

    decision = hold(night, RULE, run, never)
    assert decision.kind == "pass"
    assert {finding.look for finding in decision.methods} == {2}


def test_a_suspect_whose_fresh_cells_failed_in_part_is_left_open(tmp_path: Path, old: Path) -> None:
    """Exit 3 with what failed; the others alone would have passed."""
    night = begin(tmp_path, against=old)

    def run(matrix: Matrix, root: Path) -> None:
        if root.name == "fresh":
            cell = next(cell for cell in matrix.cells if cell.method == "simclr")
            files.write(root, make_result(cell=cell, status="failed", error="loss is nan"), {})
        draw(matrix, root, mean=66.0 if root.name == "results" else 72.0)

    decision = hold(night, RULE, run, never)
    kinds = {finding.name: (finding.kind, finding.reason) for finding in decision.methods}
    assert decision.exit_code == 3
    assert kinds["byol"] == ("pass", "")
    assert kinds["simclr"][0] == "inconclusive"
    assert "failed: loss is nan, 4 of 5 replicates" in kinds["simclr"][1]


@pytest.mark.parametrize(("before", "kind"), [(66.0, "pass"), (70.0, "regression")])
def test_under_two_commits_both_are_fresh(
    before: float, kind: str, tmp_path: Path, old: Path
) -> None:
    """A baseline that was lucky does not fail the night; one that was not does."""
    night = begin(tmp_path, against=old)
    commit = Commit("0" * 40, tmp_path)
    found = _under(night, commit)

    def earlier(given: Commit, matrix: Matrix, root: Path) -> str | None:
        assert given == commit
        draw(matrix, root, mean=before)
        return None

    assert hold(found, RULE, drawing(mean=66.0), earlier).kind == kind


def _under(night: Tonight, commit: Commit) -> Tonight:
    return replace(night, baseline=replace(night.baseline, commit=commit))


def test_a_commit_that_cannot_be_run_is_not_measured(tmp_path: Path, old: Path) -> None:
    """Exit 2, with why."""
    night = begin(tmp_path, against=old)
    found = _under(night, Commit("0" * 40, tmp_path))
    decision = hold(found, RULE, drawing(mean=66.0), lambda *_: "no such verb")
    assert decision.kind == "could not measure"
    assert "no such verb" in {each.reason for each in decision.unmeasured}


def test_a_failed_cell_does_not_skip_the_gate(tmp_path: Path, old: Path) -> None:
    """The others are judged; the night is exit 2, and names it."""
    night = begin(tmp_path, against=old)

    def failing(matrix: Matrix, root: Path) -> None:
        for cell in matrix.cells:
            if cell.method == "byol":
                files.write(root, make_result(cell=cell, status="failed", error="nan"), {})
        draw(matrix, root)

    decision = hold(night, RULE, failing, never)
    assert decision.exit_code == 2
    assert [each.reason for each in decision.unmeasured] == ["new r12 failed: nan"]
    assert [finding.kind for finding in decision.methods] == ["pass"]


@pytest.mark.parametrize(("share", "code"), [(0, 2), (6, 1)])
def test_missing_data_does_not_skip_the_gate(
    share: int, code: int, tmp_path: Path, old: Path
) -> None:
    """Exit 2, but a regression in what was run comes first."""
    night = begin(tmp_path, against=old)

    def missing(matrix: Matrix, root: Path) -> None:
        draw(replace(matrix, cells=matrix.cells[:share]), root, mean=66.0)
        if root.name == "results":
            raise DataError("no photos")
        draw(matrix, root, mean=66.0)

    decision = hold(night, RULE, missing, never)
    assert decision.exit_code == code
    assert "no photos" in {each.reason for each in decision.unmeasured}


def test_the_history_is_a_baseline_without_its_regressions(tmp_path: Path) -> None:
    """Night by night it grows; a night that failed is no standard, nor is a failed cell."""
    kinds = []
    for day in range(1, 6):
        mean = 60.0 if day == 4 else 70.0
        night = begin(tmp_path, f"2026-11-0{day}")
        kinds.append(hold(night, RULE, drawing(mean=mean), never).kind)
    assert kinds == ["could not measure", "inconclusive", "pass", "regression", "pass"]
    last = begin(tmp_path, "2026-11-06")
    assert "2026-11-04 is left out of the baseline: a regression" in last.baseline.notes
    assert len(last.baseline.loaded.results) == 4 * 6
    assert last.baseline.commit is None


def test_a_slow_night_stays_in_the_baseline(tmp_path: Path) -> None:
    """A busy machine is no worse method; only with --fail-on-cost it is left out."""
    old = _timed(baseline(tmp_path / "old", part(tmp_path)), 1.0)
    slow = begin(tmp_path, "2026-11-24", old)
    decision = hold(slow, RULE, _slow, never)
    assert (decision.kind, len(decision.warnings)) == ("pass", 2)
    left = hold(begin(tmp_path, "2026-11-25", old), replace(RULE, fail_on_cost=True), _slow, never)
    assert left.kind == "regression"
    kept, said = nights.baseline(nights.load(tmp_path / "nights"))
    assert {result.cell.replicate for result in kept.results} == {*slow.record.replicates}
    assert said == ["2026-11-25 is left out of the baseline: a regression"]


def _slow(matrix: Matrix, root: Path) -> None:
    draw(matrix, root)
    _timed(root, 2.0)


def _timed(root: Path, seconds: float) -> Path:
    """Let every result of a folder have taken so long, within 2 %, beside a kernel of 0.1 s."""
    for result in files.read_all(root).results:
        took = seconds * (1 + 0.01 * (result.cell.replicate % 3))
        files.write(root, timed(result, took, 0.1), {})
    return root


def test_a_night_that_was_not_judged_is_no_baseline(tmp_path: Path) -> None:
    """It was stopped: it may be half a night, or a regression; the note says so."""
    hold(begin(tmp_path, "2026-11-01"), RULE, drawing(), never)
    stopped = begin(tmp_path, "2026-11-02")
    nights.write(stopped.folder, stopped.record)
    draw(stopped.part, stopped.folder / "results", mean=60.0)

    last = begin(tmp_path, "2026-11-03")

    assert {r.cell.replicate for r in last.baseline.loaded.results} == {3, 4, 5}
    assert last.baseline.notes[0].startswith("2026-11-02 is left out of the baseline: unfinished")


@pytest.mark.parametrize("way", ["nights", "nights/../nights", "link", "link/"])
def test_no_night_enters_its_own_baseline(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the history is spelt, and also where the night is held again later."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("nights")
    for day in (1, 2, 3):
        hold(begin(tmp_path, f"2026-11-0{day}"), RULE, drawing(), never)
    record = nights.record(tmp_path / "nights" / "2026-11-02")
    assert record is not None
    nights.write(tmp_path / "nights" / "2026-11-02", record.model_copy(update={"baseline": way}))

    again = tonight(part(tmp_path), Path("nights"), "2026-11-02", way)

    first = {3, 4, 5}
    assert set(again.record.replicates).isdisjoint(first)
    assert {r.cell.replicate for r in again.baseline.loaded.results} == first


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("nights/2026-11-02", "that is the night 2026-11-02 itself"),
        ("nights/2026-11-02/results", "that is the night 2026-11-02 itself"),
        (".", "the history nights lies in it"),
    ],
)
def test_a_baseline_that_holds_the_night_is_refused(
    way: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, before anything is run."""
    monkeypatch.chdir(tmp_path)
    matrix = part(tmp_path)
    (tmp_path / "nights" / "2026-11-02" / "results").mkdir(parents=True)

    with pytest.raises(UsageError, match=said):
        tonight(matrix, Path("nights"), "2026-11-02", way)


def test_replicates_begin_again_where_nights_were_removed() -> None:
    """Below those of tuning; if none is free, the sentence says what to do."""
    assert nights.unused({0, 1, 5}, 2) == (6, 7)
    assert nights.unused({*range(10), *range(20, 999)}, 3) == (10, 11, 12)
    with pytest.raises(UsageError, match="move the oldest nights out"):
        nights.unused(range(999), 3)
