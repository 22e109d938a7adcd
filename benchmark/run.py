"""One cell at work: build, train, score, look for collapse, describe."""

from __future__ import annotations

import copy
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import methods
from benchmark.data import load as load_dataset
from benchmark.data.dataset import Dataset, Split
from benchmark.describe import describe
from benchmark.evaluation import sanity
from benchmark.evaluation.features import calibrate_batch_norm, extract, weights_sha256
from benchmark.evaluation.score import score
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import Protocol
from benchmark.parts import build_encoder, build_extraction, resolve_setting, settle_torch
from benchmark.progress import Progress
from benchmark.store import provenance
from benchmark.store.closure import Sources
from benchmark.store.result import Described, Ledger, Provenance, Result, Sanity, Score
from benchmark.store.work import EVERY_SECONDS
from benchmark.training.checkpoint import Course, Keeper, Stamp
from benchmark.training.pretrain import Job, Trained, first_batch, pretrain
from methods.aspects.encoder import encode
from methods.randomness import Draws
from methods.recipe import Comparison, Extraction

Predictions: TypeAlias = dict[str, NDArray[np.signedinteger[Any]]]
SANITY_IMAGES = 1000
"""Test images, at most, on which collapse is looked for."""
_SOURCES = Sources()
"""Of this process: what it has imported, also where a file is edited between two cells."""


