"""How methods spread over encoders, as the page of robustness draws it."""

from __future__ import annotations

import statistics
from typing import Any

from benchmark.evidence.robustness import Robustness, sd_of_effect


def table(found: Robustness) -> dict[str, Any]:
    """Return one table: methods, pairs, and where each encoder's mean stands."""
    design = found.design
    means = {
        method: [statistics.fmean(scores) for scores in levels]
        for method, levels in zip(design.methods, design.scores, strict=True)
    }
    low = min(min(each) for each in means.values())
    width = max(max(each) for each in means.values()) - low or 1.0
    return {
        "label": design.label,
        "levels": design.levels,
        "replicates": len(design.replicates),
        "left_aside": design.left_aside,
        "left_out": design.left_out,
        "low": low,
        "high": low + width,
        "rows": [
            {
                "method": row.method,
                "mean": row.points.mean,
                "range": row.points.range,
                "sd": sd_of_effect(row.points),
                "worst": row.points.worst,
                "worst_at": row.worst_at,
                "dots": [
                    (level, mean, round(4 + 192 * (mean - low) / width, 1))
                    for level, mean in zip(design.levels, means[row.method], strict=True)
                ],
            }
            for row in found.rows
        ],
        "pairs": found.pairs,
        "order": found.order,
    }
