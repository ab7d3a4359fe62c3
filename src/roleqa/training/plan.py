"""Which examples a run trains on, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from roleqa.training.augment import augmented
from roleqa.training.examples import Example, LabelledGroup, handbook_groups, public_examples

PUBLIC_FILE = Path("public") / "mix-train.jsonl.gz"
HANDBOOKS = "handbooks"
# Kept for reporting: never trained, tuned or calibrated on.
REPORTING_SETS = frozenset({"7", "8"})


def public_units(folder: Path, first: int, count: int) -> list[tuple[Example, ...]]:
    """Rows of the public mix, those on the same passage together, so that a pair of opposites meets in one batch."""
    units: dict[str, list[Example]] = {}
    for example in islice(public_examples(folder / PUBLIC_FILE), first, first + count):
        units.setdefault(example.passage, []).append(example)
    return [tuple(unit) for unit in units.values()]


def handbook_sets(folder: Path) -> tuple[Path, ...]:
    """The folders of labelled questions that may be trained on."""
    found = (path for path in sorted((folder / HANDBOOKS).iterdir()) if (path / "questions.jsonl").is_file())
    return tuple(path for path in found if path.name not in REPORTING_SETS)


def labelled_groups(folders: Iterable[Path]) -> list[LabelledGroup]:
    """The questions of the folders, each beside the passages that our own retrieval brings."""
    groups: list[LabelledGroup] = []
    for folder in folders:
        with TemporaryDirectory() as scratch:
            groups += handbook_groups(folder, Path(scratch))
    return groups


def mixed(
    public: Sequence[tuple[Example, ...]], groups: Sequence[LabelledGroup], passes: int, negatives: int, random: Random
) -> list[Example]:
    """The public rows once and the labelled questions so many times, shuffled, with their questions varied."""
    units = list(public)
    for _ in range(passes):
        units += [group.draw(random, negatives) for group in groups]
    random.shuffle(units)
    return [augmented(example, random) for example in chain.from_iterable(units)]
