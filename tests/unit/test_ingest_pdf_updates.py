"""PDFs that were protected, and PDFs that were changed by writing what is new behind what was there."""

from __future__ import annotations

import io
import zlib

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from hostile_files import pdf
from roleqa.errors import UnreadableFileError
from roleqa.ingest.bounded import read_bounded

TEXT = "The zebra sleeps at noon."
PASSWORD = "it is protected by a password: save it without one"


def shown(text: str) -> bytes:
    return b"BT /F 12 Tf 72 700 Td (%s) Tj ET" % text.encode()


def stream(content: bytes) -> bytes:
    packed = zlib.compress(content)
    return b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed)


def protected(user: str, owner: str, strength: int) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, encrypt=StandardEncryption(user, owner, canCopy=0, canModify=0, strength=strength))
    canvas.drawString(60, 700, TEXT)
    canvas.save()
    return file.getvalue()


def updated(data: bytes, objects: dict[int, bytes], *, free: tuple[int, ...] = (), before: int | None = None) -> bytes:
    """The PDF with other objects in place of its own, written behind it, and with some that are there no more."""
    place = int(data.rsplit(b"startxref\n", 1)[1].split()[0]) if before is None else before
    body, rows = data, b""
    for number, content in objects.items():
        rows += b"%d 1\n%010d 00000 n \n" % (number, len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows += b"".join(b"%d 1\n0000000000 00001 f \n" % number for number in free)
    start = len(body)
    return body + b"xref\n%strailer\n<</Root 1 0 R/Size 9999/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (rows, place, start)


def read(data: bytes) -> str:
    return read_bounded(".pdf", data).text


def read_or_refused(data: bytes) -> str:
    """The text, or why there is none."""
    try:
        return read(data)
    except UnreadableFileError as error:
        return str(error)


@pytest.mark.parametrize("strength", [40, 128])
def test_one_that_anybody_may_open_is_read(strength: int) -> None:
    assert read(protected("", "owner", strength)) == f"{TEXT}\n"


@pytest.mark.parametrize("strength", [40, 128])
def test_one_with_a_password_is_refused(strength: int) -> None:
    with pytest.raises(UnreadableFileError, match=PASSWORD):
        read(protected("secret", "owner", strength))


ENCRYPTED = {
    "another way": b"<</Filter/Other/V 9>>",
    "a version to come": b"<</Filter/Standard/V 99/R 99/O(a)/U(b)/P -1>>",
    "nothing in it": b"<<>>",
    "half of it": b"<</Filter/Standard/V 2/R 3>>",
    "no dictionary": b"7",
    "itself": b"9 0 R",
    "a key of no length": b"<</Filter/Standard/V 2/R 3/Length 0/O(a)/U(b)/P -1>>",
    "a key of a great length": b"<</Filter/Standard/V 2/R 3/Length 2147483640/O(a)/U(b)/P -1>>",
}


@pytest.mark.parametrize("how", ENCRYPTED)
def test_one_encrypted_in_an_odd_way_is_refused(how: str) -> None:
    data = pdf(shown(TEXT)).replace(b"/Root 1 0 R", b"/Root 1 0 R/ID[(a)(b)]/Encrypt 9 0 R").replace(b"xref\n0 1", b"9 0 obj\n%s\nendobj\nxref\n0 1" % ENCRYPTED[how], 1)
    data = data.replace(b"trailer", b"9 1\n%010d 00000 n \ntrailer" % data.index(b"9 0 obj"), 1)
    with pytest.raises(UnreadableFileError) as caught:
        read(data)
    assert str(caught.value).startswith(("it is encrypted", "it is protected", "it is broken", "reading it takes over 5 seconds"))


def test_what_was_changed_is_read_and_not_what_was_there_before() -> None:
    data = pdf(shown("The zebra sleeps at night."))
    once = updated(data, {4: stream(shown(TEXT))})
    assert read(once) == f"{TEXT}\n"
    assert read(updated(once, {4: stream(shown("It wakes at dusk."))})) == "It wakes at dusk.\n"


def test_a_page_that_was_added_is_read() -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 2001 0 R/Resources<</Font<</F 3 0 R>>>>>>"
    pages = b"<</Type/Pages/Count 2/Kids[1000 0 R 2000 0 R]>>"
    data = updated(pdf(shown(TEXT)), {2: pages, 2000: page, 2001: stream(shown("It wakes at dusk."))})
    reading = read_bounded(".pdf", data)
    assert reading.text == f"{TEXT}\n\nIt wakes at dusk.\n"
    assert len(reading.pages) == 2


def test_a_page_that_was_taken_out_is_not_read() -> None:
    pages = b"<</Type/Pages/Count 1/Kids[1001 0 R]>>"
    data = updated(pdf(shown(TEXT), pages=2), {2: pages}, free=(1000,))
    reading = read_bounded(".pdf", data)
    assert (reading.text, len(reading.pages)) == (f"{TEXT}\n", 1)


def test_many_changes_are_read() -> None:
    data = pdf(shown("The zebra sleeps at night."))
    for number in range(200):
        data = updated(data, {4: stream(shown(f"Change {number}."))})
    assert read(data) == "Change 199.\n"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("before", [0, 5, 10**6, 2**31, "itself"])
def test_a_change_that_leads_nowhere_or_to_itself_ends(before: int | str) -> None:
    data = pdf(shown("The zebra sleeps at night."))
    start = len(updated(data, {4: stream(shown(TEXT))}, before=0).rsplit(b"xref\n", 2)[0])
    changed = updated(data, {4: stream(shown(TEXT))}, before=start if before == "itself" else int(before))
    assert read_or_refused(changed).startswith((f"{TEXT}\n", "it is broken"))


def test_a_change_cut_short_is_read_as_far_as_it_goes_or_refused() -> None:
    data = updated(pdf(shown(TEXT)), {4: stream(shown("It wakes at dusk."))})
    for end in (len(data) - 10, len(data) - 60, data.rindex(b"trailer")):
        assert read_or_refused(data[:end]).startswith((f"{TEXT}\n", "It wakes at dusk.\n", "it is broken"))
