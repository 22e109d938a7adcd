"""The cards of the six methods and the two controls: every dataset-dependent value, sourced.

`photos` and `digits` are ours: short runs on small images, settings that beat an untrained encoder
in seconds. Everything else is what the authors published; where nobody did, the nearest dataset by
image size stands in and the result says `extrapolated`.
"""

from __future__ import annotations

from dataclasses import replace

from methods.settings import Card, Option, Training, Value, Values

STRATEGIES = ("1:1", "1:5,1:7,5:5", "1:1,5:5,7:7", "1:random", "last:last")
_TEMPERATURE = Option(low=0.0, closed=False, help="the cosine is divided by it")
_MOMENTUM = Option(low=0.0, high=1.0, help="how much of the slow copy stays at each step")
_EMBEDDED = ("photos", "digits")

# --- AMDIM, YADIM and CPC v2 share their spatial and colour pipeline -----------------------------
# Source: Philip-Bachman/amdim-public, datasets.py, commit 8754ae149; patches: lightning-bolts,
# commit f835dcde2 (TransformsC10Patches and its siblings).
_AMDIM_JITTER = (0.4, 0.4, 0.4, 0.2)
_CIFAR: dict[str, Value] = dict(
    resolution=32, resize=32, translate=4, scale=(), ratio=(), jitter=_AMDIM_JITTER, patch=8, stride=4
)  # fmt: skip
_STL: dict[str, Value] = dict(
    resolution=64, resize=70, translate=0, scale=(0.3, 1.0), ratio=(0.7, 1.4), jitter=_AMDIM_JITTER,
    patch=16, stride=8,
)  # fmt: skip
_IMAGENET: dict[str, Value] = dict(
    resolution=128, resize=146, translate=0, scale=(0.3, 1.0), ratio=(0.7, 1.4),
    jitter=(0.4, 0.4, 0.4, 0.1), patch=32, stride=16,
)  # fmt: skip
_AMDIM_TRAINING = Training(
    "adam", 2e-4, batch=480, betas=(0.8, 0.999), weight_decay=1e-5, warmup_steps=500,
    schedule="steps", milestones=(250 / 300, 280 / 300), factor=0.2, epochs=300,
    source="Philip-Bachman/amdim-public, task_self_supervised.py and README, commit 8754ae149",
)  # fmt: skip


def _map_slots(values: Values) -> tuple[str, ...]:
    """Name the maps that an extraction strategy needs; patches make their own out of `1`."""
    if values.get("views") == "patches":
        return ("1",)
    strategy = str(values["extraction"]).replace("random", "5:7")
    return tuple(sorted({"1", *strategy.replace(",", ":").split(":")}))


_PAIR_OPTIONS = {
    "extraction": Option(STRATEGIES, help="which maps are compared, source:target"),
    "width": Option(low=1, help="channels of every head"),
    "clip": Option(low=0.0, closed=False, help="c of the soft clip c tanh(s / c)"),
}

AMDIM = Card(
    "amdim", "AMDIM", "arXiv 1906.00910", "methods.amdim",
    # widths: lightning-bolts' defaults, commit f835dcde2
    values={
        "cifar10": _CIFAR | dict(extraction="1:5,1:7,5:5", width=1280, clip=20.0),
        "stl10": _STL | dict(extraction="1:5,1:7,5:5", width=1536, clip=20.0),
        "imagenet": _IMAGENET | dict(extraction="1:5,1:7,5:5", width=2560, clip=20.0),
        **dict.fromkeys(_EMBEDDED, _CIFAR | dict(extraction="1:5,1:7,5:5", width=128, clip=20.0)),
    },
    options=_PAIR_OPTIONS,
    authors={
        "cifar10": _AMDIM_TRAINING,
        "stl10": _AMDIM_TRAINING,
        "imagenet": replace(_AMDIM_TRAINING, milestones=(30 / 50, 45 / 50), epochs=50),
    },
    native="amdim", slots=_map_slots, published=("cifar10", "stl10", "imagenet"),
)  # fmt: skip

