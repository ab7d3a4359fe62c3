"""Which of the evidence an answer quotes."""

from __future__ import annotations

from collections.abc import Sequence

from roleqa.index.terms import terms
from roleqa.retrieve.evidence import ScoredEvidence

# A further quote must be nearly as relevant as the first: its score within this of the first one's.
MARGIN = 2.5
# Two quotes that share more than this part of their terms say the same thing.
SAME = 0.6


def select_evidence(evidence: Sequence[ScoredEvidence], most: int) -> tuple[ScoredEvidence, ...]:
    """The best, and what is nearly as good and adds to it; at most `most`, best first."""
    chosen: list[ScoredEvidence] = []
    for scored in evidence:
        if len(chosen) == most or (chosen and scored.score < chosen[0].score - MARGIN):
            break
        # The parts of a list have its introduction in common, and each adds to it.
        if scored.candidate.evidence.kind == "list" or not any(_repeats(scored, other) for other in chosen):
            chosen.append(scored)
    return tuple(chosen)


def _repeats(scored: ScoredEvidence, other: ScoredEvidence) -> bool:
    """Whether the smaller of two texts is mostly contained in the other."""
    mine, theirs = set(terms(scored.candidate.body)), set(terms(other.candidate.body))
    return len(mine & theirs) > SAME * min(len(mine), len(theirs))
