"""The events of the Quality tab: who may run an evaluation, and what becomes of what was uploaded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from evaluation import RIGHT
from roleqa.assistant import Assistant
from roleqa.ui.access import Access
from roleqa.ui.app import build_app
from roleqa.ui.quality import SAID

ADA = SimpleNamespace(username="ada")
GUEST = SimpleNamespace(username="guest")
ADMINS = Access(frozenset({"ada"}), "Only an admin can.")


def build(assistant: Assistant) -> gr.Blocks:
    async def inside_a_loop() -> gr.Blocks:
        return build_app(assistant, ADMINS)

    return asyncio.run(inside_a_loop())


def handler(app: gr.Blocks, element_id: str, trigger: str) -> Callable[..., Any]:
    ids = [block._id for block in app.blocks.values() if getattr(block, "elem_id", None) == element_id]
    (found,) = (fn for fn in app.fns.values() if any((id, trigger) in fn.targets for id in ids))
    return cast(Callable[..., Any], found.fn)


def write(file: Path) -> Path:
    label = {"query_id": "q", "question": RIGHT, "answerable": True}
    gold = [{"document": "harbour.md", "quote": "lights the lamp at dusk"}]
    file.write_text(json.dumps({**label, "gold": gold}), encoding="utf-8")
    return file


def wait_for_the_end(app: gr.Blocks) -> tuple[Any, ...]:
    select = handler(app, "quality-tab", "select")
    deadline = time.monotonic() + 120
    while (shown := select(ADA))[0] == SAID["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return cast(tuple[Any, ...], shown)


def test_an_admin_runs_the_questions_of_the_settings(assistant: Assistant, tmp_path: Path) -> None:
    assistant.settings = assistant.settings.model_copy(update={"questions": write(tmp_path / "labels.jsonl")})
    app = build(assistant)
    said, _, hint, run, upload, cancel, timer, report = handler(app, "quality-tab", "select")(ADA)
    assert said == ""
    assert "labels.jsonl" in hint
    assert (run["visible"], run["interactive"], upload["visible"], cancel["visible"]) == (True, True, False, False)
    assert timer["active"] is False
    assert "No evaluation yet" in report
    said, _, _, run, _, cancel, timer, _ = handler(app, "evaluate", "click")(ADA)
    assert said in (SAID["running"], SAID["done"])
    said, progress, _, run, _, cancel, timer, report = wait_for_the_end(app)
    assert (said, progress) == (SAID["done"], "")
    assert (run["interactive"], cancel["visible"], timer["active"]) == (True, False, False)
    assert "1 questions (" in report


def test_others_can_look_and_not_run(assistant: Assistant, tmp_path: Path) -> None:
    assistant.settings = assistant.settings.model_copy(update={"questions": write(tmp_path / "labels.jsonl")})
    app = build(assistant)
    said, _, _, run, _, _, _, report = handler(app, "evaluate", "click")(GUEST)
    assert (said, run["interactive"]) == ("", False)
    assert "No evaluation yet" in report


@pytest.mark.parametrize(("request_", "outcome"), [(ADA, SAID["done"]), (GUEST, "")], ids=["admin", "guest"])
def test_what_was_uploaded_is_deleted(
    assistant: Assistant, tmp_path: Path, request_: SimpleNamespace, outcome: str
) -> None:
    app = build(assistant)
    file = write(tmp_path / "uploaded.jsonl")
    handler(app, "upload-questions", "upload")(str(file), request_)
    assert wait_for_the_end(app)[0] == outcome
    deadline = time.monotonic() + 60
    while file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert handler(app, "upload-questions", "upload")(None, ADA)[4]["visible"] is True