# No public implementation exists: views, maps and clip are a reconstruction (docs: METHODS, 1.6),
# nothing of it is published per dataset, so every number is `extrapolated`.
_YADIM_TRAINING = replace(
    _AMDIM_TRAINING, batch=200, eps=1e-7, warmup_steps=0, schedule="constant", milestones=(), factor=1.0,
    source="inferred: lightning-bolts' AMDIM settings, commit f835dcde2; the length is AMDIM's",
)  # fmt: skip
YADIM = Card(
    "yadim", "YADIM", "arXiv 2009.00104", "methods.yadim",
    values={
        name: dict(row) | {"extraction": "last:last", "views": "whole"}
        for name, row in AMDIM.values.items()
    },
    options=_PAIR_OPTIONS | {"views": Option(("whole", "patches"), help="what is encoded at once")},
    authors={
        "cifar10": _YADIM_TRAINING,
        "stl10": _YADIM_TRAINING,
        "imagenet": replace(_YADIM_TRAINING, epochs=50),
    },
    native="wide_resnet34", slots=_map_slots,
)  # fmt: skip

_CPC: dict[str, Value] = dict(target_width=64, context_width=256, heads="shared", directions=1)
_CPC_TRAINING = Training(
    "adam", 4e-5, batch=64, betas=(0.8, 0.999), weight_decay=1e-5, eps=1e-7, epochs=1000,
    source="lightning-bolts docs, commit 34958a889 (an earlier version of the row differs)",
)  # fmt: skip
CPC = Card(
    "cpc_v2", "CPC v2", "arXiv 1905.09272", "methods.cpc_v2",
    values={
        "cifar10": _CIFAR | _CPC,
        "stl10": _STL | _CPC,
        "imagenet": _IMAGENET | _CPC,
        **dict.fromkeys(_EMBEDDED, _CIFAR | _CPC | dict(context_width=64, target_width=32)),
    },
    options={
        "heads": Option(("shared", "separate"), help="one prediction head, or one per offset"),
        "directions": Option(low=1, high=4, help="1: top-down only; 4: also up, left, right"),
        "context_width": Option(low=1, help="hidden channels of the context network"),
        "target_width": Option(low=1, help="channels that predictions and targets are compared in"),
    },
    authors={
        "cifar10": _CPC_TRAINING,
        "stl10": replace(_CPC_TRAINING, base_learning_rate=1e-4, batch=144),
        "imagenet": replace(_CPC_TRAINING, batch=3072),
    },
    native="cpc_resnet101", patches=True, published=("cifar10", "stl10", "imagenet"),
)  # fmt: skip

# --- SimCLR -------------------------------------------------------------------------------------
# jitter is 0.8/0.8/0.8/0.2 times the strength; source: google-research/simclr, data_util.py
_SIMCLR: dict[str, Value] = dict(
    scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), hidden=2048, out=128, layers=2,
    brightness="multiplicative", normalise=False,
)  # fmt: skip
_STRONG, _HALF = (0.8, 0.8, 0.8, 0.2), (0.4, 0.4, 0.4, 0.1)
_SIMCLR_TRAINING = Training(
    "lars", 0.3, batch=4096, scaling="linear", weight_decay=1e-6, exclude=True, schedule="cosine",
    warmup_epochs=10, epochs=1000, source="arXiv 2002.05709, section 2.2 and B.6",
)  # fmt: skip
SIMCLR = Card(
    "simclr", "SimCLR", "arXiv 2002.05709", "methods.simclr",
    values={
        "cifar10": _SIMCLR | dict(resolution=32, resize=32, jitter=_HALF, blur=0.0, temperature=0.5),
        # the paper has no STL-10; crop 96 with blur is lightning-bolts' choice
        "stl10": _SIMCLR | dict(resolution=96, resize=96, jitter=_STRONG, blur=0.5, temperature=0.5),
        "imagenet": _SIMCLR
        | dict(resolution=224, resize=256, jitter=_STRONG, blur=0.5, temperature=0.1),
        **dict.fromkeys(
            _EMBEDDED,
            _SIMCLR
            | dict(resolution=32, resize=32, jitter=_HALF, blur=0.0, temperature=0.2, hidden=512,
                   scale=(0.2, 1.0), normalise=True),
        ),
    },
    options={
        "temperature": _TEMPERATURE,
        "brightness": Option(("multiplicative", "additive"), help="additive in the paper's code v1"),
        "layers": Option(low=2, high=3, help="linear layers of the head; the later code has 3"),
        "hidden": Option(low=1, help="hidden units of the head"),
    },
    authors={
        "cifar10": replace(
            _SIMCLR_TRAINING, base_learning_rate=1.0, scaling="none", batch=1024,
            source="arXiv 2002.05709, B.9: learning rate among 0.5, 1.0 and 1.5",
        ),
        "imagenet": _SIMCLR_TRAINING,
    },
    published=("cifar10", "imagenet"),
)  # fmt: skip

