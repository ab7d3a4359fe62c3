"""HTML as a browser takes it: a tree that says what stands where, and fails on what is not well formed."""

from __future__ import annotations

from html.parser import HTMLParser

# Text that would do something, were it ever taken for anything but text.
HOSTILE = (
    "<script>alert(1)</script>",
    '<img src="http://evil.example/x.png" onerror="alert(1)">',
    '"><img src=x onerror=alert(1)>',
    "<form action='http://evil.example'><input name=q></form>",
    "![picture](http://evil.example/x.png)",
    "[link](javascript:alert(1))",
    "$$\\frac{a}{b}$$",
    "</mark></td></blockquote></details></article><iframe src=//evil.example>",
    "${alert(1)} {{value}} `backticks`",
    "<style>*{display:none}</style><!-- ",
    "&lt;b&gt; &#x3c;",
)


class Element:
    """A parsed element."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str = "", css_class: str = "") -> list[Element]:
        found = []
        for child in self.children:
            if isinstance(child, Element):
                classes = child.attributes.get("class", "").split()
                if tag in ("", child.tag) and (not css_class or css_class in classes):
                    found.append(child)
                found += child.all(tag, css_class)
        return found

    def one(self, tag: str = "", css_class: str = "") -> Element:
        found = self.all(tag, css_class)
        assert len(found) == 1, f"{len(found)} of {tag}.{css_class} in {self.text!r}"
        return found[0]

    def without(self, tag: str, css_class: str) -> str:
        """The text, but not that of some elements."""
        return "".join(
            child
            if isinstance(child, str)
            else ""
            if child.tag == tag and css_class in child.attributes.get("class", "").split()
            else child.without(tag, css_class)
            for child in self.children
        )


class _Tree(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("root", {}, None)
        self.feed(html)
        self.close()
        assert self.here is self.root, f"<{self.here.tag}> is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        assert self.here.parent
        self.here.parent.children.append(self.here)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.here.tag, f"</{tag}> closes <{self.here.tag}>"
        assert self.here.parent
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")


def parse(html: str) -> Element:
    """The root of what some HTML is made of."""
    return _Tree(html).root
