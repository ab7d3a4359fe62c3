"""The plots of a report. The only place that loads matplotlib."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from roleqa.evaluate.metrics import NUM_BINS
from roleqa.evaluate.results import Figures, KindFigures, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# More kinds than this make no plot that can be read; the table has them all.
MOST_KINDS = 30
LONGEST_KIND = 28
DOTS_PER_INCH = 160
WIDTH = 5.6


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a plot; `right`, `wrong` and `none` differ in lightness too, for whoever sees no hue."""

    background: str
    text: str
    faint: str
    right: str
    wrong: str
    none: str


LIGHT = Palette("#ffffff", "#1e293b", "#cbd5e1", "#0f766e", "#d55e00", "#64748b")
DARK = Palette("#0f172a", "#e2e8f0", "#334155", "#2dd4bf", "#fb923c", "#94a3b8")


@dataclass(frozen=True, slots=True)
class Plotted:
    """What plots are made of: a group's figures and results, and the confidence below which it is refused."""

    figures: Figures
    results: Sequence[Result]
    threshold: float


def draw_plots(plotted: Plotted, palette: Palette) -> dict[str, bytes]:
    """The plots as PNG files, by name."""
    _use_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    drawn = {}
    # Neither a matplotlibrc nor letters that the font lacks may change or break a report.
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        parameters: dict[str, Any] = matplotlib.rcParams  # type: ignore[assignment]
        parameters.update(_style(palette))
        for name, (draw, height) in _PLOTS.items():
            figure = Figure(figsize=(WIDTH, height(plotted)), layout="constrained")
            draw(figure, plotted, palette)
            png = io.BytesIO()
            figure.savefig(png, format="png", dpi=DOTS_PER_INCH)
            drawn[name] = png.getvalue()
    return drawn


def _use_matplotlib() -> None:
    """Has matplotlib keep its font cache in a folder that goes when the program ends, not in the home folder."""
    if "matplotlib" not in sys.modules and "MPLCONFIGDIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="roleqa-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["MPLCONFIGDIR"] = folder


def _style(palette: Palette) -> dict[str, Any]:
    return {
        "figure.facecolor": palette.background,
        "axes.facecolor": palette.background,
        "axes.edgecolor": palette.faint,
        "axes.labelcolor": palette.text,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "grid.color": palette.faint,
        "grid.linewidth": 0.6,
        "text.color": palette.text,
        "text.parse_math": False,  # a kind may hold a dollar sign
        "xtick.color": palette.text,
        "ytick.color": palette.text,
        "font.size": 9.5,
    }


def _risk_coverage(figure: Figure, plotted: Plotted, palette: Palette) -> None:
    axes: Axes = figure.add_subplot()
    points = plotted.figures.risk_coverage
    area = plotted.figures.area_under_risk_coverage
    axes.set_title("Risk against coverage" + ("" if area is None else f" (area under the curve {area:.3f})"))
    axes.plot(
        [point.coverage for point in points], [point.risk for point in points],
        color=palette.right, linewidth=2,
    )  # fmt: skip
    answered = [point for point in points if point.threshold >= plotted.threshold]
    if answered:
        here = answered[-1]
        axes.plot([here.coverage], [here.risk], "o", color=palette.wrong, markersize=8, zorder=3)
        axes.annotate(
            f"threshold {plotted.threshold:.2f}:\n{here.coverage:.0%} answered, {here.risk:.1%} of it wrong",
            (here.coverage, here.risk), (-10, 14), textcoords="offset points", ha="right",
        )  # fmt: skip
    axes.set_xlabel("Coverage: share of questions answered, most confident first")
    axes.set_ylabel("Risk: share of the answered whose\nfirst quote is wrong")
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    axes.set_xlim(0, 1.005)
    axes.set_ylim(0, max([0.1, *(point.risk * 1.15 for point in points)]))
    axes.grid()