class Run:
    """The work of one cell, done once by `result`."""

    def __init__(
        self,
        cell: Cell,
        protocols: Sequence[Protocol],
        *,
        data: Path | None,
        device: str,
        dataset: Dataset | None,
        progress: Callable[[Progress], None],
        checkpoint: Path | None = None,
        every: float = EVERY_SECONDS,
        state: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Build everything that the cell names; the data comes first, since it may be missing.

        With a `state`, the encoder's weights are these and nothing is trained.
        """
        settle_torch()
        self.cell, self.protocols, self.progress = cell, protocols, progress
        self.checkpoint, self.every = checkpoint, every
        self.state = state
        self.device = torch.device(device)
        on_gpu = self.device.type == "cuda"
        self.execution = provenance.execution(
            device=self.device.type,
            threads=torch.get_num_threads(),
            accelerator=torch.cuda.get_device_name(self.device) if on_gpu else None,
        )
        self.dataset = dataset or load_dataset(cell.dataset, data)
        self.setting = resolve_setting(cell, self.dataset)
        self.recipe = methods.compose(self.setting)
        self.encoder = build_encoder(cell, self.setting, self.recipe).to(self.device)
        self.extraction = build_extraction(cell, self.recipe, self.encoder)
        self.predictions: Predictions = {}
        self.closure = _SOURCES.files(cell, protocols)
        self.look: Callable[[nn.Module], float | None] = lambda _: None
        """What is shown of the encoder while it trains."""

    def result(self, *, command: str, started: str) -> Result:
        """Train, score and describe; say what came of it."""
        described = self._describe()
        trained = self.train()
        if trained.elsewhere:
            marks = (*described.marks, "resumed on another machine")
            described = described.model_copy(update={"marks": marks})
        before = weights_sha256(self.encoder)
        evaluated = time.perf_counter()
        scores, pooled = self._score()
        looks = self._sanity(pooled, untouched=before == weights_sha256(self.encoder))
        ledger = self._ledger(trained, time.perf_counter() - evaluated)
        commit, dirty = provenance.commit()
        return Result(
            id=self.cell.pretrain_id,
            cell=self.cell,
            status="collapsed" if looks.collapsed else "ok",
            metrics=scores,
            curve=trained.curve,
            ledger=ledger,
            sanity=looks,
            described=described,
            execution=self.execution,
            provenance=Provenance(
                weights_sha256=before,
                dataset_sha256=self.dataset.content_sha256,
                dataset_official=self.dataset.official,
                predictions_sha256=None,
                commit=commit,
                dirty=dirty,
                command=command,
                started=started,
                finished=provenance.now(),
                closure=self.closure,
            ),
        )

    def train(self) -> Trained:
        """Spend the budget; the floor only has its batch norm calibrated."""
        if self.state is not None:
            self.encoder.load_state_dict(self.state)
            return Trained((), 0, 0.0, None)
        if self.extraction is None:
            images = self.dataset.train.images
            calibrate_batch_norm(self.recipe, self.encoder, images, device=self.device)
            return Trained((), 0, 0.0, None)
        job = self._job(self.extraction)
        steps = self.cell.steps
        if steps is None:  # epochs of a set whose count only its files tell
            steps = self.cell.budget.steps(self.cell.recipe.batch, len(job.split))
        return pretrain(job, steps, self._keeper())

    def _keeper(self) -> Keeper | None:
        if self.checkpoint is None:
            return None
        # how it is scored later is no matter of its training
        stamp = Stamp(self.cell.pretrain_id, _SOURCES.files(self.cell, ()), self.execution)

        def tell(note: str) -> None:
            self.progress(Progress(self.cell.pretrain_id, "train", 0, 1, note=note))

        return Keeper(self.checkpoint, stamp, every=self.every, tell=tell)

    def _job(self, extraction: Extraction) -> Job:
        def report(course: Course, loss: float) -> None:
            rate = course.step * self.cell.recipe.batch / course.seconds
            name, knn = self.cell.pretrain_id, self.look(self.encoder)
            self.progress(Progress(name, "train", course.step, course.steps, loss, rate, knn))

        return Job(
            self.cell, self.recipe, self.encoder, extraction, self._learnt_from(),
            self.setting.card.needs_labels, self.device, report,
        )  # fmt: skip

    def _learnt_from(self) -> Split:
        """Return what the method learns from: the labelled images only if it needs labels."""
        return self.dataset.train if self.setting.card.needs_labels else self.dataset.pretrain

    def _score(self) -> tuple[dict[str, Score], Tensor]:
        """Extract features once and fit every probe; return the scores and the test features."""
        names = frozenset(protocol.feature for protocol in self.protocols) | {"pooled"}
        take = partial(extract, self.recipe, self.encoder, features=names, device=self.device)
        train, test = take(images=self.dataset.train.images), take(images=self.dataset.test.images)
        scores = {}
        for index, protocol in enumerate(self.protocols):
            self.progress(Progress(self.cell.pretrain_id, "evaluate", index, len(self.protocols)))
            feature = protocol.feature
            found = score(
                protocol, self.dataset, train[feature], test[feature], self.cell.replicate
            )
            scores[protocol.name] = found.score
            self.predictions[protocol.name] = found.predictions
        self.predictions["labels"] = narrow(self.dataset.test.labels)
        if self.dataset.test.groups is not None:
            self.predictions["groups"] = narrow(self.dataset.test.groups)
        return scores, test["pooled"]

    def _sanity(self, pooled: Tensor, *, untouched: bool) -> Sanity:
        """Compare test images with one augmented view of each."""
        images = self.dataset.test.images[:SANITY_IMAGES]
        counters = (torch.zeros(len(images), dtype=torch.long), torch.arange(len(images)))
        draws = Draws(self.cell.replicate, "sanity", tuple(c.to(self.device) for c in counters))
        view = self.recipe.augmentation(images.to(self.device), draws)[0]
        self.encoder.eval()
        with torch.inference_mode():
            parts = [encode(self.encoder, v)["1"].float().cpu() for v in torch.split(view, 250)]
        found = sanity.measure(pooled[: len(images)], torch.cat(parts))
        return Sanity(
            feature_std=found.feature_std * found.dimensions**0.5,
            effective_rank=found.effective_rank,
            alignment=found.alignment,
            uniformity=found.uniformity,
            collapsed=sanity.collapsed(found),
            encoder_untouched=untouched,
        )

    def _ledger(self, trained: Trained, evaluate_seconds: float) -> Ledger:
        images = trained.steps * self.cell.recipe.batch
        flops = trained.flops_per_step
        heads = self.extraction
        return Ledger(
            images=images,
            steps=trained.steps,
            epochs=images / len(self._learnt_from()),
            flops=0.0 if heads is None else flops and flops * trained.steps,
            train_seconds=trained.seconds,
            evaluate_seconds=evaluate_seconds,
            images_per_second=images / trained.seconds if trained.seconds else 0.0,
            encoder_parameters=_count(self.encoder),
            extraction_parameters=0 if heads is None else _count(heads),
            peak_memory_bytes=_peak_memory(self.device),
            calibration=trained.calibration,
            kernel_seconds=trained.kernel_seconds,
        )

    def _describe(self) -> Described:
        """Describe the recipe, with the sizes of the first batch.

        The batch goes through copies: it must leave no trace in batch norm or queue.
        """
        comparisons: Sequence[Comparison] = ()
        if self.extraction is not None:
            job = self._job(copy.deepcopy(self.extraction))
            comparisons = first_batch(job, copy.deepcopy(self.encoder))
        official = self.dataset.official
        return describe(self.cell, self.setting, self.recipe, comparisons, official=official)


def narrow(numbers: Tensor) -> NDArray[np.signedinteger[Any]]:
    """Return whole numbers (N,) in 16 bits if they fit, else as they are."""
    values = numbers.numpy()
    fits = values.size == 0 or np.abs(values).max() <= np.iinfo(np.int16).max
    return values.astype(np.int16) if fits else values


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _peak_memory(device: torch.device) -> int:
    """Return the GPU's peak, or on a CPU the process's so far, earlier cells included."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
