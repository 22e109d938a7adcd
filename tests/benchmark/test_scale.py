"""Thousands of results through the verbs that judge: what it takes is printed, not asserted.

A few hundred in the suite; `CSLBENCH_SCALE=10000 pytest -s -m scale` by hand.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.store import files
from tests.benchmark import scale

COUNT = int(os.environ.get("CSLBENCH_SCALE", "300"))
MEASURED = """
import os, pathlib, sys, time
from benchmark.cli import application
start, code = time.perf_counter(), 0
try:
    application()()
except SystemExit as done:
    code = done.code
status = pathlib.Path("/proc/self/status")  # getrusage's peak is that of the parent, too
told = status.read_text() if status.exists() else "VmHWM: 0"
peak = int(told.partition("VmHWM:")[2].split()[0]) / 1024
print(code, time.perf_counter() - start, sum(os.times()[:4]), peak, file=sys.stderr)
"""
"""A verb; and on stderr its exit code, seconds of the wall and of the processor, and peak MB."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of ten replicates, and a night of a replicate more."""
    root = tmp_path_factory.mktemp("scale")
    scale.make(COUNT, root / "store")
    scale.make(COUNT // scale.REPLICATES, root / "night", first=scale.REPLICATES, replicates=1)
    return root


@pytest.mark.scale
@pytest.mark.timeout(0)
def test_every_verb_that_judges_gets_through(store: Path) -> None:
    """Without a complaint about any file, and with a number for what was asked."""
    verbs = {
        "leaderboard": (["leaderboard", "--results", "store"], f"Results: {COUNT:,} ("),
        "claims": (["claims", "--results", "store"], "YADIM is competitive with AMDIM"),
        "gate": (["gate", "--results", "night", "--baseline", "store"], "simclr photos compact"),
        "validate": (["validate", "--results", "store"], "nothing wrong"),
    }
    print(f"\n{COUNT} results   wall s    cpu s  peak MB")
    for name, (arguments, said) in verbs.items():
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *arguments],
            cwd=store,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        )
        code, wall, cpu, peak = done.stderr.split("\n")[-2].split()
        print(f"{name:<12} {float(wall):10.1f} {float(cpu):8.1f} {float(peak):8.0f}")
        assert said.replace(",", " ") in done.stdout.replace(",", " "), done.stdout[-2000:]
        assert code in ({"0", "1", "3"} if name == "gate" else {"0"}), done.stderr
        assert "no result" not in done.stderr


def test_only_the_curves_that_are_asked_for_are_kept(tmp_path: Path) -> None:
    """All of everything else."""
    scale.make(28, tmp_path)
    whole = files.read_all(tmp_path).results
    chosen = next(result.id for result in whole if result.curve)
    for full, lean in zip(whole, files.read_all(tmp_path, curves_of={chosen}).results, strict=True):
        assert lean == full.model_copy(update={"curve": full.curve if full.id == chosen else ()})