def _confidence(figure: Figure, plotted: Plotted, palette: Palette) -> None:
    groups = (
        ("best quote right", palette.right, [item for item in plotted.results if item.best_right]),
        ("best quote wrong", palette.wrong,
         [item for item in plotted.results if item.answerable and not item.best_right]),
        ("not answerable", palette.none, [item for item in plotted.results if not item.answerable]),
    )  # fmt: skip
    rows: Any = figure.subplots(len(groups), sharex=True)
    for axes, (label, colour, own) in zip(rows, groups, strict=True):
        axes.hist(
            [item.confidence for item in own], bins=2 * NUM_BINS, range=(0, 1), color=colour,
            edgecolor=palette.background,
        )  # fmt: skip
        axes.axvline(plotted.threshold, color=palette.text, linewidth=1, linestyle="--")
        refused = sum(not item.answered for item in own)
        axes.text(0.01, 0.93, f"{label}: {len(own)} ({refused} refused)", transform=axes.transAxes, va="top")
        axes.margins(y=0.4)
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    rows[0].set_title("Confidence of right, wrong and unanswerable")
    rows[1].set_ylabel("Questions")
    rows[-1].set_xlabel(f"Confidence (dashed: the threshold, {plotted.threshold:.2f})")
    rows[-1].set_xlim(0, 1)


def _kinds(figure: Figure, plotted: Plotted, palette: Palette) -> None:
    axes: Axes = figure.add_subplot()
    kinds = _shown_kinds(plotted)
    left = len(plotted.figures.kinds) - len(kinds)
    axes.set_title("Right by kind of question" + (f" (and {left} kinds more)" if left else ""))
    shares = [_success(kind) for kind in kinds]
    colours = [palette.right if kind.answerable else palette.none for kind in kinds]
    axes.barh(range(len(kinds)), shares, color=colours, height=0.72)
    for row, (kind, share) in enumerate(zip(kinds, shares, strict=True)):
        what = "first quote right" if kind.answerable else "refused"
        inside = share > 0.5
        axes.annotate(
            f"{share:.0%} {what}, of {kind.questions}", (share, row), (-5 if inside else 5, 0),
            textcoords="offset points", va="center", ha="right" if inside else "left",
            color=palette.background if inside else palette.text,
        )  # fmt: skip
    axes.set_yticks(range(len(kinds)), [kind.kind[:LONGEST_KIND] for kind in kinds])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(kinds), 1) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel("Share of the kind's questions")
    _percent(axes.xaxis)
    axes.grid(axis="x")


def _shown_kinds(plotted: Plotted) -> Sequence[KindFigures]:
    """Answerable kinds first, then the others; in the questions' order."""
    return sorted(plotted.figures.kinds, key=lambda kind: not kind.answerable)[:MOST_KINDS]


def _success(kind: KindFigures) -> float:
    return (kind.right or 0.0) if kind.answerable else 1 - (kind.answered or 0.0)


def _reliability(figure: Figure, plotted: Plotted, palette: Palette) -> None:
    axes: Axes = figure.add_subplot()
    error = plotted.figures.calibration_error
    axes.set_title("Promised and right" + ("" if error is None else f" (calibration error {error:.3f})"))
    axes.plot((0, 1), (0, 1), color=palette.text, linewidth=1, linestyle="--")
    axes.text(0.02, 0.98, "dashed: as promised\nbeside a dot: how many questions", transform=axes.transAxes, va="top")
    for own in plotted.figures.reliability:
        if own.mean_confidence is None or own.share_right is None:
            continue
        axes.plot((own.mean_confidence,) * 2, (own.mean_confidence, own.share_right), color=palette.faint, linewidth=3)
        size = 6 + 14 * (own.questions / max(1, plotted.figures.questions)) ** 0.5
        place = (own.mean_confidence, own.share_right)
        axes.plot(*place, "o", markersize=size, color=palette.right, zorder=3)
        axes.annotate(f"{own.questions}", place, (4 + size / 2, -9), textcoords="offset points")
    axes.set_xlabel("Mean confidence in each tenth")
    axes.set_ylabel("Share whose best quote is right")
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    axes.set_xlim(0, 1.03)
    axes.set_ylim(-0.06, 1.04)
    axes.grid()


def _percent(axis: Any) -> None:
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


_Drawing = tuple[Callable[["Figure", Plotted, Palette], None], Callable[[Plotted], float]]
_PLOTS: dict[str, _Drawing] = {
    "risk_coverage": (_risk_coverage, lambda _: 4.0),
    "confidence": (_confidence, lambda _: 4.6),
    "kinds": (_kinds, lambda plotted: 1.2 + 0.32 * max(1, len(_shown_kinds(plotted)))),
    "reliability": (_reliability, lambda _: 4.6),
}
