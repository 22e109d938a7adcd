"""The verbs that only tell: help, list, plan, leaderboard, validate, data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application, board
from benchmark.matrix.load import load, select
from benchmark.store import files, work
from methods.cards import CARDS
from tests.benchmark.factories import make_result

VERBS = (
    "run", "plan", "status", "leaderboard", "compare", "claims", "validate", "merge", "explain",
    "diff", "reproduce", "doctor", "evaluate", "robustness", "data", "tune", "gate", "list",
    "import", "table", "plot", "cite", "export", "site", "nightly", "history",
)  # fmt: skip


def cslbench(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    """And the command's own help names each verb."""
    done = cslbench(verb, "--help")
    assert done.exit_code == 0
    assert f"Example: cslbench {verb}" in " ".join(done.stdout.split())
    assert f"\n  {verb} " in cslbench("--help").stdout


def test_results_that_a_help_names_are_there() -> None:
    """An example that is copied from it runs."""
    root = Path(__file__).parents[3]
    named = {}
    for verb in VERBS:
        done = CliRunner().invoke(application(), [verb, "--help"], terminal_width=1000)
        named[verb] = re.findall(r"\bresults/[\w./-]*\w", done.stdout)
    assert (len(named["reproduce"]), len(named["diff"])) == (1, 2)
    assert [path for paths in named.values() for path in paths if not (root / path).exists()] == []


