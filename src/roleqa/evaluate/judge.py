"""Whether an answer is right: its citations held against the gold quotes, by offsets."""

from __future__ import annotations

from roleqa.evaluate.questions import ALL_GOLD_KINDS, Gold, LabelledQuestion
from roleqa.types import Answer, Citation


def quotes_gold(citation: Citation, gold: Gold) -> bool:
    """Whether a citation and a gold quote overlap in the same document."""
    evidence = citation.evidence
    same = citation.passage.document_id == gold.document
    return same and evidence.start < gold.end and gold.start < evidence.end


def first_quote_right(question: LabelledQuestion, answer: Answer) -> bool:
    """Whether the best evidence is gold."""
    return answer.answered and any(quotes_gold(answer.citations[0], gold) for gold in question.gold)


def gold_complete(question: LabelledQuestion, answer: Answer) -> bool:
    """Whether the citations hold what a full answer needs: all of the gold, or any of it, by the kind."""
    cited = [any(quotes_gold(citation, gold) for citation in answer.citations) for gold in question.gold]
    return all(cited) if question.kind in ALL_GOLD_KINDS else any(cited)
