"""SIGKILL at any moment changes no number, loses no result and leaves no file that cannot be read.

A few kills by default; `CSLBENCH_KILLS=200` for the large set, which prints its counts (`-s`).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmark.store import files
from benchmark.store.result import Result

KILLS = int(os.environ.get("CSLBENCH_KILLS", "4"))
ROOT = Path(__file__).parents[2]
MATRIX = """\
name: short
description: the default matrix in a short form, for faults
datasets: [digits]
encoders: ["compact[width=8]"]
replicates: 1
budget: {steps: STEPS}
training: common
protocols: [knn]
methods: METHODS
"""
ALL = "[amdim, cpc_v2, simclr, byol, moco_v2, yadim, supervised, random_init]"
FEW = "[simclr, moco_v2]"
LONGEST_RUN = 300.0
pytestmark = [pytest.mark.faults, pytest.mark.timeout(14400)]


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """Write the matrix: all methods where there are kills enough to hit them."""
    large = KILLS >= 50
    path = tmp_path / "short.yaml"
    text = MATRIX.replace("METHODS", ALL if large else FEW).replace("STEPS", "12")
    path.write_text(text)
    return path


def start(matrix: Path, results: Path, workers: int) -> subprocess.Popen[bytes]:
    """Start a run that keeps a checkpoint of every step, in a process group of its own."""
    return subprocess.Popen(
        [
            sys.executable, "-m", "benchmark", "run", str(matrix), "--results", str(results),
            "--workers", str(workers), "--checkpoint-every", "0", "--no-board", "--plain",
        ],
        cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def finish(matrix: Path, results: Path) -> float:
    """Run to the end, and return the seconds that it took."""
    begun = time.monotonic()
    process = start(matrix, results, 2)
    assert process.wait(timeout=LONGEST_RUN) == 0
    return time.monotonic() - begun


def victims(process: subprocess.Popen[bytes], chance: random.Random) -> Iterator[int]:
    """Yield whom to kill: the run with its workers, the run alone, or one of its workers."""
    whom = chance.choice(["all", "run", "worker"])
    try:
        children = psutil.Process(process.pid).children()
    except psutil.Error:
        children = []
    if whom == "worker" and children:
        yield chance.choice(children).pid
        return
    yield process.pid
    if whom == "all":
        yield from (child.pid for child in children)


def killed(pid: int) -> bool:
    """Kill a process; False if it ended in this moment."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def numbers(results: Path) -> dict[str, tuple[object, ...]]:
    """Return what must be the same of every cell, by id; no file may be unreadable."""
    loaded = files.read_all(results)
    assert loaded.broken == ()
    return {result.id: exact(results, result) for result in loaded.results if result.final}


def exact(results: Path, result: Result) -> tuple[object, ...]:
    """Return a result's weights, curve, metrics and predictions."""
    predictions = files.read_predictions(results, result)
    return (
        result.provenance.weights_sha256, result.curve, result.metrics, result.sanity,
        {name: array.tolist() for name, array in predictions.items()},
    )  # fmt: skip


def test_a_run_that_is_killed_again_and_again_ends_as_one_left_alone(
    matrix: Path, tmp_path: Path
) -> None:
    """In a step, in a checkpoint, in the probe, in writing: nobody chose the moments."""
    chance = random.Random(20260904)
    alone = tmp_path / "alone"
    takes = finish(matrix, alone)
    expected = numbers(alone)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        results = tmp_path / f"killed-{rounds}"
        published: dict[str, tuple[object, ...]] = {}
        for _ in range(KILLS):
            process = start(matrix, results, chance.choice([1, 2]))
            time.sleep(chance.uniform(0, takes))
            if process.poll() is not None:
                break
            kills += sum(map(killed, victims(process, chance))) > 0
            process.wait(timeout=LONGEST_RUN)  # a run that lost a worker goes on without it
            there = numbers(results)
            assert published.items() <= there.items(), "a published result was lost or changed"
            published = there
            if kills >= KILLS:
                break
        finish(matrix, results)
        assert numbers(results) == expected
    print(f"{kills} kills in {rounds} rounds of {len(expected)} cells: none differs, none lost")
