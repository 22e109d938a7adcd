"""SimCLR, BYOL and MoCo v2 against loops of lightly's own parts; run by hand, not by pytest.

`python tests/benchmarks/parity_lightly.py losses`: same initial weights, same view tensors, same
optimiser, 50 steps of each method's cell of `cifar10-quick` (of `default` where there is no
`--data` and no CSLBENCH_DATA), for each of two forms of the heads:

- `ours`: lightly's head classes put together as our papers' heads are. SimCLR's last batch norm
  loses its shift; BYOL's linears swap biases (the first has one, the last none).
- `lightly`: our extractions carry lightly's heads as they are.

MoCo is asymmetric on both sides: the first view asks, the second answers. Three things are set
equal that are not parts but habits: SimCLR's views are encoded as one batch (lightly's example
encodes each by itself, so that batch norm sees each view's own statistics), MoCo's keys take our
shuffled order, and BYOL's directions weigh 2, not 1/2, after which our loss is lightly's plus 4.
At the cell's learning rate, two float32 runs part by rounding alone; `--rate 5e-5` slows that down,
so that float32 too shows whether the two are one computation.

`python tests/benchmarks/parity_lightly.py accuracy --ours results --out FOLDER`: whole cells, each
side with its own views, heads and habits; our linear probe scores both. One process a method; what
FOLDER holds already is not done again.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from lightly.models.modules.heads import ProjectionHead

import methods
from benchmark.data import load as load_dataset
from benchmark.data.dataset import Dataset
from benchmark.evaluation.features import extract
from benchmark.evaluation.score import score
from benchmark.matrix import load as matrices
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.parts import build_encoder, build_extraction, resolve_setting
from benchmark.store import files
from benchmark.training.optimizers import build as build_optimizer
from benchmark.training.pretrain import Job, prepare
from methods.aspects.extraction.momentum import slow_copy
from methods.encoders.blocks import Encoder
from methods.randomness import seeded
from methods.recipe import Context, Extraction, objective
from methods.settings import Setting
from tests.benchmarks import lightly_side as lightly

STEPS = 50
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Parts:
    """A cell, built."""

    cell: Cell
    dataset: Dataset
    setting: Setting
    job: Job

    @property
    def steps(self) -> int:
        """Return the steps of the whole cell."""
        steps = self.cell.steps or self.cell.budget.steps(self.cell.recipe.batch, self.images)
        assert steps is not None, f"{self.cell.label}: no number of steps"
        return steps

    @property
    def images(self) -> int:
        """Count the images to learn from."""
        return len(self.dataset.pretrain)


def find_cell(matrix: str, method: str, encoder: str = "compact") -> Cell:
    """Return the first cell of a method and encoder in a matrix."""
    cells = matrices.load(matrix).cells
    return next(c for c in cells if c.base_method == method and c.encoder == encoder)


def build(cell: Cell, dataset: Dataset) -> Parts:
    """Build a cell as the benchmark does."""
    setting = resolve_setting(cell, dataset)
    recipe = methods.compose(setting)
    encoder = build_encoder(cell, setting, recipe)
    extraction = build_extraction(cell, recipe, encoder)
    assert extraction is not None, f"{cell.label} trains nothing"
    job = Job(
        cell, recipe, encoder, extraction, dataset.pretrain, False, torch.device("cpu"),
        lambda *_: None,
    )  # fmt: skip
    return Parts(cell, dataset, setting, job)


def as_our_heads(setting: Setting, width: int, ours: Extraction) -> lightly.Heads:
    """Build heads of lightly's classes with the structure and the weights of ours."""
    heads = lightly.heads(setting, width)
    hidden, out = setting.whole("hidden"), setting.whole("out")
    if setting.card.name == "byol":
        for name, wide in (("projector", width), ("predictor", out)):
            first = (wide, hidden, nn.BatchNorm1d(hidden), nn.ReLU(), True)
            heads[name] = ProjectionHead([first, (hidden, out, None, None, False)])
    for name, head in heads.items():
        assert isinstance(head.layers, nn.Module)
        head.layers.load_state_dict(getattr(ours, name).state_dict())
    if setting.card.name == "simclr":
        assert isinstance(heads["head"].layers, nn.Sequential)
        heads["head"].layers[-1].bias.requires_grad_(False)
    return heads


