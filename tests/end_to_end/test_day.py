"""A day's use of a server with the real models: which files it opens, which hosts it asks, and what it leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from crew import QUESTION, make_corpus
from servers import ENVIRONMENT, REPOSITORY, url_of

import roleqa
from roleqa import Settings, build_index

AUDITED = Path(__file__).with_name("audited_server.py")
PATIENCE = 60
LABEL = {"query_id": "q", "question": QUESTION, "answerable": False}
# What Python and the system's own libraries look into.
SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/System", "/Library", "/opt")))
LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", ""}


class Page:
    """What a browser does on the page, as requests."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)
        self.session = uuid.uuid4().hex
        assert self.http.get("").status_code == 200
        self.config: dict[str, Any] = self.http.get("config").json()

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def component(self, kind: str, *, where: Callable[[dict[str, Any]], bool] = lambda _: True) -> int:
        return next(item["id"] for item in self.config["components"] if item["type"] == kind and where(item.get("props", {})))

    def event(self, component: int, name: str, *data: Any) -> str:
        """Has an event of a component happen; everything that the server says of it."""
        number = next(item["id"] for item in self.config["dependencies"] if [component, name] in [list(t) for t in item["targets"]])
        inputs = next(item["inputs"] for item in self.config["dependencies"] if item["id"] == number)
        values = [*data, *[None] * (len(inputs) - len(data))]
        body = {"data": values, "fn_index": number, "session_hash": self.session, "event_data": None, "trigger_id": component}
        joined = self.http.post("gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        with self.http.stream("GET", "gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            said = "\n".join(self._until_done(stream))
        assert '"success":false' not in said.replace(" ", ""), said
        return said

    @staticmethod
    def _until_done(stream: httpx.Response) -> Iterator[str]:
        for line in stream.iter_lines():
            yield line
            if "process_completed" in line or "close_stream" in line:
                return

    def call(self, name: str, data: str) -> Any:
        """Calls a function of the page's own script's; whichever component has it."""
        for item in self.config["components"]:
            if name in item.get("props", {}).get("server_fns", []):
                body = {"component_id": item["id"], "fn_name": name, "data": data, "session_hash": self.session}
                return self.http.post("gradio_api/component_server/", json=body).json()
        raise AssertionError(f"no component has {name}")

    def upload(self, name: str, content: bytes) -> dict[str, Any]:
        path = self.http.post("gradio_api/upload", files={"files": (name, content)}).json()[0]
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def ask_api(self, endpoint: str, **arguments: Any) -> Any:
        event = self.http.post(f"gradio_api/call/v2/{endpoint}", json=arguments).json()["event_id"]
        said = self.http.get(f"gradio_api/call/{endpoint}/{event}").text
        assert "event: complete" in said, said
        return json.loads(json.loads(said.strip().splitlines()[-1].removeprefix("data: "))[0])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a corpus, its index by the packaged models, an empty home and a folder for temporary files."""
    corpus, index = make_corpus(tmp_path)
    build_index(Settings(corpus=corpus, index=index))
    for name in ("home", "temporary", "work"):
        (tmp_path / name).mkdir()
    return tmp_path


def served(place: Path, log: Path) -> subprocess.Popen[str]:
    hidden = ("XDG_", "HF_", "TRANSFORMERS_", "TORCH_", "MPL", "GRADIO_")
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(hidden)}
    environment |= {"HOME": str(place / "home"), "TMPDIR": str(place / "temporary"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(AUDITED), str(log), "serve", "--watch", "--port", "0"]
    command += ["--corpus", str(place / "corpus"), "--index", str(place / "index")]
    with (place / "errors").open("w") as errors:
        return subprocess.Popen(command, env=environment, cwd=place / "work", stdout=subprocess.PIPE, stderr=errors, text=True)


def use(page: Page, place: Path) -> None:
    """Asks, opens, rates, exports, uploads, rebuilds, evaluates."""
    box = page.component("textbox", where=lambda props: "question" in str(props.get("label")).lower())
    assert "Ask something else" not in page.event(box, "submit", QUESTION)
    assert page.ask_api("ask", question=QUESTION)["answered"] in (True, False)
    assert page.ask_api("search", query="leave", mode="dense")
    assert page.ask_api("status")["documents"] == 1
    assert "<mark" in str(page.call("open_link", "?document=leave.md&start=9&end=40"))
    file = page.upload("buoys.md", b"# Buoys\n\nA buoy is painted red in winter.\n")
    uploads = [item["targets"] for item in page.config["dependencies"] if any(name == "upload" for _, name in item["targets"])]
    corpus_upload, labels_upload = (next(id for id, name in targets if name == "upload") for targets in uploads)
    assert "buoys.md" in page.event(corpus_upload, "upload", [file])
    wait_for(lambda: page.ask_api("status")["documents"] == 2)
    page.event(labels_upload, "upload", page.upload("labels.jsonl", json.dumps(LABEL).encode()))
    wait_for((place / "index" / "evaluation" / "report.html").exists)
    assert page.http.get("metrics").status_code == 200


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def test_nothing_but_its_own_is_opened_nobody_is_asked_and_nothing_is_left(place: Path) -> None:
    log = place / "audit"
    process = served(place, log)
    private = place / "temporary" / f"roleqa-{os.getuid()}"
    try:
        with Page(url_of(process)) as page:
            use(page, place)
        assert [path.name for path in (place / "temporary").iterdir()] == [private.name]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, (place / "errors").read_text()
    finally:
        process.kill()
        process.communicate()
    assert [path.name for path in private.iterdir()] == [".lock"]
    assert list((place / "home").rglob("*")) == []
    assert list((place / "work").rglob("*")) == []
    entries = {tuple(line.split("\t", 1)) for line in log.read_text(encoding="utf-8").splitlines()}
    hosts = {what for kind, what in entries if kind == "host"}
    assert hosts
    assert hosts <= LOOPBACK
    programs = {what for kind, what in entries if kind == "program"}
    # The plots look for fonts, a report names the version of the source, a bounded reader is Python once more.
    assert programs <= {"fc-list", "git", "uname", sys.executable}
    changed = {Path(what) for kind, what in entries if kind == "write"}
    own = (place / "corpus", place / "index", private)
    # Python itself tries whether the folder for temporary files can be written to.
    tried = {path for path in changed if path.parent == place / "temporary" and re.fullmatch(r"[a-z0-9_]{8}", path.name)}
    assert {str(path) for path in changed - tried if not is_below(path, (*own, Path("/dev")))} == set()
    python = {Path(sys.prefix), Path(sys.base_prefix), Path(roleqa.__file__).parents[1], REPOSITORY / "tests"}
    read = {Path(what) for kind, what in entries if kind == "read"}
    # The plots look for fonts.
    fonts = (place / "home" / ".fonts", place / "home" / ".local" / "share" / "fonts")
    allowed = (*own, *python, *(path.resolve() for path in python), *SYSTEM, *fonts, place / "work" / "roleqa.toml")
    assert {str(path) for path in read if not is_below(path, allowed)} == set()


def test_what_a_killed_server_left_is_cleaned_at_the_next_start(place: Path) -> None:
    private = place / "temporary" / f"roleqa-{os.getuid()}"
    process = served(place, place / "audit")
    try:
        with Page(url_of(process)) as page:
            page.upload("buoys.md", b"# Buoys\n")
        left = [path for path in private.rglob("buoys.md") if path.is_file()]
        assert len(left) == 1
    finally:
        process.kill()
        process.communicate()
    assert left[0].exists()
    process = served(place, place / "audit")
    try:
        url_of(process)
        assert not left[0].exists()
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()
