"""Where and with what a number was made: recorded beside it, never hashed into its identity."""

from __future__ import annotations

import functools
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmark.store.result import Execution

PACKAGES = ("cslbench", "torch", "torchvision", "timm", "numpy", "scipy", "scikit-image", "pillow")
ROOT = Path(__file__).resolve().parents[2]


def now() -> str:
    """Return the time in UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of every package that can move a number."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


@functools.cache
def processor() -> str:
    """Return the processor's model, which decides the bits of a sum on a CPU."""
    info = Path("/proc/cpuinfo")
    named = model(info.read_text(errors="replace")) if info.is_file() else None
    return named or platform.processor() or platform.machine()


def model(cpuinfo: str) -> str | None:
    """Return the first processor of Linux's `/proc/cpuinfo` by name, family and model number.

    A name alone may be that of several generations, which round otherwise: clouds sell an AMD EPYC
    with AVX2 and one with AVX-512 as `AMD EPYC`.
    """
    first = cpuinfo.partition("\n\n")[0].splitlines()
    stated = {key.strip(): value.strip() for key, _, value in (ln.partition(":") for ln in first)}
    name, numbers = stated.get("model name"), (stated.get("cpu family"), stated.get("model"))
    if name is None or None in numbers:
        return name
    return "{} (family {}, model {})".format(name, *numbers)


@functools.cache
def commit() -> tuple[str | None, bool | None]:
    """Return this program's git commit and whether it has uncommitted changes, if in a checkout."""
    if not (ROOT / ".git").exists():
        return None, None
    head, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--", "*.py", "*.yaml")
    return head, None if status is None else bool(status)


def execution(*, device: str, threads: int, accelerator: str | None = None) -> Execution:
    """Return what exactness depends on beside the cell.

    Args:
        device: `cpu` or `cuda`.
        threads: Of one cell.
        accelerator: The name of the GPU; None on a CPU, whose model is looked up.
    """
    return Execution(
        device=device,
        processor=accelerator or processor(),
        threads=threads,
        world_size=1,
        versions=versions(),
        deterministic=True,
        tf32=False,
    )


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
