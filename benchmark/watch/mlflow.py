"""Runs of MLflow, in an experiment that is named as the matrix."""

from __future__ import annotations

import importlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.matrix.cell import Cell
from benchmark.watch.interface import Watched
from benchmark.watch.tracker import Opening, Row, Scalar

_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nobody asked for a report to MLflow's makers
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its seven take minutes for each event
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
_MOST = 1000
"""Metrics in one request."""


class Run:
    """One cell's run."""

    def __init__(self, client: Any, name: str) -> None:
        """Take a run that is open."""
        self.client, self.name, self.step = client, name, 0

    def log(self, rows: Sequence[Row]) -> None:
        """Write metrics."""
        from mlflow.entities import Metric

        at = int(time.time() * 1000)
        self.step = max([self.step, *(step for step, _ in rows)])
        found = [Metric(key, value, at, step) for step, row in rows for key, value in row.items()]
        for begin in range(0, len(found), _MOST):
            self.client.log_batch(self.name, metrics=found[begin : begin + _MOST])

    def close(self, metrics: Mapping[str, float], tags: Mapping[str, str], *, ok: bool) -> None:
        """Write the numbers and tags, and end the run."""
        self.log([(self.step, metrics)])
        for key, value in tags.items():
            self.client.set_tag(self.name, f"cslbench.{key}", value)
        self.client.set_terminated(self.name, "FINISHED" if ok else "FAILED")


def opening(where: str, run: Watched) -> Opening:
    """Write to a server or a store."""
    found: dict[str, Any] = {}
    _load()

    def opened(cell: Cell, configuration: Mapping[str, Scalar]) -> Run:
        if not found:
            found["client"], found["experiment"] = _connect(address(where), run.matrix)
        client = found["client"]
        name = client.create_run(
            found["experiment"],
            run_name=cell.label,
            tags={"cslbench.id": cell.pretrain_id, "cslbench.results": str(run.results)},
        ).info.run_id
        from mlflow.entities import Param

        client.log_batch(name, params=[Param(key, str(v)) for key, v in configuration.items()])
        return Run(client, name)

    return opened


def address(where: str) -> str:
    """Return the address of a store: a folder holds the database that MLflow has by default."""
    if ":" in where:
        return where
    folder = Path(where).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}"


def _load() -> None:
    """Import it before the run, so that one that is unusable is said by then."""
    for key, value in _DEFAULTS.items():
        os.environ.setdefault(key, value)
    importlib.import_module("mlflow.tracking")
    for noisy in ("mlflow", "alembic"):  # it would tear the live view
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _connect(uri: str, name: str) -> tuple[Any, str]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    known = client.get_experiment_by_name(name)
    return client, known.experiment_id if known else client.create_experiment(name)