def lend_heads(setting: Setting, width: int, ours: Extraction) -> lightly.Heads:
    """Build lightly's heads as they are, and give our extraction the same."""
    with seeded(0, "parity/heads"):
        heads = lightly.heads(setting, width)
    for name, head in heads.items():
        setattr(ours, name, copy.deepcopy(head))
        if hasattr(ours, f"slow_{name}"):
            setattr(ours, f"slow_{name}", slow_copy(head))
    return heads


def our_order(context: Context, batch: int) -> Tensor:
    """Return the order in which our MoCo encodes a step's keys, (B,) int64."""
    return torch.argsort(context.draws.named("shuffle 0").bits(batch), stable=True)


def our_step(
    job: Job, optimizer: torch.optim.Optimizer, views: list[Tensor], context: Context
) -> float:
    """Make one step as the benchmark does, on views that are given; return the loss."""
    job.extraction.before_step(job.encoder, context)
    optimizer.zero_grad(set_to_none=True)
    loss = objective(job.recipe, job.extraction, job.encoder, views, context)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    job.extraction.after_step(job.encoder, context)
    return float(loss.detach())


def width_of(encoder: nn.Module) -> int:
    """Return the width of the pooled vector."""
    assert isinstance(encoder, Encoder)
    return encoder.widths["1"]


def compare_losses(cell: Cell, dataset: Dataset, form: str, dtype: torch.dtype) -> list[float]:
    """Train both sides side by side; return the absolute differences of their losses."""
    parts = build(cell, dataset)
    job, setting = parts.job, parts.setting
    theirs = copy.deepcopy(job.encoder).to(dtype)
    width = width_of(job.encoder)
    heads = (as_our_heads if form == "ours" else lend_heads)(setting, width, job.extraction)
    for module in (job.encoder, job.extraction, *heads.values()):
        module.to(dtype).train()
    loop = lightly.loop(theirs.train(), heads, setting, together=True)
    if isinstance(loop, lightly.MoCo):
        loop.criterion.memory_bank.bank.data = job.extraction.get_buffer("queue.keys").clone()
    if isinstance(loop, lightly.BYOL):
        loop.weight = 2.0
    spec = cell.recipe
    mine = build_optimizer(
        [job.encoder, job.extraction], optimizer=spec.optimizer, learning_rate=spec.learning_rate,
        weight_decay=spec.weight_decay, momentum=spec.momentum, betas=spec.betas, eps=spec.eps,
    )  # fmt: skip
    other = lightly.optimizer(cell, theirs, heads)
    differences = []
    for step in range(STEPS):
        for optimizer in (mine, other):
            lightly.set_rate(optimizer, cell, step, parts.steps)
        made, context, _ = prepare(job, step, parts.steps)
        x0, x1 = (view.to(dtype) for view in made)
        if isinstance(loop, lightly.MoCo):
            order = our_order(context, len(x1))
            loop.shuffle = lambda x, order=order: (x[order], order)  # type: ignore[misc]
        loss = lightly.train_step(loop, other, (x0, x1), step, parts.steps)
        loss += 4 * isinstance(loop, lightly.BYOL)
        differences.append(abs(our_step(job, mine, [x0, x1], context) - loss))
    return differences


def losses(matrix: str, dataset: Dataset, names: list[str], rate: float | None) -> int:
    """Print the largest difference of each method, form and precision; return the exit code."""
    code = 0
    for name in names:
        cell = find_cell(matrix, name)
        if rate is not None:
            recipe = replace(cell.recipe, base_learning_rate=rate)
            cell = cell.model_copy(update={"recipe": recipe})
        for form in ("ours", "lightly"):
            for dtype in (torch.float32, torch.float64):
                found = compare_losses(cell, dataset, form, dtype)
                within = max(found) <= TOLERANCE
                # rounding alone parts two float32 runs; whether the code agrees, float64 says
                code |= dtype == torch.float64 and not within
                first = " ".join(f"{d:.0e}" for d in found[:5])
                print(
                    f"{name}, heads of {form}, {str(dtype)[6:]}: {STEPS} losses, first 5 {first},"
                    f" largest {max(found):.2e} ({'within' if within else 'above'} {TOLERANCE:g})",
                    flush=True,
                )
    return code


