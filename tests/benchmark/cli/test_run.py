"""`cslbench run` with faked cells: exit codes, files, and what is said."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application, running
from benchmark.store import files, graph
from methods.cards import CARDS
from tests.benchmark.sources import copied, edit

ROOT = Path(__file__).parents[3]
FAKES = "tests.benchmark.engines.fakes"
MATRIX = """\
name: tiny
description: for a test
datasets: [photos]
encoders: [compact]
replicates: 1
budget: {steps: 3}
training: common
protocols: [linear]
methods: METHODS
"""
PLUGIN = """\
from dataclasses import replace
from methods.cards import SIMCLR
from methods.simclr import recipe
CARD = replace(SIMCLR, name="NAME", title="a method of the user's")
"""


@pytest.fixture(autouse=True)
def _fake_cells(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no test of this file train, and no plugin stay."""
    monkeypatch.setattr(running, "RUNNER", FAKES)
    known = dict(CARDS)
    yield
    CARDS.clear()
    CARDS.update(known)


def matrix(tmp_path: Path, methods: str = "[simclr, byol]", **changes: str) -> str:
    """Write a matrix file and return its path."""
    text = MATRIX.replace("METHODS", methods)
    for key, value in changes.items():
        before = next(line for line in text.splitlines() if line.startswith(f"{key}:"))
        text = text.replace(before, f"{key}: {value}")
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    return str(path)


def plugin(tmp_path: Path, name: str) -> str:
    """Write a plugin with a method of that name and return its path."""
    path = tmp_path / f"{name}.py"
    path.write_text(PLUGIN.replace("NAME", name))
    return str(path)


