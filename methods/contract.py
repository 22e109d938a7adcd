"""Which method can take which encoder on which dataset: said in words before a run; no torch."""

from __future__ import annotations

from methods import catalogue
from methods.settings import Setting

LEAKING_NORMS = ("batch",)


def view_size(setting: Setting) -> int:
    """Return the side of what the encoder sees, in pixels: a patch or the whole view."""
    return setting.whole("patch" if sees_patches(setting) else "resolution")


def sees_patches(setting: Setting) -> bool:
    """Say whether views are cut into patches that are encoded one by one."""
    return setting.card.patches or setting.values.get("views") == "patches"


def refusal(setting: Setting, encoder: str, *, batch: int, images: int | None) -> str | None:
    """Return why a method cannot run with an encoder, or None if it can.

    Args:
        setting: The method on its dataset.
        encoder: Its selector.
        batch: Images a step.
        images: Images to pretrain on, where the count is known.

    Raises:
        ValueError: If there is no such encoder or option.
    """
    return _maps(setting, encoder) or _strategy(setting) or _sizes(setting, batch, images)


def _maps(setting: Setting, encoder: str) -> str | None:
    """Check that the encoder gives the maps that the method compares."""
    size = view_size(setting)
    catalogue.parse_name(encoder)  # an encoder that nobody has is an error, not a refusal
    try:
        given = catalogue.slots(encoder, size)
    except ValueError as error:
        return f"{setting.variant} shows {encoder} {size} px: {error}"
    if given is None:  # timm: known once it is built
        return None
    missing = [slot for slot in setting.card.slots(setting.values) if slot not in given]
    if not missing:
        return None
    has = ", ".join(f"{slot} ({c}x{h}x{w})" for slot, (c, h, w) in sorted(given.items()))
    return (
        f"{setting.variant} needs the feature maps {', '.join(missing)}, "
        f"which {encoder} does not give at {size} px (it gives {has})"
    )


def _strategy(setting: Setting) -> str | None:
    strategy = str(setting.values.get("extraction", ""))
    if sees_patches(setting) and strategy not in ("", "1:1", "last:last"):
        return (
            f"{setting.variant}: a grid of patches has the maps 1 and last only "
            f"(got extraction={strategy}; allowed: 1:1, last:last)"
        )
    return None


def _sizes(setting: Setting, batch: int, images: int | None) -> str | None:
    """Check the batch and the queue."""
    if setting.card.trains and not setting.card.needs_labels and batch < 2:
        return f"{setting.variant} needs a batch of 2 images or more (got {batch})"
    splits = setting.values.get("splits", 1)
    if isinstance(splits, int) and batch % splits:
        return f"{setting.variant}: a batch of {batch} does not divide into {splits} splits"
    queue = setting.values.get("queue")
    if not isinstance(queue, int):
        return None
    keys = batch * (2 if setting.values.get("direction") == "both" else 1)
    if queue % keys:
        return f"{setting.variant}: a queue of {queue} keys is no multiple of a step's {keys} keys"
    if images is not None and queue > images:
        return (
            f"{setting.variant}: a queue of {queue} keys is longer than the {images} images of "
            f"{setting.dataset}, so a key would meet its own image as a negative "
            f"(choose {setting.card.name}[queue=N] with N at most {images})"
        )
    return None


def marks(setting: Setting, encoder: str) -> tuple[str, ...]:
    """Return what a reader of the result must know."""
    found = []
    if setting.extrapolated:
        found.append("extrapolated")
    leaking = catalogue.norm(encoder) in LEAKING_NORMS
    if setting.card.patches and leaking:
        found.append("leaks: batch norm")
    return tuple(found)
