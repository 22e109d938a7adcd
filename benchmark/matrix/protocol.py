"""How a representation is scored: the fields that must agree before two numbers are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Protocol:
    """One way to score a frozen encoder."""

    name: str
    """What it is called in results and tables."""
    probe: Literal["linear", "mlp", "knn"]
    """Blocking."""
    feature: str = "pooled"
    """Blocking: `pooled`, or `flat`: every place of the last map side by side."""
    online: bool = False
    """Blocking: probed while the encoder still learns; never done here."""
    selection: str = "last"
    """Blocking: which checkpoint the number is of."""
    k: int | None = None
    """Blocking: neighbours of the kNN."""
    width: int | None = None
    """Blocking: hidden units of the MLP."""
    solver: str = ""
    """Noted: how the probe is fitted."""
    augmentation: str = "none"
    """Noted: what the probe's train images go through beyond the evaluation view."""


PROTOCOLS: dict[str, Protocol] = {
    p.name: p
    for p in (
        Protocol("linear", "linear", solver="L-BFGS, L2 chosen on held-out train data"),
        Protocol("linear_flat", "linear", feature="flat", solver="as linear"),
        Protocol("linear_sgd_simclr", "linear", solver="SGD: arXiv 2002.05709, B.6"),
        Protocol("linear_sgd_moco", "linear", solver="SGD: arXiv 1911.05722, 4.1"),
        Protocol("linear_sgd_byol", "linear", solver="SGD: arXiv 2006.07733, C.1"),
        Protocol("mlp", "mlp", width=1024, solver="Adam: amdim-public, model.py"),
        Protocol("mlp_flat", "mlp", feature="flat", width=1024, solver="as mlp"),
        Protocol("knn", "knn", k=200, solver="cosine, weights exp(cos / 0.1)"),
    )
}
