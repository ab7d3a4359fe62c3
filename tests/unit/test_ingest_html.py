"""HTML as people save it: the text of the page, its headings, lists and tables, and nothing of the site around it."""

from __future__ import annotations

import pytest

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.html import read_html


def shown(reading: Reading) -> list[tuple[object, ...]]:
    def cells(row: tuple[tuple[int, int], ...]) -> list[str]:
        return [reading.text[start:end] for start, end in row]

    return [
        (f"h{block.level}", block.title)
        if block.kind == "heading"
        else ("table", *map(cells, (block.header, *block.rows)))
        if block.kind == "table"
        else (block.kind + str(block.level or ""), reading.text[slice(*block.body)])
        for block in reading.blocks
    ]


PAGES = [
    pytest.param("<h1>A</h1><p>One<p>Two", [("h1", "A"), ("paragraph", "One"), ("paragraph", "Two")], id="no-end-tags"),
    pytest.param(
        "<h1>A<h2>B <i>b</i><h2>C</h2>one<p>two",
        [("h1", "A"), ("h2", "B b"), ("h2", "C"), ("paragraph", "one"), ("paragraph", "two")],
        id="headings-without-end-tags",
    ),
    pytest.param("One <b>two</b><i>!</i><br>three", [("paragraph", "One two! three")], id="inline"),
    pytest.param("<div>One<div>two</div>three</div>", [("paragraph", "One"), ("paragraph", "two"), ("paragraph", "three")], id="text-beside-blocks"),
    pytest.param("<ul><li>a<ul><li>b<li>c</ul><li>d</ul>", [("item1", "a"), ("item2", "b"), ("item2", "c"), ("item1", "d")], id="nested-lists"),
    pytest.param("<ul><li><p>a</p><p>b</p></ul>", [("item1", "a"), ("item1", "b")], id="two-paragraphs-in-an-item"),
    pytest.param("<table><tr><th>A<th>B<tr><td>1<td>2</table>", [("table", ["A", "B"], ["1", "2"])], id="table"),
    pytest.param(
        "<table><tr><td>A<td>B<td>C<tr><td rowspan=2>1<td colspan=2>2<tr><td>3<td>4</table>",
        [("table", ["A", "B", "C"], ["1", "2", "2"], ["1", "3", "4"])],
        id="merged-cells-are-repeated",
    ),
    pytest.param(
        "<table><tfoot><tr><td>x<td>y</tfoot><tbody><tr><td>1<td>2</tbody><thead><tr><td>A<td>B</thead></table>",
        [("table", ["A", "B"], ["1", "2"], ["x", "y"])],
        id="head-and-foot-out-of-order",
    ),
    pytest.param("<table><tr><td><h2>A</h2>one<td><p>two</table>", [("paragraph", "A one two")], id="row-alone"),
    pytest.param(
        "<table><tr><td><table><tr><td>A<td>B<tr><td>1<td>2</table><td>beside</table>",
        [("table", ["A", "B"], ["1", "2"]), ("paragraph", "beside")],
        id="table-for-layout",
    ),
    pytest.param("<pre>  one\n    two\n</pre>", [("code", "  one\n    two")], id="code"),
    pytest.param(
        "<nav>Home</nav><header>Site</header><p>Text<aside>Ad</aside><footer>Imprint</footer>",
        [("paragraph", "Text")],
        id="around-the-text",
    ),
    pytest.param("<div role=navigation>Home</div><p hidden>No<p style='display:none'>No<p aria-hidden=true>No<p>Yes", [("paragraph", "Yes")], id="hidden"),
    pytest.param("<div>Menu</div><main><p>Text</main><div>Ad</div>", [("paragraph", "Text")], id="beside-main"),
    pytest.param("<article><header><h1>T</h1></header><p>Text</article>", [("h1", "T"), ("paragraph", "Text")], id="header-of-an-article"),
    pytest.param("<script>x</script><style>y</style><!-- z --><p>A &lt;b&gt; &amp;&nbsp;c", [("paragraph", "A <b> & c")], id="entities"),
    pytest.param("<h2>A<a href=#a>\u00b6</a></h2>b", [("h2", "A"), ("paragraph", "b")], id="sign-that-links"),
    pytest.param("<form><p>Text<button>Go</button></form>", [("paragraph", "Text")], id="page-in-a-form"),
    pytest.param("One<br><br>two<br>goes on<p>three", [("paragraph", "One"), ("paragraph", "two goes on"), ("paragraph", "three")], id="paragraphs-by-breaks"),
    pytest.param("<div role=heading aria-level=2>A</div><p>b", [("h2", "A"), ("paragraph", "b")], id="heading-by-role"),
    pytest.param(
        "<dl><dt>Cook<dd>Cooks.<dt>Keeper<dd>Lights<p>the lamp.</dl>",
        [("paragraph", "Cook"), ("paragraph", "Cooks."), ("paragraph", "Keeper"), ("paragraph", "Lights"), ("paragraph", "the lamp.")],
        id="definitions",
    ),
    pytest.param(
        "<ol start=3><li>c<ol type=a><li>d</ol><li>e</ol><ul><li><b>f</b>: <a href=x>g</a></ul>",
        [("item1", "c"), ("item2", "d"), ("item1", "e"), ("item1", "f: g")],
        id="numbered-and-lettered",
    ),
    pytest.param(
        "<table><caption>Pay</caption><thead><tr><th>Rank<th>Pay</thead><tr><th scope=row>Cook<td><ul><li>two<li>bread</ul></table>",
        [("paragraph", "Pay"), ("table", ["Rank", "Pay"], ["Cook", "two bread"])],
        id="caption-and-list-in-a-cell",
    ),
    pytest.param(
        "<p>Ask the keeper<sup><a href=#n1>[1]</a></sup>.<figure><img alt='A lamp'><figcaption>The lamp</figcaption></figure><ol><li id=n1>See the act.</ol>",
        [("paragraph", "Ask the keeper[1]."), ("paragraph", "The lamp"), ("item1", "See the act.")],
        id="notes-and-figures",
    ),
    pytest.param(
        "<details><summary>More</summary><blockquote>Keep it lit.<footer>The act</footer></blockquote></details>",
        [("paragraph", "More"), ("paragraph", "Keep it lit.")],
        id="details-and-quotations",
    ),
    pytest.param("<html dir=rtl lang=he><h1>\u05d4\u05d0\u05e8\u05db\u05d9\u05d5\u05df</h1><p>\u05e4\u05ea\u05d5\u05d7", [("h1", "\u05d4\u05d0\u05e8\u05db\u05d9\u05d5\u05df"), ("paragraph", "\u05e4\u05ea\u05d5\u05d7")], id="right-to-left"),
    pytest.param(
        "<body><div id=top><a href=/>Site</a></div><div><div><h1>A</h1><div>One <span>two</span></div></div><aside>Ad</aside></div><div class=foot><nav>x</nav></div>",
        [("paragraph", "Site"), ("h1", "A"), ("paragraph", "One two")],
        id="nothing-but-divisions",
    ),
    pytest.param("<p>\ufb01rst co\u00adoperate\u200b d<wbr>one&shy;<p>x&#8209;y", [("paragraph", "\ufb01rst cooperate done"), ("paragraph", "x\u2011y")], id="unseen-signs"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "expected"), PAGES)
