"""The published results through every verb that renders: the same bytes in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FIRST, SECOND = (
    f"results/photos/compact/{name}.json"
    for name in ("simclr-5120-images-r0-c659692f", "simclr-5120-images-r1-9dc3ca12")
)
VERBS = (
    ("leaderboard",), ("leaderboard", "--matrix", "default"), ("leaderboard", "--json"),
    ("compare",), ("compare", "--json"), ("claims",), ("claims", "--json"),
    ("robustness", "--over", "encoder"), ("gate", "--baseline", "results"),
    ("gate", "--baseline", "results", "--json"), ("validate",), ("plan", "default"),
    ("status", "default"), ("explain", "default", "-m", "byol"), ("diff", FIRST, SECOND),
    ("list", "methods"), ("list", "datasets"), ("list", "encoders"), ("list", "protocols"),
    ("list", "matrices"), ("table",), ("cite",),
    ("plot", "accuracy", "--out", "accuracy.svg"),
    ("site", "public"), ("history", "nights"),
)  # fmt: skip
WRITTEN = ("junit.xml", "gate.md", "gate.json")
NIGHTS = ("2026-11-01", "2026-11-02")
IN_ONE_PROCESS = """
import sys
from typer.testing import CliRunner
from benchmark.cli import application
for line in sys.argv[1:]:
    done = CliRunner().invoke(application(), line.split())
    print(f"== {line}: {done.exit_code}\\n{done.output}")
"""


def rendered(seed: str, folder: Path) -> dict[str, str]:
    """Return what every verb prints and writes, by its command line, in a process of its own."""
    folder.mkdir()
    for name in ("results", "leaderboard.md"):
        (folder / name).symlink_to(ROOT / name)
    for night in NIGHTS:
        (folder / "nights" / night).mkdir(parents=True)
        (folder / "nights" / night / "results").symlink_to(ROOT / "results")
    writing = ["gate", "--baseline", "results"]
    for option, name in zip(("--junit", "--markdown", "--benchmark-json"), WRITTEN, strict=True):
        writing += [option, name]
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS, *map(" ".join, (*VERBS, writing))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    parts = (part.partition("\n") for part in done.stdout.split("== ")[1:])
    found = {line: text for line, _, text in parts}
    pages = [path for path in (folder / "public").rglob("*") if path.is_file()]
    written = [*(folder / name for name in (*WRITTEN, "accuracy.svg")), *pages]
    return {**found, **{str(p.relative_to(folder)): p.read_text() for p in sorted(written)}}


def test_every_verb_says_the_same_in_two_processes(tmp_path: Path) -> None:
    """Whatever the order of hashes, and wherever it is run."""
    one, other = (rendered(seed, tmp_path / seed) for seed in ("1", "2"))
    assert list(one) == list(other), "another exit code"
    assert [line for line in one if one[line] != other[line]] == []
    pages = [name for name in one if name.startswith("public/")]
    assert "public/index.html" in pages
    assert len(one) == len(VERBS) + 1 + len(WRITTEN) + 1 + len(pages)
    assert [line for line in one if not one[line].strip()] == []
    assert [line for line in one if line.endswith(": 2")] == ["robustness --over encoder: 2"], (
        "encoders are not the same for all methods, and all else has something to say"
    )