def train_lightly(parts: Parts, heads: lightly.Heads, stop: int) -> tuple[float, float]:
    """Train lightly's side in place; return the last loss and the pairs a second."""
    cell, encoder = parts.cell, parts.job.encoder
    loop = lightly.loop(encoder, heads, parts.setting)
    for module in (encoder, *heads.values()):
        module.train()
    optimizer = lightly.optimizer(cell, encoder, heads)
    pictures = lightly.Pictures(parts.job.split.images, lightly.transform(parts.setting))
    batches = torch.utils.data.DataLoader(
        pictures, batch_size=cell.recipe.batch, shuffle=True, drop_last=True, num_workers=0,
        generator=torch.Generator().manual_seed(cell.replicate),
    )  # fmt: skip
    start, loss, rate = time.perf_counter(), float("nan"), 0.0
    for step, (x0, x1) in zip(range(stop), chain.from_iterable(repeat(batches)), strict=False):
        lightly.set_rate(optimizer, cell, step, parts.steps)
        loss = lightly.train_step(loop, optimizer, (x0, x1), step, parts.steps)
        rate = (step + 1) * cell.recipe.batch / (time.perf_counter() - start)
        if (step + 1) % 50 == 0 or step + 1 == stop:
            print(
                f"{cell.method}: {step + 1}/{stop}, loss {loss:.4f}, {rate:.0f} pairs/s", flush=True
            )
    return loss, rate


def accuracy(
    matrix: str, name: str, dataset: Dataset, *, steps: int | None, out: Path, ours: Path | None
) -> int:
    """Train and score lightly's side of one cell; write its JSON, beside our result's number."""
    cell = find_cell(matrix, name)
    target = out / f"{name}.json"
    if target.exists():
        print(f"{target} is there already: {target.read_text().strip()}")
        return 0
    parts = build(cell, dataset)
    stop = min(steps or parts.steps, parts.steps)
    with seeded(cell.replicate, "parity/lightly"):
        heads = lightly.heads(parts.setting, width_of(parts.job.encoder))
        np.random.seed(cell.replicate)  # noqa: NPY002  # lightly's blur draws from it
        loss, rate = train_lightly(parts, heads, stop)
    take = frozenset({"pooled"})
    train, test = (
        extract(parts.job.recipe, parts.job.encoder, s.images, take, device=parts.job.device)[
            "pooled"
        ]
        for s in (dataset.train, dataset.test)
    )
    theirs = score(PROTOCOLS["linear"], dataset, train, test, cell.replicate).score.top1.value
    result = None if ours is None else files.find(ours, cell)
    mine = result.metrics["linear"].top1.value if result and result.metrics else None
    record = {
        "method": cell.method, "encoder": cell.encoder, "dataset": cell.dataset, "steps": stop,
        "of": parts.steps, "last_loss": loss, "pairs_per_second": round(rate, 1),
        "lightly": theirs, "ours": mine,
        "ours_minus_lightly": None if mine is None else round(mine - theirs, 2),
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=2) + "\n")
    partial.replace(target)
    print(json.dumps(record))
    return 0


def main() -> int:
    """Run one mode, one thread a process."""
    parser = argparse.ArgumentParser(description="parity with lightly's own parts")
    parser.add_argument("mode", choices=("losses", "accuracy"))
    parser.add_argument("--method", choices=lightly.METHODS, help="losses: all where not given")
    parser.add_argument("--matrix", help="cifar10-quick where there is data, else default")
    parser.add_argument("--data", type=Path, default=os.environ.get("CSLBENCH_DATA"))
    parser.add_argument("--rate", type=float, help="losses: in place of the cell's learning rate")
    parser.add_argument("--steps", type=int, help="accuracy: stop early, for a trial")
    parser.add_argument("--ours", type=Path, help="results folder that holds our cell")
    parser.add_argument("--out", type=Path, default=Path("parity"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = None if given.data is None else Path(given.data)
    matrix = given.matrix or ("default" if data is None else "cifar10-quick")
    names = [given.method] if given.method else list(lightly.METHODS)
    dataset = load_dataset(find_cell(matrix, names[0]).dataset, data)
    if given.mode == "losses":
        return losses(matrix, dataset, names, given.rate)
    if given.method is None:
        parser.error("accuracy trains one method a process: say --method")
    return accuracy(
        matrix, given.method, dataset, steps=given.steps, out=given.out, ours=given.ours
    )


if __name__ == "__main__":
    sys.exit(main())