def test_a_page(page: str, expected: list[tuple[object, ...]]) -> None:
    assert shown(read_html(page.encode())) == expected


@pytest.mark.parametrize(
    "data",
    [
        "<p>caf\u00e9".encode(),
        "<meta charset=iso-8859-1><p>caf\u00e9".encode("latin-1"),
        "\ufeff<p>caf\u00e9".encode(),
        "<p>caf\u00e9".encode("utf-16"),
        "<meta http-equiv=content-type content='text/html; charset=windows-1252'><p>caf\u00e9".encode("cp1252"),
        "<?xml version='1.0' encoding='utf-8'?><html><body><p>caf\u00e9</p></body></html>".encode(),
    ],
)
def test_a_page_in_the_encoding_that_it_says(data: bytes) -> None:
    assert read_html(data).text == "caf\u00e9\n"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"<nav>Home</nav>", "no text outside of its navigation"),
        (b"<p>caf\xe9", "it is not utf-8"),
        (b"<meta charset=martian><p>a", "it is not martian"),
        (b"<p>a\0b", "binary data"),
    ],
)
def test_a_page_that_cannot_be_read(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        read_html(data)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 50_000 + "deep",
        "<ul><li>" * 5_000 + "deep",
        "<table><tr><td>" * 5_000 + "deep",
        "<p>" + "&amp;" * 100_000,
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'>]><p>&b; deep",
        "<main>" * 2000 + "deep",
    ],
    ids=["deep", "deep-lists", "deep-tables", "entities", "doctype", "mains"],
)
def test_a_hostile_page_is_read_or_refused_in_time(page: str) -> None:
    try:
        assert len(read_html(page.encode()).text) < 200_000
    except UnreadableFileError:
        return


def test_a_cell_as_large_as_a_field_is_refused() -> None:
    page = "<table>" + "<tr><td colspan=99999 rowspan=99999>x<td>y" * 3 + "</table>"
    with pytest.raises(UnreadableFileError, match="cells"):
        read_html(page.encode())
