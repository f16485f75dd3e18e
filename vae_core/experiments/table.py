"""Rows as a table, CSV or Markdown, and as a figure."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from vae_core.experiments.sweep import Row

DIGITS = 4
NARROW = 0.2
"""Times the largest value: where they differ by less, bars would look all the same."""


def columns_of(rows: Mapping[str, Row]) -> list[str]:
    """Return every column that a row has, in the order of its first appearance."""
    return list(dict.fromkeys(column for row in rows.values() for column in row))


def as_text(value: float | int | str) -> str:
    """Return four significant digits of a float, and anything else as it is."""
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)


def markdown(rows: Mapping[str, Row]) -> str:
    """Return a Markdown table."""
    columns = columns_of(rows)
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(as_text(row.get(c, "")) for c in columns)] for name, row in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def comma_separated(rows: Mapping[str, Row]) -> str:
    """Return CSV with all digits; the first column names the rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["name", *columns_of(rows)])
    writer.writeheader()
    writer.writerows({"name": name, **row} for name, row in rows.items())
    return text.getvalue()


def draw_rows(axes: Any, rows: Mapping[str, Row], column: str) -> None:
    """Draw one column, a row each with its value beside it.

    As bars, which begin at 0; as dots, on an axis of their own range, where the values differ
    little.
    """
    shown = {name: float(row[column]) for name, row in rows.items() if column in row}
    names, values = list(shown), list(shown.values())
    if max(values) - min(values) < NARROW * max(map(abs, values)):
        axes.plot(values, names, "o")
    else:
        axes.barh(names, values)
    for name, value in shown.items():
        axes.annotate(
            as_text(rows[name][column]),
            (value, name),
            xytext=(-6 if value < 0 else 6, 0),
            textcoords="offset points",
            ha="right" if value < 0 else "left",
            va="center",
        )
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(column)


def draw_lines(axes: Any, rows: Mapping[str, Row], y: str, x: str) -> None:
    """Draw a column against another, both on log axes: rows ``FAMILY-MEMBER``, a line a family."""
    families: dict[str, list[str]] = {}
    for name in rows:
        if x in rows[name] and y in rows[name]:
            families.setdefault(name.rpartition("-")[0], []).append(name)
    for family, names in families.items():
        places = [(max(rows[name][x], 1), rows[name][y]) for name in names]
        axes.plot(*zip(*places, strict=True), marker="o", label=family)
        for name, place in zip(names, places, strict=True):
            axes.annotate(name.rpartition("-")[2], place, xytext=(4, 4), textcoords="offset points")
    axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    if families:
        axes.legend()