# --- BYOL ---------------------------------------------------------------------------------------
_BYOL: dict[str, Value] = dict(
    scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), jitter=(0.4, 0.4, 0.2, 0.1), solarise=(0.0, 0.2),
    hidden=4096, out=256,
)  # fmt: skip
BYOL = Card(
    "byol", "BYOL", "arXiv 2006.07733", "methods.byol",
    values={
        # small images: solo-learn's CIFAR-10 recipe
        "cifar10": _BYOL | dict(resolution=32, resize=32, blur=(0.0, 0.0), tau=0.99),
        "stl10": _BYOL | dict(resolution=96, resize=96, blur=(1.0, 0.1), tau=0.99),
        "imagenet": _BYOL | dict(resolution=224, resize=256, blur=(1.0, 0.1), tau=0.996),
        **dict.fromkeys(
            _EMBEDDED,
            _BYOL
            | dict(resolution=32, resize=32, blur=(0.0, 0.0), tau=0.97, hidden=512, scale=(0.2, 1.0)),
        ),
    },
    options={"tau": _MOMENTUM, "hidden": Option(low=1, help="hidden units of both heads")},
    authors={
        "cifar10": Training(
            "lars", 1.0, batch=256, scaling="linear", weight_decay=1e-5, exclude=True, trust=0.02,
            schedule="cosine", warmup_epochs=10, epochs=1000,
            source="vturrisi/solo-learn, scripts/pretrain/cifar/byol.yaml (not the authors)",
        ),
        "imagenet": Training(
            "lars", 0.2, batch=4096, scaling="linear", weight_decay=1.5e-6, exclude=True,
            schedule="cosine", warmup_epochs=10, epochs=1000,
            source="deepmind-research, byol/configs/byol.py, commit 4822a455",
        ),
    },
    published=("imagenet",),
)  # fmt: skip

