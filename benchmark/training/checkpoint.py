"""Checkpoints: what a training needs to go on as if it had never stopped.

Weights, momentum copies, queues and batch-norm buffers are in the state dicts of encoder and
extraction, and every random draw is a function of the step, so that the optimiser's state and the
course of the loop are all that is added. Tensors are stored contiguous, since safetensors takes no
other; loading copies them into tensors of the layout they had, and the optimiser's hook restores
its own, since fused kernels give other bits on another layout.
"""

from __future__ import annotations

import hashlib
import json
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as pack_tensors
from torch import Tensor, nn

from benchmark.store import atomic
from benchmark.store.result import Execution, Point
from benchmark.store.work import EVERY_SECONDS
from benchmark.tensors import sha256

COST = 0.01
"""Share of the time that checkpoints may take: half of the 2 % that are allowed."""
FORMAT = "2"


@dataclass
class Course:
    """How far a training is, and what it has told so far."""

    step: int = 0
    """Optimiser steps done."""
    steps: int = 0
    """Of the whole training."""
    calibration: str | None = None
    """How a budget in FLOPs or seconds became steps."""
    flops_per_step: float | None = None
    seconds: float = 0.0
    """Of training, all parts together."""
    loss_sum: float = 0.0
    """Since the last point of the curve."""
    since: int = 0
    """Steps since then."""
    curve: list[Point] = field(default_factory=list)
    elsewhere: bool = False
    """A part of it ran on another processor, other versions or another number of threads."""
    kernel_seconds: float = 0.0
    """Of the fixed kernel, all its passes together."""
    kernels: int = 0
    """Passes of the fixed kernel."""


@dataclass(frozen=True)
class Stamp:
    """What a checkpoint must agree with to be gone on from."""

    cell: str
    """The cell's `pretrain_id`."""
    sources: Mapping[str, str]
    """Hash of every source file that could change its number."""
    execution: Execution
    """Where it runs; another one is allowed and told."""


class _DamagedError(Exception):
    """The content has not the hash that was written with it."""


class Stopped(SystemExit):
    """SIGTERM: the checkpoint is written, the process ends with 143."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class Keeper:
    """Keeps the last good checkpoint of one cell in one file."""

    def __init__(
        self,
        path: Path,
        stamp: Stamp,
        *,
        every: float = EVERY_SECONDS,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Nothing is read or written yet.

        Args:
            path: Of the checkpoint; its folder is made when needed.
            stamp: What it belongs to.
            every: Seconds of training between two checkpoints, more where they take long; 0 is
                after every step, whatever it costs.
            tell: Told in words why a checkpoint that is there is not gone on from.
        """
        self.path, self.stamp, self.every, self.tell = path, stamp, every, tell
        self.cost = 0.0
        """Seconds that the last one took."""
        self._stop = False
        self._last = time.perf_counter()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGTERM as a request to save after the present step and to end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGTERM, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self._stop = True

    def load(self, modules: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> Course:
        """Restore the modules and the optimiser in place, and return how far they were.

        Where there is no checkpoint, or none of this cell and this code, nothing is changed and
        the course is at its beginning.
        """
        self._last = time.perf_counter()
        if not self.path.exists():
            return Course()
        try:
            tensors, course, stamp = _unpack(self.path.read_bytes())
            refusal = _refusal(self.stamp, stamp)
            if refusal is None:
                _restore(tensors, modules, optimizer)
                other = stamp["execution"] != self.stamp.execution.model_dump(mode="json")
                course.elsewhere = course.elsewhere or other
                return course
        except (OSError, SafetensorError, struct.error):
            refusal = "cannot be read"
        except _DamagedError:
            refusal = "is damaged"
        except (ValueError, LookupError, TypeError, AttributeError, RuntimeError):
            refusal = "does not hold what it must"
        self.tell(f"checkpoint {self.path.name} {refusal}; the cell starts again")
        return Course()

    def after_step(
        self, course: Course, modules: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer
    ) -> None:
        """Save if it is time to, or if the process is asked to end.

        Raises:
            Stopped: After SIGTERM.
            ResultError: If the disk is full or the folder cannot be written.
        """
        since = time.perf_counter() - self._last
        if self._stop or (since >= self.every and (not self.every or since * COST >= self.cost)):
            start = time.perf_counter()
            atomic.write(self.path, _pack(course, self.stamp, modules, optimizer))
            self._last = time.perf_counter()
            self.cost = self._last - start
        if self._stop:
            raise Stopped


def _pack(
    course: Course,
    stamp: Stamp,
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
) -> bytes:
    tensors = {
        f"{name}.{key}": value
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if value is not None:  # momentum that has not begun
                tensors[f"optimizer.{index}.{key}"] = value
    apart = {  # tied weights would share memory, which safetensors refuses
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }
    told = asdict(course) | {"curve": [point.model_dump() for point in course.curve]}
    head = {
        "format": FORMAT,
        "course": json.dumps(told),
        "cell": stamp.cell,
        "sources": json.dumps(dict(stamp.sources)),
        "execution": stamp.execution.model_dump_json(),
    }
    return pack_tensors(apart, {**head, "sha256": _digest(apart, head)})


def _digest(tensors: Mapping[str, Tensor], head: Mapping[str, str]) -> str:
    """Hash all that a checkpoint says: a flipped bit of a disk would change a number unseen."""
    told = json.dumps({name: head[name] for name in sorted(head) if name != "sha256"})
    content = sha256(dict(sorted(tensors.items())))
    return hashlib.sha256(f"{content}\n{told}".encode()).hexdigest()


def _unpack(content: bytes) -> tuple[dict[str, Tensor], Course, dict[str, Any]]:
    (length,) = struct.unpack("<Q", content[:8])
    head = json.loads(content[8 : 8 + length])["__metadata__"]
    tensors = parse_tensors(content)
    if _digest(tensors, head) != head["sha256"]:
        raise _DamagedError
    if head["format"] != FORMAT:
        raise ValueError(head["format"])
    told = json.loads(head["course"])
    told["curve"] = [Point.model_validate(point) for point in told["curve"]]
    stamp = {
        "cell": head["cell"],
        "sources": json.loads(head["sources"]),
        "execution": json.loads(head["execution"]),
    }
    return tensors, Course(**told), stamp


def _refusal(mine: Stamp, theirs: Mapping[str, Any]) -> str | None:
    if theirs["cell"] != mine.cell:
        return f"belongs to cell {theirs['cell']}, not to {mine.cell}"
    names = mine.sources.keys() | theirs["sources"].keys()
    changed = sorted(n for n in names if mine.sources.get(n) != theirs["sources"].get(n))
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        return f"was saved by other code ({', '.join(changed[:3])}{more} changed)"
    return None


def _restore(
    tensors: Mapping[str, Tensor],
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
) -> None:
    """Load strictly; what is checked first leaves nothing half restored."""
    parts = {name: _under(tensors, f"{name}.") for name in modules}
    for name, module in modules.items():
        present = {key: value.shape for key, value in module.state_dict().items()}
        if present != {key: value.shape for key, value in parts[name].items()}:
            raise ValueError(name)
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in _under(tensors, "optimizer.").items():
        index, _, field_name = key.partition(".")
        state.setdefault(int(index), {})[field_name] = value
    parameters: list[Tensor] = [p for group in optimizer.param_groups for p in group["params"]]
    for place, fields in state.items():
        shapes = {value.shape for value in fields.values()}
        if place < 0 or not shapes <= {parameters[place].shape, torch.Size()}:
            raise ValueError(place)
    for name, module in modules.items():
        module.load_state_dict(parts[name])
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }
