"""Who works on which cell, where many processes share one results folder.

A claim is a file `<id>.<token>.claim`, made by an exclusive link, so that of all who want a cell
one gets it. Its owner touches it while it lives; who has not for `PATIENCE` seconds, or is a dead
process of this machine, is taken over by the next token. Whoever was taken over (a process that
was paused, a machine that was cut off) finds a higher token when it comes to publish, and is
refused: a cell may be run twice, but is published once.

Everything goes by files, links and locks that work across machines; times are compared with those
that the file system itself gives, never with a clock of one machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from filelock import FileLock

from benchmark.errors import ResultError
from benchmark.matrix.cell import Cell
from benchmark.store import work

PATIENCE = 60.0
"""Seconds after which an owner that shows no sign of life is taken over."""
_BEATS = 6
"""Signs of life in that time."""
_NAME = re.compile(r"^(?P<id>[0-9a-f]{16})\.(?P<token>\d{1,9})\.claim$")


@dataclass(frozen=True)
class Claim:
    """The right to publish one cell, until somebody has a higher token."""

    path: Path
    token: int
    owner: str
    """Unique to this claim: tokens may come again once all claims of a cell are gone."""


class Claims:
    """The claims of one process on the cells of one results folder."""

    def __init__(self, root: Path, *, patience: float = PATIENCE) -> None:
        """Nothing is written before the first claim."""
        self.folder, self.patience = work.folder(root), patience
        self.held: dict[str, Claim] = {}
        self._over = threading.Event()
        self._heart: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to show signs of life for whatever is claimed."""
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of everything: others may begin at once."""
        self._over.set()
        if self._heart is not None:
            self._heart.join()
        for name in list(self.held):
            self.release(name)

    def take(self, cell: Cell) -> bool:
        """Claim a cell; False where another living process works on it.

        Raises:
            ResultError: If the results folder cannot be written to.
        """
        name = cell.pretrain_id
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._sign() as sign:
                last = self._last(name)
                if last is not None and self._lives(last, sign.stat().st_mtime):
                    return False
                token = 1 + (0 if last is None else _token(last))
                path = self.folder / f"{name}.{token}.claim"
                with contextlib.suppress(FileExistsError):
                    os.link(sign, path)
                    self.held[name] = Claim(path, token, sign.read_text())
                    if last is not None:
                        last.unlink(missing_ok=True)
                    return True
                return False  # somebody was quicker
        except OSError as error:
            raise ResultError(
                f"{self.folder}: no cell can be claimed ({error.strerror or error}); free space "
                "there or name another folder with --results"
            ) from error

    @contextlib.contextmanager
    def publishing(self, cell: Cell) -> Iterator[bool]:
        """Hold the lock of publication; gives False where the cell is no longer ours.

        Who is paused in here delays others but loses them nothing: they wait for the lock.
        """
        name = cell.pretrain_id
        with FileLock(self.folder / f"publish-{name[0]}.lock"):
            yield self._holds(name)

    def release(self, name: str) -> None:
        """Let go of a cell by its id; one that was taken over is not ours to delete."""
        claim = self.held.pop(name, None)
        if claim is not None and _owner(claim.path) == claim.owner:
            claim.path.unlink(missing_ok=True)

    def _holds(self, name: str) -> bool:
        claim, last = self.held.get(name), self._last(name)
        return claim is not None and last == claim.path and _owner(last) == claim.owner

    def _last(self, name: str) -> Path | None:
        """Return the claim of the highest token on a cell."""
        found = [path for path in self.folder.glob(f"{name}.*.claim") if _NAME.match(path.name)]
        return max(found, key=_token, default=None)

    @contextlib.contextmanager
    def _sign(self) -> Iterator[Path]:
        """Write a file that names this process; its time is the file system's now."""
        path = self.folder / f"{uuid.uuid4().hex}.tmp"
        told = {"owner": path.stem, "machine": _machine(), "pid": os.getpid(), "born": _born()}
        try:
            path.write_text(json.dumps(told))
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _lives(self, path: Path, now: float) -> bool:
        try:
            told, beat = json.loads(path.read_text()), path.stat().st_mtime
        except FileNotFoundError:
            return False
        except ValueError:  # its owner died while it was written
            told, beat = {}, path.stat().st_mtime
        if told.get("machine") == _machine() and not _runs(told.get("pid"), told.get("born")):
            return False
        return now - beat < self.patience

    def _beat(self) -> None:
        while not self._over.wait(self.patience / _BEATS):
            for claim in list(self.held.values()):
                with contextlib.suppress(OSError):  # taken over: seen when it is published
                    os.utime(claim.path)


def _token(path: Path) -> int:
    return int(path.name.split(".")[1])


def _owner(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


@cache
def _machine() -> str:
    """Name this machine and its present boot, since process numbers begin again with each."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{socket.gethostname()} {boot.read_text().strip() if boot.is_file() else ''}"


def _born(pid: int | None = None) -> float:
    return round(psutil.Process(pid).create_time(), 1)


def _runs(pid: object, born: object) -> bool:
    """Say whether a process of this machine is the one that is meant, not one that came later."""
    try:
        return isinstance(pid, int) and _born(pid) == born
    except psutil.Error:
        return False
