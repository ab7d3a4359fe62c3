"""The plots of the page, as SVG that takes its colours from the page, so that one fits light and dark."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from benchmarks.figures.data import STORES, Figures, Found, found, mode_name, of_store, sizes, stages_of
from roleqa.evaluate.plots import WIDTH, Palette, _style, _use_matplotlib
from roleqa.types import MODES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand for the page's colours until the SVG is written: one for each variable of its style sheet.
COLOURS = {f"#0000{number:02x}": f"var(--plot-{number})" for number in range(1, 11)}
TEXT, FAINT, PAGE = "#0000f1", "#0000f2", "#0000f3"
VARIABLES = {**COLOURS, TEXT: "var(--text)", FAINT: "var(--line)", PAGE: "var(--sheet)"}
_PALETTE = Palette(PAGE, TEXT, FAINT, *list(COLOURS)[:3])
# Lines are told apart by shape too, for whoever sees no hue.
_MARKERS = "osD^vPX*<>"
# How far apart labels are at least, as a share of the plot's height.
_APART = 0.062
_HEIGHT = 3.9


@dataclass(frozen=True, slots=True)
class Line:
    """Values by size; dashed where they are not of FAISS."""

    label: str
    values: Mapping[int, float]
    dashed: bool = False


def draw_plots(figures: Figures) -> dict[str, str]:
    """The plots as SVG, by name; those of which nothing was measured are left out. The same figures give the same."""
    _use_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    drawn = {}
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        own: dict[str, Any] = {"svg.fonttype": "none", "font.sans-serif": ["system-ui", "DejaVu Sans"]}
        matplotlib.rcParams.update(_style(_PALETTE) | own)  # type: ignore[arg-type]
        for name, (draw, height) in _PLOTS.items():
            matplotlib.rcParams["svg.hashsalt"] = name
            figure = Figure(figsize=(WIDTH, height), layout="constrained")
            if draw(figure, figures):
                svg = io.StringIO()
                nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
                figure.savefig(svg, format="svg", metadata=nothing, transparent=True)
                drawn[name] = _inline(svg.getvalue(), name)
    return drawn


def _inline(svg: str, name: str) -> str:
    """The same as a part of a page: scaled to its room, with the page's colours, and ids that no other plot has."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(
        r'(<svg [^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1), count=1
    )
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", svg)
    svg = re.sub(r"#0000[0-9a-f]{2}", lambda colour: VARIABLES.get(colour[0], colour[0]), svg)
    return svg.replace("<svg ", '<svg role="img" ', 1).strip()


def _build_rate(figure: Figure, figures: Figures) -> bool:
    lines = []
    for store, title in STORES.items():
        own = of_store(figures, store)
        for stage in stages_of(own, "seconds_by_stage"):
            if stage not in ("vectors", "rest") and store == "faiss":
                lines.append(Line(stage, _rates(own, stage)))
            elif stage == "vectors":
                lines.append(Line(f"vectors, {title}", _rates(own, stage), store == "milvus"))
    built = found(figures, "shipped").get("build")
    if built and lines:
        rate = built["passages"] / built["seconds_by_stage"]["encoding"]
        lines.append(Line("encoding, shipped corpus", dict.fromkeys(sizes(figures), rate), dashed=True))
    return _lines(figure, lines, "Build: passages a second, by stage", "Passages a second")


def _rates(own: Mapping[int, Found], stage: str) -> dict[int, float]:
    return {
        size: one["passages"] / one["seconds_by_stage"][stage]
        for size, one in own.items()
        if one["seconds_by_stage"].get(stage)
    }


def _warm(figure: Figure, figures: Figures) -> bool:
    own, other = of_store(figures, "faiss"), of_store(figures, "milvus")
    stages = [stage for stage in stages_of(own, "milliseconds_by_stage") if stage not in ("fusion", "rest")]
    lines = [Line("whole answer", {size: one["milliseconds"]["ask"]["p50"] for size, one in own.items()})]
    lines += [
        Line(f"{stage}, FAISS" if stage == "dense search" else stage, _milliseconds(own, stage)) for stage in stages
    ]
    lines.append(Line("dense search, Milvus", _milliseconds(other, "dense search"), dashed=True))
    return _lines(figure, lines, "Warm: an answer, by stage", "Milliseconds, medians")