# --- MoCo v2 ------------------------------------------------------------------------------------
_MOCO: dict[str, Value] = dict(
    ratio=(3 / 4, 4 / 3), jitter=(0.4, 0.4, 0.4, 0.1), hidden=2048, out=128, splits=8,
    direction="one",
)  # fmt: skip
MOCO = Card(
    "moco_v2", "MoCo v2", "arXiv 2003.04297", "methods.moco_v2",
    values={
        # facebookresearch/moco, colab notebook: v1's linear head there, v2's MLP head here
        "cifar10": _MOCO
        | dict(resolution=32, resize=32, scale=(0.08, 1.0), blur=0.0, temperature=0.1, momentum=0.99,
               queue=4096),
        "stl10": _MOCO
        | dict(resolution=64, resize=70, scale=(0.2, 1.0), blur=0.5, temperature=0.2, momentum=0.999,
               queue=65536),
        "imagenet": _MOCO
        | dict(resolution=224, resize=256, scale=(0.2, 1.0), blur=0.5, temperature=0.2,
               momentum=0.999, queue=65536),
        **dict.fromkeys(
            _EMBEDDED,
            _MOCO
            | dict(resolution=32, resize=32, scale=(0.2, 1.0), blur=0.0, temperature=0.2,
                   momentum=0.97, queue=1024, hidden=512, splits=1),
        ),
    },
    options={
        "temperature": _TEMPERATURE,
        "momentum": _MOMENTUM,
        "queue": Option(low=1, help="keys; a multiple of the batch, at most the images there are"),
        "splits": Option(low=1, help="parts of a batch with batch-norm statistics of their own"),
        "direction": Option(("one", "both"), help="both: each view is query and key"),
        "hidden": Option(low=1, help="hidden units of the head"),
    },
    authors={
        "cifar10": Training(
            "sgd", 0.06, batch=512, weight_decay=5e-4, schedule="cosine", epochs=200,
            source="facebookresearch/moco, colab notebook",
        ),
        "imagenet": Training(
            "sgd", 0.03, batch=256, scaling="linear", weight_decay=1e-4, schedule="cosine", epochs=200,
            source="facebookresearch/moco, README and main_moco.py",
        ),
    },
    published=("cifar10", "imagenet"),
)  # fmt: skip

# --- Controls -----------------------------------------------------------------------------------
_WHOLE: dict[str, Value] = dict(views="whole")
RANDOM_INIT = Card(
    "random_init", "random init", "control: the floor", "methods.controls",
    values={"cifar10": _CIFAR | _WHOLE, "stl10": _STL | _WHOLE, "imagenet": _IMAGENET | _WHOLE},
    options={"views": Option(("whole", "patches"), help="what is encoded at once")},
    trains=False,
    published=("cifar10", "stl10", "imagenet", *_EMBEDDED),
)  # fmt: skip
_SUPERVISED: dict[str, Value] = dict(scale=(0.2, 1.0), ratio=(3 / 4, 4 / 3))
SUPERVISED = Card(
    "supervised", "supervised", "control: the ceiling", "methods.controls",
    values={
        "cifar10": _CIFAR | _SUPERVISED,
        "stl10": _STL | _SUPERVISED,
        "imagenet": _IMAGENET | _SUPERVISED,
    },
    authors={
        "cifar10": Training(
            "sgd", 0.1, batch=256, scaling="linear", weight_decay=5e-4, schedule="cosine",
            warmup_epochs=5, epochs=200, source="ours: a common CIFAR-10 recipe",
        ),
    },
    needs_labels=True,
    published=("cifar10", "stl10", "imagenet", *_EMBEDDED),
)  # fmt: skip

_SEEN: dict[str, Value] = {"normalise": "dataset", "border": 0, "sha256": ""}
CHECKPOINT = Card(
    "checkpoint", "a checkpoint", "trained elsewhere", "methods.checkpoint",
    values={
        "cifar10": _SEEN | {"resolution": 32, "resize": 32},
        "stl10": _SEEN | {"resolution": 96, "resize": 96},
        "imagenet": _SEEN | {"resolution": 224, "resize": 256},
    },
    options={
        "sha256": Option(help="the first 16 hex digits of the file's hash"),
        "resolution": Option(low=8, high=1024, help="side of what the encoder sees, pixels"),
        "resize": Option(low=8, help="shorter side before the centre crop, pixels"),
        "normalise": Option(("dataset", "imagenet", "none"), help="whose mean and deviation"),
        "border": Option(low=0, high=8, help="zeros around the normalised image, pixels"),
    },
    trains=False,
)  # fmt: skip
"""Of `cslbench evaluate`; none of `CARDS`."""

CARDS: dict[str, Card] = {
    card.name: card for card in (AMDIM, CPC, SIMCLR, BYOL, MOCO, YADIM, RANDOM_INIT, SUPERVISED)
}
