"""Score a frozen encoder under protocols: features once, then every probe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmark.data.dataset import Dataset
from benchmark.errors import UsageError
from benchmark.evaluation import metrics
from benchmark.evaluation.knn import KNNProbe
from benchmark.evaluation.linear import LinearFit, LinearProbe
from benchmark.evaluation.mlp import MLPProbe
from benchmark.evaluation.probe import Fitted, Probe, TrainSet
from benchmark.evaluation.sgd import BYOL, MOCO, SIMCLR, SGDFit
from benchmark.matrix.protocol import Protocol
from benchmark.store.result import Metric, Score

_SGD: dict[str, Probe] = {
    "linear_sgd_simclr": SIMCLR,
    "linear_sgd_moco": MOCO,
    "linear_sgd_byol": BYOL,
}


@dataclass(frozen=True)
class Scored:
    """What one protocol found."""

    score: Score
    predictions: NDArray[np.int16]
    """(n,) the class predicted for each test image."""


def probe_for(protocol: Protocol, train_size: int) -> Probe:
    """Return the probe of a protocol.

    Raises:
        UsageError: If the train set has fewer images than the protocol has neighbours.
    """
    if protocol.name in _SGD:
        return _SGD[protocol.name]
    if protocol.probe == "knn":
        if protocol.k is None or protocol.k > train_size:
            raise UsageError(
                f"protocol {protocol.name!r} needs {protocol.k} neighbours "
                f"(got {train_size} train images)"
            )
        return KNNProbe(k=protocol.k)
    return MLPProbe() if protocol.probe == "mlp" else LinearProbe()


def score(
    protocol: Protocol, dataset: Dataset, train: Tensor, test: Tensor, replicate: int
) -> Scored:
    """Fit a protocol's probe on train features and score it on test features.

    Args:
        protocol: How.
        dataset: Whose labels and groups the splits have.
        train: (N, D) features of the train split.
        test: (n, D) features of the test split.
        replicate: Names the probe's draws: the same for every method.
    """
    known = TrainSet(
        train, dataset.train.labels, len(dataset.classes), replicate, dataset.train.groups
    )
    fitted = probe_for(protocol, len(train)).fit(known)
    logits = fitted.predict(test)
    labels, groups = dataset.test.labels, dataset.test.groups
    top5 = _metric(metrics.top_k(logits, labels, 5, groups)) if len(dataset.classes) > 5 else None
    found = Score(
        protocol=protocol,
        top1=_metric(metrics.top_k(logits, labels, 1, groups)),
        top5=top5,
        chosen=_chosen(fitted),
    )
    return Scored(found, logits.argmax(dim=1).numpy().astype(np.int16))


def _metric(found: metrics.Score) -> Metric:
    return Metric(
        value=found.value, n=found.n, low=found.low, high=found.high, interval=found.interval
    )


def _chosen(fitted: Fitted) -> dict[str, float]:
    if isinstance(fitted, LinearFit):
        return {"C": fitted.c}
    if isinstance(fitted, SGDFit):
        return {"learning_rate": fitted.learning_rate}
    return {}
