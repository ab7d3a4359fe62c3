"""Plain text aligned with the marked-up source that it came from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roleqa.ingest.markup import plain
from roleqa.text.alignment import align, source_span

WORDS = st.text("abcdefgh", min_size=1, max_size=6)
MARKUP = st.sampled_from(("{}", "*{}*", "**{}**", "`{}`", "~~{}~~", "[{}](x/abc.md)", "**[{}](y.md)**"))


@given(st.text(alphabet=st.sampled_from("ab *_`[]()<>&;#!\\~\n>|é\N{EM DASH}"), max_size=80))
def test_every_offset_lies_inside_the_source_and_none_goes_back(source: str) -> None:
    own = plain(source)
    offsets = align(own, source)
    assert len(offsets) == len(own)
    assert list(offsets) == sorted(offsets)
    assert all(0 <= offset < len(source) for offset in offsets)


@given(st.text(max_size=60), st.text(max_size=60))
def test_texts_that_have_nothing_to_do_with_each_other_give_spans_inside_the_source(own: str, source: str) -> None:
    assert all(0 <= offset < max(len(source), 1) for offset in align(own, source))


# No more words than `plain` takes the marks of: it leaves text alone that has very many.
@given(st.lists(st.tuples(WORDS, MARKUP), min_size=1, max_size=5))
def test_every_word_is_found_again_inside_its_markup(words: list[tuple[str, str]]) -> None:
    source = " ".join(markup.format(word) for word, markup in words)
    own = plain(source)
    assert own == " ".join(word for word, _ in words)
    before = before_source = 0
    for word, markup in words:
        start, end = source_span(own, source, before, before + len(word))
        inside = before_source + markup.index("{}")
        assert (start, end) == (inside, inside + len(word))
        before += len(word) + 1
        before_source += len(markup.format(word)) + 1
