"""The process that reads files for others: used again, bounded, replaced, and gone with the one that asked."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from test_formats_refused import flood, printed

from roleqa.errors import UnreadableFileError
from roleqa.ingest import bounded
from roleqa.ingest.bounded import read_bounded
from roleqa.ingest.limits import LARGEST, MAX_BYTES, MAX_PARTS, Limits
from roleqa.ingest.readers import PARSERS

PAGE = b"<!DOCTYPE html><title>Lamps</title><p>The keeper lights the lamp at dusk."
# A process that reads files as the real one does, but for what these lines change before.
CHANGED = """
    import sys, time
    from roleqa.ingest import reader_process
    from roleqa.ingest.blocks import Block, Reading, Span
    def parse(data):
        {}
        return Reading("Read.\\n", (Block("paragraph", 0, 5, Span(0, 5)),))
    reader_process.PARSERS = {{".html": parse}}
    reader_process.main()
"""


def pid() -> int:
    """The process that reads files."""
    assert bounded._READER._process
    return bounded._READER._process._process.pid


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def program(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", textwrap.dedent(script))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Each test begins and ends without such a process."""
    bounded.stop()
    yield
    bounded.stop()


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    def change(line: str) -> None:
        monkeypatch.setattr(bounded, "_COMMAND", program(CHANGED.format(line)))

    yield change
    bounded.stop()  # before the command is the real one again


def test_what_is_read_is_what_a_parser_gives() -> None:
    for suffix, data in ((".html", PAGE), (".csv", b"Name,Rank\nAda,Colonel\n"), (".pdf", printed("The lamp is lit."))):
        assert read_bounded(suffix, data) == PARSERS[suffix](data)
    assert read_bounded(".html", PAGE).title == "Lamps"


def test_one_process_reads_all_files() -> None:
    read_bounded(".html", PAGE)
    first = pid()
    with pytest.raises(UnreadableFileError, match="it has no text outside of its navigation"):
        read_bounded(".html", b"<nav>Home</nav>")
    read_bounded(".csv", b"Name,Rank\nAda,Colonel\n")
    assert pid() == first


