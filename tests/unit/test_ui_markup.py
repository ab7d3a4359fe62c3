"""Text stays text, whatever it holds."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from roleqa.ui.markup import EMPTY, element, foreign, join, text


class Reading(HTMLParser):
    """What a browser makes of it: the tags with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_any_text_is_read_back_as_itself_and_as_nothing_else(value: str) -> None:
    reading = Reading(text(value))
    assert reading.text == value
    assert reading.tags == []


@given(st.text())
def test_any_attribute_is_read_back_as_itself_and_opens_no_other(value: str) -> None:
    reading = Reading(element("p", title=value))
    assert reading.tags == [("p", {"title": value})]
    assert reading.text == ""


def test_an_element_has_its_children_in_order_and_its_attributes_by_their_html_names() -> None:
    made = element("p", text("a < b"), element("b", text("&")), class_="one two", aria_label='"', id=None)
    assert made == '<p class="one two" aria-label="&quot;">a &lt; b<b>&amp;</b></p>'


def test_foreign_text_keeps_its_direction_to_itself() -> None:
    assert foreign("span", "\u202e<b>") == '<span dir="auto">\u202e&lt;b&gt;</span>'


def test_joining_nothing_is_empty() -> None:
    assert join() == EMPTY == ""
