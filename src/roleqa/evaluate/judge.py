"""Whether an answer is right: its citations held against the gold quotes, by offsets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from roleqa.evaluate.questions import ALL_GOLD_KINDS, Gold, LabelledQuestion
from roleqa.index.load import Index
from roleqa.index.terms import fold, word_spans
from roleqa.retrieve.evidence import ScoredEvidence
from roleqa.types import Answer, Citation, Document, Evidence, Passage


def quotes_gold(citation: Citation, gold: Gold) -> bool:
    """Whether a citation and a gold quote overlap in the same document."""
    return _overlap(gold, citation.passage.document_id, citation.evidence)


def holds_gold(passage: Passage, gold: Gold) -> bool:
    """Whether a passage and a gold quote overlap in the same document."""
    return _overlap(gold, passage.document_id, passage)


def evidence_is_gold(index: Index, scored: ScoredEvidence, golds: Iterable[Gold]) -> bool:
    """Whether what was read overlaps any of the gold quotes."""
    document = index.passages[scored.row].document_id
    return any(_overlap(gold, document, scored.candidate.evidence) for gold in golds)


def best_is_gold(question: LabelledQuestion, answer: Answer) -> bool:
    """Whether the best evidence is gold, be it cited or, in a refusal, only the closest."""
    best = (*answer.citations, *answer.closest)[:1]
    return any(quotes_gold(citation, gold) for citation in best for gold in question.gold)


def first_quote_right(question: LabelledQuestion, answer: Answer) -> bool:
    """Whether the question is answered, and the best evidence is gold."""
    return answer.answered and best_is_gold(question, answer)


def gold_complete(question: LabelledQuestion, answer: Answer) -> bool:
    """Whether the citations hold what a full answer needs: all of the gold, or any of it, by the kind."""
    cited = [any(quotes_gold(citation, gold) for citation in answer.citations) for gold in question.gold]
    return all(cited) if question.kind in ALL_GOLD_KINDS else any(cited)


def answer_f1(question: LabelledQuestion, answer: Answer) -> float | None:
    """How well the answering words of the best evidence, where that is right, agree with the label, from 0 to 1.

    F1 of their words, as in SQuAD (Rajpurkar et al. 2016, arXiv 1606.05250). None where no words are shown or labelled.
    """
    best = next(iter((*answer.citations, *answer.closest)), None)
    if best is None or best.answer is None or not question.answer or not best_is_gold(question, answer):
        return None
    shown, wanted = (Counter(fold(text[a:b]) for a, b in word_spans(text)) for text in (best.parts[1], question.answer))
    common = (shown & wanted).total()
    return 2 * common / (shown.total() + wanted.total()) if common else 0.0


def is_exact(citation: Citation, documents: Mapping[str, Document]) -> bool:
    """Whether a quote is, character for character, what its document says at its offsets."""
    evidence = citation.evidence
    document = documents.get(citation.passage.document_id)
    return document is not None and document.text[evidence.start : evidence.end] == citation.quote


def _overlap(gold: Gold, document: str, span: Passage | Evidence) -> bool:
    return document == gold.document and span.start < gold.end and gold.start < span.end