def test_threads_get_each_its_own_answer() -> None:
    pages = [b"<p>Lamp %d is lit." % number for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        readings = pool.map(lambda page: read_bounded(".html", page), pages)
    assert [reading.text for reading in readings] == [f"Lamp {number} is lit.\n" for number in range(40)]


def test_processor_time_is_bounded_and_the_next_file_is_read() -> None:
    data = printed("x")
    read_bounded(".pdf", data)
    first = pid()
    with pytest.raises(UnreadableFileError, match=r"reading it takes over 0.1 seconds of processor time, the limit for a file of . kB: split it"):
        read_bounded(".pdf", flood(100_000_000), replace(Limits.of(len(data)), seconds=0.1))
    assert not is_there(first)
    assert read_bounded(".pdf", data).text == "x\n"


def test_time_that_passes_without_work_is_none(changed: object) -> None:
    changed("time.sleep(1)")  # type: ignore[operator]
    assert read_bounded(".html", PAGE, replace(Limits.of(100), seconds=0.5)).text == "Read.\n"


def test_memory_is_bounded_and_the_next_file_is_read(changed: object) -> None:
    changed("bytearray(400_000_000 if data == b'large' else 1000)")  # type: ignore[operator]
    read_bounded(".html", b"small")
    first = pid()
    with pytest.raises(UnreadableFileError, match="reading it takes over 320 MB of memory, the limit for a file of 1 kB: split it"):
        read_bounded(".html", b"large")
    assert not is_there(first)
    assert read_bounded(".html", b"small").text == "Read.\n"


def test_a_process_that_has_grown_is_replaced(changed: object) -> None:
    changed("global kept; kept = bytearray(200_000_000)")  # type: ignore[operator]
    assert read_bounded(".html", PAGE).text == "Read.\n"
    assert bounded._READER._process is None


def test_a_parser_that_fails_is_one_error(changed: object) -> None:
    changed("raise KeyError('odd\\nvalue')")  # type: ignore[operator]
    with pytest.raises(UnreadableFileError, match=r"it is broken \('odd\\nvalue'\): save it again from the program that made it"):
        read_bounded(".html", PAGE)


def test_what_libraries_print_is_no_answer(changed: object) -> None:
    changed("print('noise'); sys.stderr.write('noise'); import os; os.write(1, b'5\\nnoise')")  # type: ignore[operator]
    assert [read_bounded(".html", PAGE).text for _ in range(2)] == ["Read.\n"] * 2


ANSWERS_NOTHING = r"it is broken \(the program that reads it gives no answer\)"
CRASHED = r"it is broken \(the program that reads it has crashed\)"
READ = "import sys, time; sys.stdin.buffer.readline();"
AMISS = {
    "garbage": (READ + "print('garbage ' * 9, flush=True); time.sleep(60)", ANSWERS_NOTHING),
    "no JSON": (READ + "print('5\\nabcde', flush=True); time.sleep(60)", ANSWERS_NOTHING),
    "no object": (READ + "print('2\\n[]', flush=True); time.sleep(60)", ANSWERS_NOTHING),
    "nothing in it": (READ + "print('2\\n{}', flush=True); time.sleep(60)", ANSWERS_NOTHING),
    "blocks that are none": (READ + 'import json; a = json.dumps({"text": "", "blocks": [[1]]}); print(len(a), a, sep="\\n", flush=True); time.sleep(60)', ANSWERS_NOTHING),
    "more than it says": (READ + "print('2\\n{} and more', flush=True); time.sleep(60)", ANSWERS_NOTHING),
    "more than it may": (READ + "print('9' * 15, flush=True); time.sleep(60)", ANSWERS_NOTHING),
    "half an answer": (READ + "print('9\\n{', end='', flush=True); sys.exit(3)", CRASHED),
    "hangs before it listens": ("import time; time.sleep(60)", ANSWERS_NOTHING),
    "hangs before it answers": (READ + "time.sleep(60)", ANSWERS_NOTHING),
    "ends at once": ("import sys; sys.exit(1)", CRASHED),
    "ends as if idle": ("pass", CRASHED),
    "is killed for memory": ("import os; os.kill(os.getpid(), 9)", "reading it takes over 3.. MB of memory"),
    "aborts": ("import os; os.abort()", CRASHED),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("case", AMISS)
def test_a_process_that_goes_wrong_is_one_error_and_is_replaced(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    script, message = AMISS[case]
    data = PAGE if "answer" in case or "listens" not in case else PAGE * 20_000  # more than a pipe holds
    with monkeypatch.context() as patched:
        patched.setattr(bounded, "_COMMAND", program(script))
        patched.setattr(bounded, "HANG_SECONDS", 0.3)
        with pytest.raises(UnreadableFileError, match=message):
            read_bounded(".html", data)
        bounded.stop()
    assert read_bounded(".html", PAGE).text


def test_a_process_at_work_does_not_hang(monkeypatch: pytest.MonkeyPatch, changed: object) -> None:
    monkeypatch.setattr(bounded, "HANG_SECONDS", 0.1)
    changed("end = time.process_time() + 1\n        while time.process_time() < end: pass")  # type: ignore[operator]
    assert read_bounded(".html", PAGE).text == "Read.\n"


def test_a_process_that_was_killed_meanwhile_is_replaced() -> None:
    read_bounded(".html", PAGE)
    assert bounded._READER._process
    os.kill(pid(), 9)
    bounded._READER._process._process.wait()
    assert read_bounded(".html", PAGE).text


def test_an_idle_process_ends_and_the_next_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "from roleqa.ingest import reader_process; reader_process.IDLE_SECONDS = 0.1; reader_process.main()"
    monkeypatch.setattr(bounded, "_COMMAND", program(script))
    read_bounded(".html", PAGE)
    first = pid()
    assert bounded._READER._process
    assert bounded._READER._process._process.wait(timeout=20) == 0
    read_bounded(".html", PAGE)
    assert pid() != first
    bounded.stop()


def test_an_interrupt_leaves_no_half_an_answer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bounded._Process, "_more", interrupted)
        with pytest.raises(KeyboardInterrupt):
            read_bounded(".html", b"<p>One.")
    assert read_bounded(".html", b"<p>Two.").text == "Two.\n"


def output(script: str) -> str:
    """What another program prints, which may end as it likes."""
    done = subprocess.run(program(script), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, timeout=60, check=False)
    return done.stdout.strip()


def test_importing_starts_nothing() -> None:
    assert output("import roleqa.ingest.readers, roleqa.ingest.bounded as b; print(b._READER._process)") == "None"


START = """
    import os, sys, signal, time
    from roleqa.ingest import bounded
    bounded.read_bounded(".html", b"<p>The lamp is lit.")
    print(bounded._READER._process._process.pid, flush=True)
"""


@pytest.mark.parametrize("end", ["", "os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)", "raise SystemExit(2)"])
def test_the_process_ends_with_the_one_that_started_it(end: str) -> None:
    process = int(output(START + f"    {end}\n"))
    patience = time.monotonic() + 20
    while is_there(process) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not is_there(process)


FORKED = START + """
    if os.fork() == 0:
        print(bounded.read_bounded(".html", b"<p>From the copy.").text.strip(), flush=True)
        bounded.stop()
        os._exit(0)
    os.wait()
    print(bounded.read_bounded(".html", b"<p>From the first.").text.strip(), flush=True)
    print(bounded._READER._process._process.pid, flush=True)
"""


def test_a_copy_of_the_program_has_a_process_of_its_own() -> None:
    first, *texts, last = output(FORKED).splitlines()
    assert texts == ["From the copy.", "From the first."]
    assert first == last


def test_limits_grow_with_the_file_up_to_those_of_the_longest() -> None:
    small, large = Limits.of(1000, ".pdf"), Limits.of(1_000_000, ".pdf")
    assert (small.seconds, large.seconds) == (5.04, 45)
    assert (small.parts, large.parts) == (50_250, 300_000)
    assert (LARGEST.characters, LARGEST.parts) == (MAX_BYTES, MAX_PARTS)
    assert Limits.of(1_000_000, ".html").seconds == 9