def rows(*arguments: str) -> dict[str, dict[str, Any]]:
    """Return what `list` says as JSON, by name."""
    done = cslbench("list", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return {row["name"]: row for row in json.loads(done.stdout)}


def test_every_method_dataset_matrix_and_protocol_is_listed() -> None:
    """With options and counts."""
    assert set(rows("methods")) >= set(CARDS)
    assert rows("methods")["simclr"]["options"]["layers"] == "2 to 3"
    assert rows("datasets")["photos"]["files"] == "embedded"
    assert rows("datasets")["cifar10"]["test"] == 10_000
    assert rows("matrices")["default"]["cells"] == 27
    assert rows("protocols")["knn"]["k"] == 200


def test_encoders_are_listed_with_their_maps_at_a_size() -> None:
    """AMDIM's true 5x5 and 7x7 at 32 px; a size that it cannot serve is refused in words."""
    found = rows("encoders", "--size", "32")
    assert found["amdim"]["7"] == "1280x7x7"
    assert found["resnet18"]["1"] == "512x1x1"
    tiny = rows("encoders", "--size", "8")
    assert tiny["amdim"]["1"] is None
    assert "8" in tiny["amdim"]["refused"]


def test_a_plain_list_has_a_header_and_a_line_for_each() -> None:
    """For a person."""
    lines = cslbench("list", "methods").stdout.splitlines()
    assert lines[0].split() == ["name", "title", "source", "options"]
    assert len(lines) == 1 + len(rows("methods"))


def test_a_plan_names_every_cell_and_the_time(tmp_path: Path) -> None:
    """Estimates come from earlier results of the same row."""
    arguments = ("plan", "default", "-m", "simclr", "--results", tmp_path)
    done = cslbench(*arguments)
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 1 + 3 + 1
    last = done.stdout.splitlines()[-1]
    assert last == (
        "0 done, 0 stale, 0 tried before, 3 to run; 3 cells of unknown length, with --workers 1"
    )
    cells = json.loads(cslbench(*arguments, "--json").stdout)["cells"]
    assert [cell["state"] for cell in cells] == ["to run"] * 3


def test_a_plan_says_what_done_cells_took_and_what_was_begun(tmp_path: Path) -> None:
    """12 s of one that is done; one with a checkpoint goes on from it; the third is unknown."""
    done, begun, _ = select(load("default"), ["simclr"]).cells
    files.write(tmp_path, make_result(cell=done, scores={"knn": 50.0}), {})
    place = work.checkpoint_path(tmp_path, begun)
    place.parent.mkdir()
    place.write_bytes(b"")
    plan, status = (
        cslbench(verb, "default", "-m", "simclr", "--results", tmp_path).stdout.splitlines()
        for verb in ("plan", "status")
    )
    assert "12 s" in plan[1]
    assert [line.endswith("begun, with a checkpoint to go on from") for line in plan] == [
        False, False, True, False, False
    ]  # fmt: skip
    assert f"to run: {begun.label}: begun, with a checkpoint to go on from" in status


@pytest.mark.parametrize(
    ("status", "said"),
    [("failed", "failed"), ("timeout", "timeout"), ("out_of_memory", "out of memory")],
)
def test_status_says_once_what_became_of_a_cell(
    tmp_path: Path, status: Literal["failed", "timeout", "out_of_memory"], said: str
) -> None:
    """Not every cell that is tried again has failed; the count covers them all."""
    cell = load("default").cells[0]
    files.write(tmp_path, make_result(cell=cell, status=status, error="no luck"), {})
    lines = cslbench("status", "default", "--results", tmp_path).stdout.splitlines()
    assert f"tried before: {cell.label}: {said}: no luck" in lines
    assert lines[-1] == "0 done, 0 stale, 1 tried before, 26 to run"


def test_the_board_lies_in_its_folder_but_beside_results(tmp_path: Path) -> None:
    """This repository publishes `results/` and `leaderboard.md` side by side."""
    assert board.path(tmp_path / "demo") == tmp_path / "demo" / "leaderboard.md"
    assert board.path(tmp_path / "results") == tmp_path / "leaderboard.md"


def test_a_stale_board_is_exit_1(tmp_path: Path) -> None:
    """`--write` makes it, `--check` holds it to the results."""
    results = tmp_path / "results"
    files.write(results, make_result(), {})
    assert cslbench("leaderboard", "--results", results, "--check").exit_code == 1
    assert cslbench("leaderboard", "--results", results, "--write").exit_code == 0
    assert (tmp_path / "leaderboard.md").is_file()
    assert cslbench("leaderboard", "--results", results, "--check").exit_code == 0
    files.write(results, make_result(replicate=1), {})
    stale = cslbench("leaderboard", "--results", results, "--check")
    assert stale.exit_code == 1
    assert "--write" in stale.stderr


def test_an_empty_store_needs_no_board(tmp_path: Path) -> None:
    """But one that is there must say what a fresh one would."""
    results = tmp_path / "results"
    results.mkdir()
    check = ("leaderboard", "--results", results, "--check")
    assert cslbench(*check).exit_code == 0
    (tmp_path / "leaderboard.md").write_text("# Leaderboard\n")
    assert cslbench(*check).exit_code == 1
    cslbench("leaderboard", "--results", results, "--write")
    assert cslbench(*check).exit_code == 0


def test_a_damaged_result_needs_a_board_too(tmp_path: Path) -> None:
    """A store of which nothing can be read is not empty."""
    results = tmp_path / "results"
    (results / "photos").mkdir(parents=True)
    (results / "photos" / "damaged.json").write_text("{")
    assert cslbench("leaderboard", "--results", results, "--check").exit_code == 1


def test_one_board_shows_the_results_of_every_dataset(tmp_path: Path) -> None:
    """What `run` writes of one matrix holds the results of others too, and `--check` agrees."""
    results = tmp_path / "results"
    for dataset in ("photos", "cifar10"):
        files.write(results, make_result(dataset=dataset), {})
    text = board.written(results, None)
    assert [line for line in text.splitlines() if line in ("## cifar10", "## photos")] == [
        "## cifar10",
        "## photos",
    ]
    assert cslbench("leaderboard", "--results", results, "--check").exit_code == 0


def test_the_board_of_a_matrix_shows_what_is_missing(tmp_path: Path) -> None:
    """Without a matrix nothing is known to be missing."""
    files.write(tmp_path, make_result(), {})
    assert "amdim photos" not in cslbench("leaderboard", "--results", tmp_path).stdout
    whole = cslbench("leaderboard", "--results", tmp_path, "--matrix", "default").stdout
    assert len(whole) > len(cslbench("leaderboard", "--results", tmp_path).stdout)


def test_a_printed_board_marks_what_is_stale_and_a_written_one_does_not(tmp_path: Path) -> None:
    """What is kept follows from the results alone; a method that nobody has says so."""
    results = tmp_path / "results"
    files.write(results, make_result("simclr", closure={}), {})
    files.write(results, make_result("byol"), {})
    files.write(results, make_result("mine"), {})
    files.write(results, make_result("amdim", status="failed", error="no"), {})
    mark = "stale (made before sources were recorded)"
    lines = board.own(cslbench("leaderboard", "--results", results).stdout).splitlines()
    marked = {line.split()[1]: line for line in lines if line.startswith("| ")}
    assert mark in marked["simclr"]
    for name in ("mine", "byol", "amdim"):
        assert not any(word in marked[name] for word in ("stale", "sources"))
    unknown = "- sources not found: unknown method 'mine' (load its plugin by --plugin)"
    assert lines.count(unknown) == 1
    written = cslbench("leaderboard", "--results", results, "--write").stdout
    assert written == (tmp_path / "leaderboard.md").read_text() + "\n"
    assert "stale" not in written
    assert "sources not found" not in written
    assert cslbench("leaderboard", "--results", results, "--check").exit_code == 0


def test_results_can_be_read_as_json(tmp_path: Path) -> None:
    """Good and broken ones."""
    result = make_result()
    files.write(tmp_path, result, {})
    (tmp_path / "photos" / "x.json").write_text("{")
    found = json.loads(cslbench("leaderboard", "--results", tmp_path, "--json").stdout)
    assert [each["id"] for each in found["results"]] == [result.id]
    assert [Path(each["path"]).name for each in found["broken"]] == ["x.json"]


def test_validate_names_every_breach_of_files_and_matrices(tmp_path: Path) -> None:
    """Result files, predictions, matrix files; exit 1 with a line each."""
    bad, good = tmp_path / "bad.yaml", tmp_path / "results"
    bad.write_text("name: x\n")
    path = files.write(good, make_result(), {})
    beside = files.predictions_path(path)
    assert cslbench("validate", path, good).output == "1 result, nothing wrong\n"
    damaged = json.loads(path.read_text())
    damaged["provenance"]["predictions_sha256"] = "0" * 64
    path.write_text(json.dumps(damaged))
    done = cslbench("validate", bad, good)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert "bad.yaml" in lines[0]
    assert lines[1] == f"{beside}: the predictions are missing; run the cell again"
    found = json.loads(cslbench("validate", good, "--json").stdout)
    assert [each["path"] for each in found] == [str(beside)]
    assert cslbench("validate", tmp_path / "nowhere").exit_code == 2


def test_validate_says_how_many_results_it_checked(tmp_path: Path) -> None:
    """A folder of nothing cannot be taken for one whose every result is right: it is exit 2."""
    for form in ((), ("--json",)):
        empty = cslbench("validate", tmp_path, *form)
        assert (empty.exit_code, empty.stdout) == (2, "")
        assert f"{tmp_path}: holds no result, so nothing was checked" in empty.stderr
    root, matrix = tmp_path / "results", tmp_path / "x.yaml"
    paths = [files.write(root, make_result(replicate=k, weights=f"{k}" * 64), {}) for k in (0, 1)]
    assert cslbench("validate", root, paths[0]).stdout == "2 results, nothing wrong\n"
    matrix.write_text((Path(board.__file__).parents[1] / "matrix" / "default.yaml").read_text())
    assert cslbench("validate", matrix).stdout == "1 matrix file, nothing wrong\n"
    both = cslbench("validate", matrix, *paths).stdout
    assert both == "2 results, 1 matrix file, nothing wrong\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("run", "--workers", "0"),
         "invalid value for '--workers': input should be greater than or equal to 1"),
        (("list", "foo"), "invalid value for 'what': 'foo' is not one of 'methods', "),
        (("import", "x.csv", "--as", "plain"), "missing option '--source'"),
        (("plan", "--nix"), "no such option: --nix"),
        (("nosuch",), "no such command 'nosuch'"),
        (("compare", "nosuch"), "unknown reported number 'nosuch' (of 142 known)"),
        (("compare", "paper-yadim-stl1"), "did you mean 'paper-yadim-stl10'? (of 142 known)"),
        (("data", "cifar10", "--data", "a b"), "`cslbench data --download --data 'a b' cifar10`"),
    ],
)  # fmt: skip
def test_what_is_mistyped_is_one_sentence(
    typed: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, without the usage: as every other error is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    done = cslbench(*typed)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line


def test_help_names_every_exit_code() -> None:
    """Those that docs/trust.md lists, the gate's and that of SIGTERM too."""
    said = " ".join(cslbench("--help").stdout.split())
    for code in ("0 done", "1 a cell failed", "2 a request", "3 the gate", "130, 143 interrupted"):
        assert code in said


READERS = (
    ("leaderboard",), ("leaderboard", "--check"), ("leaderboard", "--write"),
    ("leaderboard", "--json"), ("compare",), ("claims", "--strict"), ("robustness",),
    ("gate", "--baseline", "."), ("table",), ("table", "--check", "x.md"),
    ("plot", "accuracy", "--json"), ("cite",), ("site", "public"), ("export", "x.zip"),
    ("validate",),
)  # fmt: skip


@pytest.mark.parametrize("verb", READERS, ids=" ".join)
def test_a_results_folder_that_is_not_there_is_exit_2(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every verb that only reads: one sentence with the folder that may be meant."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for given, hint in (("mien", "did you mean mine?"), ("other", "name one by --results")):
        done = cslbench(*verb, "--results", given)
        assert done.exit_code == 2, done.output
        assert done.stderr == f"error: {given}: there is no such results folder; {hint}\n"
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_data_says_what_is_there_or_what_to_do(tmp_path: Path) -> None:
    """Embedded ones are always there; a missing one is exit 2 and one sentence."""
    facts = json.loads(cslbench("data", "digits", "--json").stdout)
    assert (facts["name"], facts["classes"], facts["image_size"]) == ("digits", 10, 32)
    assert len(facts["content_sha256"]) == 64
    for name, says in (("cifar10", str(tmp_path)), ("cifar11", "did you mean 'cifar10'?")):
        done = cslbench("data", name, "--data", tmp_path)
        assert done.exit_code == 2
        assert says in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_diff_says_what_differs_and_nothing_else(tmp_path: Path) -> None:
    """Exit 0 where the numbers are equal, 1 where they are not, 2 where one cannot be read."""
    first = files.write(tmp_path / "a", make_result(), {})
    other = files.write(tmp_path / "b", make_result(value=71.0, processor="another"), {})

    same = cslbench("diff", first, first)
    assert (same.exit_code, same.stdout) == (0, "nothing differs\n")
    told = cslbench("diff", first, other)
    assert told.exit_code == 1
    assert [line.split()[:2] for line in told.stdout.splitlines()[1:]] == [
        ["environment", "processor"],
        ["metrics", "linear.top1.value"],
        ["metrics", "linear.top1.low"],
        ["metrics", "linear.top1.high"],
    ]
    facts = json.loads(cslbench("diff", first, other, "--json").stdout)
    assert facts["environment"] == [{"field": "processor", "a": "a processor", "b": "another"}]
    assert facts["same_numbers"] is False
    missing = cslbench("diff", first, tmp_path / "none.json")
    assert missing.exit_code == 2
    assert "none.json: cannot be read" in missing.stderr
