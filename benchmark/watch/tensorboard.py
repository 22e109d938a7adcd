"""Event files for TensorBoard, one folder a cell, named as the cell's result.

TensorBoard's own writer is used: torch's takes a second to import and adds nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from benchmark.matrix.cell import Cell
from benchmark.store.files import relative_path
from benchmark.watch.interface import Watched
from benchmark.watch.tracker import Opening, Row, Scalar


class Folder:
    """One cell's folder."""

    def __init__(self, path: Path, configuration: Mapping[str, Scalar]) -> None:
        """Begin it anew: TensorBoard then shows nothing that an earlier try left there."""
        self.writer, self.step = EventFileWriter(str(path)), 0
        self._add(Event(step=0, session_log=SessionLog(status=SessionLog.START)))
        self._add(Event(step=0, summary=hparams_pb(dict(configuration), trial_id=path.name)))
        self.writer.flush()

    def log(self, rows: Sequence[Row]) -> None:
        """Write scalars."""
        for step, values in rows:
            self.step = max(self.step, step)
            self._scalars(step, values)
        self.writer.flush()

    def close(self, metrics: Mapping[str, float], tags: Mapping[str, str], *, ok: bool) -> None:
        """Write the numbers at the last step; words have no place here."""
        del tags, ok
        self._scalars(self.step, metrics)
        self.writer.close()

    def _scalars(self, step: int, values: Mapping[str, float]) -> None:
        if values:
            found = [Summary.Value(tag=name, simple_value=each) for name, each in values.items()]
            self._add(Event(step=step, summary=Summary(value=found)))

    def _add(self, event: Event) -> None:
        event.wall_time = time.time()
        self.writer.add_event(event)


def opening(where: str, run: Watched) -> Opening:
    """Write below a folder."""
    del run

    def opened(cell: Cell, configuration: Mapping[str, Scalar]) -> Folder:
        return Folder(Path(where, relative_path(cell).with_suffix("")), configuration)

    return opened