def cslbench(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(application(), [str(each) for each in arguments])


def test_a_run_writes_results_and_the_board(tmp_path: Path) -> None:
    """Exit 0; a second run has nothing to do, and `status` and `validate` agree."""
    results = tmp_path / "demo"
    done = cslbench("run", matrix(tmp_path), "--results", results)
    assert done.exit_code == 0, done.output
    assert "tiny: 2 cells to run, 0 done before" in done.output
    assert "[2/2] " in done.output
    loaded = files.read_all(results)
    assert sorted(result.cell.method for result in loaded.results) == ["byol", "simclr"]
    board = (results / "leaderboard.md").read_text()
    assert "simclr" in board
    assert "| simclr" in done.output
    assert "Reported by others" in board
    assert "Reported by others" not in done.output.replace("what others reported", "")
    again = cslbench("run", matrix(tmp_path), "--results", results, "--no-board")
    assert again.exit_code == 0
    assert "0 cells to run, 2 done before" in again.output
    assert cslbench("validate", "--results", results).output == "2 results, nothing wrong\n"
    status = cslbench("status", matrix(tmp_path), "--results", results, "--json")
    assert json.loads(status.stdout)["counts"] == {
        "done": 2, "stale": 0, "tried before": 0, "to run": 0,
    }  # fmt: skip


def test_a_failed_cell_is_exit_1_after_the_others_and_is_tried_again(tmp_path: Path) -> None:
    """The failure is a result in words; the next run takes just that one."""
    results, own = tmp_path / "demo", plugin(tmp_path, "fail")
    arguments: list[str | Path] = [
        "run",
        matrix(tmp_path, "[fail, simclr]"),
        "--results",
        results,
        "--plugin",
        own,
    ]
    done = cslbench(*arguments, "--workers", "1")
    assert done.exit_code == 1
    assert "1 of 2 cells done, 1 failed; the same command tries the failed ones" in done.output
    statuses = {r.cell.method: r.status for r in files.read_all(results).results}
    assert statuses == {"fail": "failed", "simclr": "ok"}
    assert "loss is nan at step 2" in (results / "leaderboard.md").read_text()
    again = cslbench(*arguments)
    assert again.exit_code == 1
    assert "1 cell to run, 1 done before" in again.output


def test_a_dead_worker_is_a_failed_cell(tmp_path: Path) -> None:
    """Exit 1, and the signal in words in the result."""
    own = plugin(tmp_path, "crash")
    done = cslbench(
        "run", matrix(tmp_path, "[crash]"), "--results", tmp_path / "demo", "--plugin", own
    )
    assert done.exit_code == 1
    (result,) = files.read_all(tmp_path / "demo").results
    assert result.error is not None
    assert result.error.startswith("the worker process was killed by SIGKILL")


def test_json_goes_to_stdout_and_progress_to_stderr(tmp_path: Path) -> None:
    """A program can read the one while a person reads the other."""
    done = cslbench("run", matrix(tmp_path), "--results", tmp_path / "demo", "--json")
    assert json.loads(done.stdout) == {"cells": 2, "done": 2, "failed": 0}
    assert "started" in done.stderr


def test_whoever_watches_is_told_and_cannot_harm_the_run(tmp_path: Path) -> None:
    """Notices reach a file; a hook that fails is one warning, and the exit code is 0."""
    notices = tmp_path / "notices.jsonl"
    done = cslbench(
        "run", matrix(tmp_path, "[simclr]"), "--results", tmp_path / "demo", "--no-board",
        "--notify", f"jsonl:{notices}", "--notify", "command:false",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = [json.loads(line)["event"] for line in notices.read_text().splitlines()]
    assert told == ["run started", "started", "finished", "run finished"]
    assert done.stderr.count("warning: --notify command:false: ended with exit code 1") == 1


def test_an_unknown_watcher_stops_a_run_before_it_begins(tmp_path: Path) -> None:
    """Exit 2, and no results folder."""
    done = cslbench(
        "run", matrix(tmp_path), "--results", tmp_path / "demo", "--track", "tensorbord:x"
    )
    assert done.exit_code == 2
    assert "did you mean 'tensorboard'? (known: mlflow, tensorboard, wandb)" in done.stderr
    assert not (tmp_path / "demo").exists()


def test_force_runs_what_is_done_again(tmp_path: Path) -> None:
    """And only with it."""
    arguments: list[str | Path] = [
        "run",
        matrix(tmp_path),
        "--results",
        tmp_path / "demo",
        "--no-board",
    ]
    cslbench(*arguments)
    assert "2 cells to run, 0 done before" in cslbench(*arguments, "--force").output


def test_a_run_repeats_just_what_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`plan`, `status` and the board name the file; `--accept-stale` takes the result as it is."""
    results, path = tmp_path / "demo", matrix(tmp_path)
    cslbench("run", path, "--results", results)
    monkeypatch.setattr(graph, "ROOT", copied(tmp_path / "copy"))
    edit(tmp_path / "copy", "methods/aspects/loss/attraction.py")
    mark, of_folder = "stale (attraction.py changed)", (path, "--results", results)
    status = cslbench("status", *of_folder).stdout.splitlines()
    assert status[0].startswith(f"{mark}: byol photos compact")
    assert status[1:] == ["1 done, 1 stale, 0 tried before, 0 to run"]
    assert mark in cslbench("plan", *of_folder).stdout
    accepted = cslbench("plan", *of_folder, "--accept-stale").stdout
    assert mark in accepted
    assert accepted.splitlines()[-1] == "2 done, 0 stale, 0 tried before, 0 to run"
    kept = cslbench("run", *of_folder, "--accept-stale")
    assert "0 cells to run, 2 done before" in kept.stdout
    assert mark in kept.stdout
    assert mark not in (results / "leaderboard.md").read_text()
    again = cslbench("run", *of_folder, "--no-board")
    assert "tiny: 1 cell to run (1 of them stale), 1 done before" in again.stdout
    assert "[1/1] byol photos compact" in again.stdout


def test_missing_data_is_exit_2_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cell starts, not even of the dataset that is there."""
    monkeypatch.setattr(running, "RUNNER", "benchmark.engines.runner")
    path = matrix(tmp_path, "[simclr]", datasets="[photos, cifar10]")
    results = tmp_path / "demo"
    done = cslbench("run", path, "--results", results, "--data", tmp_path / "nowhere")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "cifar" in done.stderr
    assert not results.exists()


BAD: dict[str, tuple[list[str], dict[str, str], str]] = {
    "unknown matrix": (["defalt"], {}, "did you mean 'default'?"),
    "unknown method": (["-m", "simclr2"], {}, "did you mean 'simclr'?"),
    "unknown encoder": (["-e", "compakt"], {}, "did you mean 'compact'?"),
    "unknown dataset": (["-d", "photo"], {}, "did you mean 'photos'?"),
    "unknown option": (["-m", "simclr[temprature=1]"], {}, "did you mean 'temperature'?"),
    "unknown replicate": (["--replicate", "7"], {}, "unknown replicate '7'"),
    "endless memory": (["--memory", "inf"], {}, "--memory must be a number of at most 1e+09"),
    "memory beyond any system": (["--memory", "1e300"], {}, "--memory must be a number"),
    "endless time": (["--timeout", "inf"], {}, "--timeout must be a number"),
    "unknown key": ([], {"methods": "[simclr]\nbugdet: 3"}, "did you mean 'budget'?"),
    "text for a number": ([], {"budget": "{steps: 1e2}"}, "1e2"),
    "negative temperature": (
        [], {"methods": '["simclr[temperature=-0.1]"]'}, "temperature=...] must be above 0",
    ),
    "a batch of 1": ([], {"methods": "[simclr]\nbatch: 1"}, "batch"),
    "maps too small": (
        [], {"methods": "[cpc_v2]", "encoders": "[amdim]"}, "cpc_v2 shows amdim 8 px",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_request_is_one_sentence_and_exit_2(tmp_path: Path, kind: str) -> None:
    """It says what is meant or allowed; nothing is written and there is no traceback."""
    arguments, changes, says = BAD[kind]
    path = [] if kind == "unknown matrix" else [matrix(tmp_path, **changes)]
    done = cslbench("run", *path, *arguments, "--results", tmp_path / "demo")
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert says in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_results_folder_that_is_a_file_is_exit_2(tmp_path: Path) -> None:
    """For every verb that takes one."""
    file = tmp_path / "demo"
    file.write_text("")
    path = matrix(tmp_path)
    for verb in (["run", path], ["plan", path], ["status", path], ["leaderboard"]):
        done = cslbench(*verb, "--results", file)
        assert done.exit_code == 2, verb
        assert "the results folder is a file" in done.stderr


def test_a_full_disk_is_exit_2_and_what_is_finished_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what to free; the first of two results is whole."""
    replace, calls = os.replace, []

    def filling(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) > 2:  # the predictions and the result of the first cell
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", filling)
    done = cslbench("run", matrix(tmp_path), "--results", tmp_path / "demo")
    assert done.exit_code == 2
    assert "the disk is full: free" in done.stderr
    loaded = files.read_all(tmp_path / "demo")
    assert (len(loaded.results), loaded.broken) == (1, ())


def test_a_damaged_result_is_named_everywhere_and_run_again(tmp_path: Path) -> None:
    """`validate` exits 1, the board and `status` name it, `run` makes it anew."""
    results, path = tmp_path / "demo", matrix(tmp_path)
    cslbench("run", path, "--results", results)
    damaged = next(results.rglob("byol*.json"))
    damaged.write_text(damaged.read_text()[:100])
    validate = cslbench("validate", "--results", results)
    assert validate.exit_code == 1
    assert validate.stdout.startswith(f"{damaged}: damaged JSON (")
    assert damaged.name in cslbench("leaderboard", "--results", results).stdout
    assert str(damaged) in cslbench("status", path, "--results", results).stdout
    again = cslbench("run", path, "--results", results)
    assert again.exit_code == 0
    assert f"not counted: {damaged}: damaged JSON" in again.stderr
    assert "1 cell to run, 1 done before" in again.stdout
    assert cslbench("validate", "--results", results).exit_code == 0


def test_a_plugin_that_is_none_is_exit_2(tmp_path: Path) -> None:
    """Missing, broken, without a card, or with the name of a method that there is."""
    files_by_reason = {
        "is no Python file": tmp_path / "nowhere.py",
        "cannot be imported (ZeroDivisionError": tmp_path / "broken.py",
        "needs CARD": tmp_path / "empty.py",
        "there is a method 'simclr' already": tmp_path / "again.py",
    }
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "again.py").write_text(PLUGIN.replace("NAME", "simclr"))
    for reason, path in files_by_reason.items():
        done = cslbench("list", "methods", "--plugin", path)
        assert done.exit_code == 2
        assert reason in done.stderr


SCRIPT = """
from benchmark.cli import main, running

if __name__ == "__main__":
    running.RUNNER = "tests.benchmark.engines.fakes"
    main()
"""


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path, signum: int, code: int) -> None:
    """What is finished is written; the exit code names the signal."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [
        sys.executable, str(script), "run", matrix(tmp_path, "[simclr, slow, byol]"),
        "--results", str(tmp_path / "demo"), "--plugin", plugin(tmp_path, "slow"),
        "--workers", "1",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if "slow" in line:
                os.killpg(process.pid, signum)
                break
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    name = signal.Signals(signum).name
    assert err == (
        f"interrupted by {name}: 1 of 3 cells done; the same command goes on where this stopped\n"
    )
    assert [r.cell.method for r in files.read_all(tmp_path / "demo").results] == ["simclr"]


def test_a_run_says_what_is_left_out_and_where_the_board_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why a cell cannot be run at all; board and site are named alike, as the folder was."""
    monkeypatch.chdir(tmp_path)
    path = matrix(tmp_path, "[simclr, 'moco_v2[queue=65536]']", datasets="[digits]")
    done = cslbench("run", path, "--results", "demo")
    assert done.exit_code == 0, done.output
    assert "left out: moco_v2[queue=65536] digits" in done.stdout
    assert "a queue of 65536 keys is longer than the " in done.stdout
    assert "whole, with what others reported: demo/leaderboard.md\n" in done.stdout
    assert "in a browser: demo/index.html\n" in done.stdout


def test_a_plugin_is_known_to_whoever_reads_its_results(tmp_path: Path) -> None:
    """Readers take it as `run` does; without it a method is unknown here, which is not stale."""
    own, results = plugin(tmp_path, "mine"), tmp_path / "demo"
    cslbench("run", matrix(tmp_path, "[mine]"), "--results", results, "--plugin", own)
    CARDS.pop("mine")  # each call stands for a process of its own
    unknown = "sources not found: unknown method 'mine' (load its plugin by --plugin)"
    board, table = (cslbench(verb, "--results", results) for verb in ("leaderboard", "table"))
    assert board.stdout.count("sources not found") == board.stdout.count(unknown) == 1
    assert (table.stderr, "mine" in table.stdout) == (f"{unknown}\n", True)
    for verb in (
        ("leaderboard",), ("table",), ("site", tmp_path / "public"), ("compare",), ("claims",),
        ("plot", "accuracy", "--json"), ("cite",), ("gate", "--baseline", results),
        ("robustness", "--over", "dataset"),
    ):  # fmt: skip
        CARDS.pop("mine", None)
        done = cslbench(*verb, "--results", results, "--plugin", own)
        assert "mine" in CARDS, done.output
        assert "sources not found" not in done.output
        if verb == ("table",):
            assert "method of the user's" in done.stdout  # its title


def test_a_plugin_trains_in_a_real_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one cell of this file that is not faked: the file's recipe, three steps, scored."""
    monkeypatch.setattr(running, "RUNNER", "benchmark.engines.runner")
    own, results = plugin(tmp_path, "mine"), tmp_path / "demo"
    path = matrix(tmp_path, "[mine]", datasets="[digits]")
    done = cslbench("run", path, "--results", results, "--plugin", own)
    assert done.exit_code == 0, done.output
    (result,) = files.read_all(results).results
    assert (result.cell.method, result.status) == ("mine", "ok")
    assert result.execution.threads == 1
    assert {"plugin:mine", "benchmark/run.py", "methods/simclr.py"} <= set(
        result.provenance.closure
    )
    assert not {"methods/byol.py", "benchmark/data/photos.py"} & set(result.provenance.closure)
    status = cslbench("status", path, "--results", results, "--plugin", own)
    assert status.stdout == "1 done, 0 stale, 0 tried before, 0 to run\n"
    assert files.read_predictions(results, result)["linear"].shape == (600,)
