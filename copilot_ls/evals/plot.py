"""A comparison as a picture: bars with intervals, as plain SVG. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from copilot_ls.evals.intervals import Interval

_WIDTH = 640
_LEFT = 150
_RIGHT = 60
_ROW = 34
_TOP = 44
_COLOURS = ("#9aa5b1", "#2f6fde", "#3f9b5f", "#c9772b", "#8a5cc2", "#b0413e")


def bars(title: str, unit: str, figures: Mapping[str, Interval]) -> str:
    """Draw one horizontal bar for each figure, from zero, with its interval as a whisker."""
    highest = max((interval.high for interval in figures.values()), default=0.0) or 1.0
    scale = (_WIDTH - _LEFT - _RIGHT) / highest
    rows: list[str] = []
    for number, (name, interval) in enumerate(figures.items()):
        y = _TOP + number * _ROW
        middle = y + _ROW / 2
        colour = _COLOURS[number % len(_COLOURS)]
        end, low, high = (
            _LEFT + scale * value for value in (interval.value, interval.low, interval.high)
        )
        rows.append(
            f'<text x="{_LEFT - 10}" y="{middle + 4:.0f}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y + 6}" width="{end - _LEFT:.1f}" height="{_ROW - 12}" '
            f'fill="{colour}"/>'
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 5}v10'
            f'M{high:.1f} {middle - 5}v10" stroke="#1d2733" fill="none"/>'
            f'<text x="{high + 8:.1f}" y="{middle + 4:.0f}">{interval.value:.1f}'
            f"{escape(unit)}</text>"
        )
    height = _TOP + _ROW * len(figures) + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<text x="16" y="26" font-size="15" font-weight="bold">{escape(title)}</text>'
        f"{''.join(rows)}</svg>\n"
    )
