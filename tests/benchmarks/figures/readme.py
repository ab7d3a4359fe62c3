"""The figures of the README: what stands between two comments there is made of what was measured."""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.figures.as_shipped import kinds, modes, program
from benchmarks.figures.by_size import indexes
from benchmarks.figures.data import Figures, Table, as_revision, found
from roleqa.evaluate.display import as_share

# A block begins with its name; what is in it is written anew.
_BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def with_figures(readme: str, figures: Figures) -> str:
    """The README with its figures made anew. Raises KeyError where a block has a name that none has."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{_BLOCKS[block[2]](figures)}\n{block[3]}", readme)


def markdown(table: Table) -> str:
    if not table.rows:
        return "Not measured.\n"
    lines = [table.heads, ("---",) * len(table.heads), *table.rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n" for cells in lines)


def _measured_on(figures: Figures) -> str:
    """Machines, revisions and days, mostly one of each, in a sentence."""
    stamps = [part["stamp"] for part in figures.values() if "found" in part]
    if not stamps:
        return ""
    machines = sorted({f"{one['machine']['processor']}, {one['machine']['cores']} cores" for one in stamps})
    revisions = sorted({as_revision(one["git"]) for one in stamps})
    days = sorted({one["at"][:10] for one in stamps})
    others = max((one["others"] or 0.0 for one in stamps), default=0.0)
    beside = f"; others had up to {as_share(others, 0)} of the machine meanwhile" if others >= 0.1 else ""
    when = " to ".join(dict.fromkeys((days[0], days[-1])))
    return f"On {'; '.join(machines)} (revision {' and '.join(revisions)}; {when}{beside}):\n\n"


def _program(figures: Figures) -> str:
    return _measured_on(figures) + markdown(program(figures))


def _quality(figures: Figures) -> str:
    own = found(figures, "shipped").get("quality")
    if not own:
        return "Not measured.\n"
    auroc = "" if own["auroc"] is None else f"; the AUROC of confidence, answerable against not, is {own['auroc']:.2f}"
    exact = f"{own['exact_quotes']:.1%} of all quotes were exact{auroc}.\n"
    return f"{markdown(kinds(figures))}\n{markdown(modes(figures))}\n{exact}"


_BLOCKS: dict[str, Callable[[Figures], str]] = {
    "program": _program,
    "quality": _quality,
    "sizes": lambda figures: markdown(indexes(figures)),
}
