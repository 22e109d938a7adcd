"""What is read off a drawn figure."""

from __future__ import annotations

import io
from typing import Any

from benchmark.report.plot import style


def lines(axes: Any, label: str) -> list[list[tuple[float, float]]]:
    """Return the points of every line of a label."""
    return [
        [(float(x), float(y)) for x, y in line.get_xydata()]
        for line in axes.get_lines()
        if line.get_label() == label
    ]


def fits(figure: Any, width: style.Width) -> None:
    """Check a figure by what is drawn of it."""
    from matplotlib.text import Text

    figure.savefig(io.BytesIO(), format="png", dpi=72)
    found = figure.get_tightbbox()

    assert figure.get_figwidth() == style.WIDTHS[width]
    assert found.x0 >= -0.01
    assert found.y0 >= -0.01
    assert found.x1 <= figure.get_figwidth() + 0.01
    assert found.y1 <= figure.get_figheight() + 0.01
    for part in figure.subfigs:
        for heading in part.texts[:1]:
            assert heading.get_window_extent().x1 <= part.bbox.x1 + 1
    texts: list[Any] = figure.findobj(Text)
    sizes = {text.get_fontsize() for text in texts if text.get_text()}
    assert min(sizes) >= style.SMALL