def _milliseconds(own: Mapping[int, Found], stage: str) -> dict[int, float]:
    return {
        size: one["milliseconds_by_stage"][stage]
        for size, one in own.items()
        if one["milliseconds_by_stage"].get(stage)
    }


def _memory(figure: Figure, figures: Figures) -> bool:
    lines = []
    for store, title in STORES.items():
        own = of_store(figures, store)
        for label, kinds in (("its own", ("RssAnon",)), ("with files", ("RssAnon", "RssFile"))):
            held = {
                size: sum(one["memory_after_questions"][kind] for kind in kinds) / 1000 for size, one in own.items()
            }
            lines.append(Line(f"{label}, {title}", held, store == "milvus"))
    return _lines(figure, lines, "Memory while answering", "Gigabytes", is_log=False)


def _lines(figure: Figure, lines: Sequence[Line], title: str, unit: str, *, is_log: bool = True) -> bool:
    """Lines over the number of passages, each named where it ends; whether there are any."""
    lines = [line for line in lines if line.values]
    axes: Axes = figure.add_subplot()
    axes.set_title(title)
    for number, line in enumerate(lines):
        axes.plot(
            list(line.values), list(line.values.values()), linewidth=1.8, markersize=4.5, color=_colour(number),
            marker=_MARKERS[number % len(_MARKERS)], linestyle="--" if line.dashed else "-",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlabel("Passages in the index")
    axes.set_ylabel(unit)
    measured = sorted({size for line in lines for size in line.values})
    axes.set_xticks(measured, [f"{size:,}" for size in measured])
    if is_log:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    else:
        axes.set_ylim(bottom=0)
    axes.minorticks_off()
    if len(measured) == 1:
        axes.set_xlim(measured[0] / 2, measured[0] * 2)
    axes.grid(axis="y")
    _name_lines(axes, lines)
    return bool(lines)


def _colour(number: int) -> str:
    return list(COLOURS)[number % len(COLOURS)]


def _name_lines(axes: Axes, lines: Sequence[Line]) -> None:
    """Each line's name right of the plot, at the height where it ends or near it, and a thread from one to the other."""
    low, high = axes.get_ylim()
    scale = math.log if axes.get_yscale() == "log" else float
    ends = [list(line.values.items())[-1] for line in lines]
    heights = [(scale(value) - scale(low)) / (scale(high) - scale(low)) for _, value in ends]
    for number, height in enumerate(spread(heights, _APART)):
        axes.annotate(
            lines[number].label, ends[number], (1.05, height), textcoords="axes fraction", va="center",
            color=_colour(number), fontsize=8.5,
            arrowprops={"arrowstyle": "-", "color": _colour(number), "linewidth": 0.6, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """The heights, moved as little as it takes for all to be so far apart, in the same order."""
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    placed = [heights[place] for place in order]
    for _ in range(200):
        for below, above in pairwise(range(len(placed))):
            if (lacking := apart - (placed[above] - placed[below])) > 0:
                placed[below] -= lacking / 2
                placed[above] += lacking / 2
    found_at = dict(zip(order, placed, strict=True))
    return [found_at[place] for place in range(len(heights))]


def _cold(figure: Figure, figures: Figures) -> bool:
    bars = [
        (f"{size:,}, {title}", one["cold_seconds_by_stage"])
        for size in sizes(figures)
        for store, title in STORES.items()
        if (one := of_store(figures, store).get(size))
    ]
    if shipped := found(figures, "cold").get("this"):
        bars.insert(0, ("shipped corpus, FAISS", shipped["seconds_by_stage"]))
    if not bars:
        return False
    axes: Axes = figure.add_subplot()
    axes.set_title("Cold: from nothing to the answer, by stage", pad=66)
    longest = max(sum(stages.values()) for _, stages in bars)
    colours = {stage: _colour(number) for number, stage in enumerate(bars[0][1])}
    for row, (_, stages) in enumerate(bars):
        _stack(axes, row, stages, longest, colours)
    axes.set_yticks(range(len(bars)), [label for label, _ in bars])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlim(0, longest * 1.12)
    axes.set_xlabel("Seconds, medians")
    axes.grid(axis="x")
    _name_stages(axes, bars[0][1], colours)
    return True


def _stack(axes: Axes, row: int, stages: Mapping[str, float], longest: float, colours: Mapping[str, str]) -> None:
    """One bar of stages, with what each took where there is room."""
    start = 0.0
    for stage, seconds in stages.items():
        axes.barh(row, seconds, left=start, height=0.66, color=colours[stage], edgecolor=PAGE, linewidth=0.8)
        if seconds > 0.07 * longest:
            axes.text(
                start + seconds / 2, row, f"{seconds:.2f}", ha="center", va="center", color=PAGE, fontsize=8.5
            )  # fmt: skip
        start += seconds
    axes.text(start + 0.012 * longest, row, f"{start:.2f}", va="center", fontsize=8.5)


def _name_stages(axes: Axes, stages: Mapping[str, float], colours: Mapping[str, str]) -> None:
    """The stages of the first bar, named above it, each name as far from the next as it takes to read both."""
    _, right = axes.get_xlim()
    ends = list(accumulate(stages.values()))
    middles = [(end - seconds / 2) / right for end, seconds in zip(ends, stages.values(), strict=True)]
    places = spread(middles, 0.11)
    inside = max(0.0, -min(places))
    for stage, middle, place in zip(stages, middles, places, strict=True):
        axes.annotate(
            stage, (middle, 1 - 0.17 / (axes.get_ylim()[0] + 0.5)), (place + inside, 1.06), xycoords="axes fraction",
            textcoords="axes fraction", rotation=28, rotation_mode="anchor", fontsize=8.5, color=colours[stage],
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colours[stage], "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0,
                        "relpos": (0, 0)},
        )  # fmt: skip


def _quality(figure: Figure, figures: Figures) -> bool:
    own = found(figures, "shipped").get("quality", {}).get("modes") or {}
    shown = [mode for mode in MODES if own.get(mode)]
    if not shown:
        return False
    measures = {"hit@1": "hit_at_1", "hit@5": "hit_at_5", "MRR@10": "mrr_at_10", "nDCG@10": "ndcg_at_10"}
    panels: Any = figure.subplots(1, len(measures), sharey=True)
    for axes, (title, measure) in zip(panels, measures.items(), strict=True):
        values = [own[mode][measure] for mode in shown]
        axes.barh(range(len(shown)), values, height=0.66, color=[_colour(number) for number in range(len(shown))])
        for row, value in enumerate(values):
            inside = value > 0.5
            axes.annotate(
                f"{value:.2f}", (value, row), (-4 if inside else 4, 0), textcoords="offset points", va="center",
                ha="right" if inside else "left", color=PAGE if inside else TEXT,
            )  # fmt: skip
        axes.set_title(title, fontsize=9.5, fontweight="normal")
        axes.set_xlim(0, 1)
        axes.set_xticks((0, 0.5, 1), ("0", ".5", "1"))
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(shown)), [mode_name(mode) for mode in shown])
    figure.suptitle("Passages found, by mode of search", x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.supxlabel("Share of questions, or mean", fontsize=9.5)
    return True


def _found(figure: Figure, figures: Figures) -> bool:
    own = of_store(figures, "faiss")
    lines = [
        Line(
            mode_name(mode),
            {size: one["quality"][mode]["hit_at_1"] for size, one in own.items() if mode in one.get("quality", {})},
        )
        for mode in MODES
    ]
    return _lines(figure, lines, "An answer in the first passage, FAISS", "Share of questions", is_log=False)


_PLOTS: dict[str, tuple[Callable[[Figure, Figures], bool], float]] = {
    "build": (_build_rate, _HEIGHT),
    "warm": (_warm, _HEIGHT),
    "cold": (_cold, 4.0),
    "quality": (_quality, 2.5),
    "found": (_found, 3.2),
    "memory": (_memory, _HEIGHT),
}
