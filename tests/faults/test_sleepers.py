"""Many runs on one folder, killed and paused at random: every cell is published exactly once.

Eight processes with faked cells; `CSLBENCH_PAUSES=200` for the large set, which prints its counts.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmark.store import files

PAUSES = int(os.environ.get("CSLBENCH_PAUSES", "12"))
PROCESSES = 8
CELLS = 4 * PAUSES
"""Enough that the work outlasts the pauses: eight rivals do 5 a second, a pause is one in 0.3 s."""
PATIENCE = 1.0
ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, random, sys, time
from dataclasses import replace
from pathlib import Path
from benchmark.engines.desk import Desk
from benchmark.engines.engine import Finished
from benchmark.store import files
from tests.benchmark.factories import make_cell, make_result

root, cells, patience = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
chance = random.Random(os.getpid())
waiting = [make_cell(replicate=k) for k in range(cells)]
with Desk(root, {}, patience=patience) as desk:
    while waiting:
        for cell in list(waiting):
            taken = desk.take(cell)
            if taken == "busy":
                continue
            waiting.remove(cell)
            if taken == "mine":
                time.sleep(chance.uniform(0.0, 3.0))
                result = make_result(cell=cell)
                owner = f"{os.getpid()} {time.time_ns()}"
                told = result.provenance.model_copy(update={"command": owner})
                result = result.model_copy(update={"provenance": told})
                if desk.hand_in(Finished(cell, result, {})):
                    print(cell.replicate, owner, flush=True)
        time.sleep(0.05)
"""
pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]


def test_every_cell_is_published_once_and_no_sleeper_overwrites(tmp_path: Path) -> None:
    """What a file holds once, it holds for ever; what a run said to have published is there."""
    chance, root = random.Random(20200904), tmp_path / "results"
    script = tmp_path / "rival.py"
    script.write_text(textwrap.dedent(SCRIPT))
    rivals: list[subprocess.Popen[str]] = []
    logs: list[Path] = []

    def rival() -> subprocess.Popen[str]:
        logs.append(tmp_path / f"log-{len(logs)}")
        with logs[-1].open("w") as log:
            return subprocess.Popen(
                [sys.executable, str(script), str(root), str(CELLS), str(PATIENCE)],
                stdout=log, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    rivals = [rival() for _ in range(PROCESSES)]
    seen: dict[int, str] = {}
    paused: dict[int, float] = {}
    did: Counter[str] = Counter()
    while not seen:
        time.sleep(0.05)
        look(root, seen)
    while did["paused"] + did["killed"] < PAUSES and len(seen) < CELLS:
        time.sleep(chance.uniform(0.05, 0.4))
        look(root, seen)
        for index, until in list(paused.items()):
            if time.monotonic() > until:
                rivals[index].send_signal(signal.SIGCONT)
                del paused[index]
        index = chance.randrange(PROCESSES)
        if index in paused or rivals[index].poll() is not None:
            continue
        if chance.random() < 0.3:
            rivals[index].kill()
            rivals[index].wait()
            rivals[index] = rival()
            did["killed"] += 1
        else:  # longer than the patience of the others, or not
            rivals[index].send_signal(signal.SIGSTOP)
            paused[index] = time.monotonic() + chance.uniform(0.2, 3 * PATIENCE)
            did["paused"] += 1
    for process in rivals:
        process.send_signal(signal.SIGCONT)
    for process in rivals:
        assert process.wait(timeout=300) == 0
    look(root, seen)
    told = Counter(line.split(" ", 1)[0] for log in logs for line in log.read_text().splitlines())
    claims = {
        line.split(" ", 1)[0]: line.split(" ", 1)[1]
        for log in logs
        for line in log.read_text().splitlines()
    }
    assert did["paused"] + did["killed"] == PAUSES, "the work was over too soon"
    assert sorted(seen) == list(range(CELLS)), "a cell was lost"
    assert max(told.values()) == 1, "a cell was published twice"
    assert all(seen[int(replicate)] == owner for replicate, owner in claims.items())
    print(f"{CELLS} cells, {dict(did)}: each published once, {CELLS - len(told)} by the killed")


def look(root: Path, seen: dict[int, str]) -> None:
    """Read the store; nothing is unreadable, and nothing that was there is another one now."""
    loaded = files.read_all(root)
    assert loaded.broken == ()
    for result in loaded.results:
        owner = result.provenance.command
        assert seen.setdefault(result.cell.replicate, owner) == owner, "it was overwritten"
    assert len(loaded.results) == len(seen), "a published result is gone"
