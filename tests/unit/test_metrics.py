"""What is counted of questions, searches and rebuilds, and how it is read."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from roleqa.assistant import Assistant
from roleqa.errors import BuildCancelledError, BusyError, CorpusError, IndexDamagedError, QuestionError
from roleqa.ui.line import STOPPING, Line
from roleqa.ui.metrics import MetricsEndpoint
from roleqa.ui.service import Service

ANSWERED = "How many weeks of leave has a harbour pilot in summer?"
COMPARED = "Compare the leave of keeper and pilot"


@pytest.fixture
def service(assistant: Assistant) -> Service:
    return Service(assistant)


def values(service: Service) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its labels' values."""
    families = text_string_to_metric_families(service.metrics.exposition().decode())
    return {
        (sample.name.removeprefix("roleqa_"), *(value for name, value in sorted(sample.labels.items()) if name != "le")): sample.value
        for family in families
        for sample in family.samples
    }


def test_questions_are_counted_by_what_came_of_them(service: Service) -> None:
    for question in (ANSWERED, ANSWERED, COMPARED, "How do tomatoes grow?"):
        service.ask("chat", question)
    with pytest.raises(QuestionError):
        service.ask("api", " ")
    found = values(service)
    counts = {name[1:]: value for name, value in found.items() if name[0] == "questions_total"}
    assert counts == {("answer", "chat"): 2, ("comparison", "chat"): 1, ("refusal", "chat"): 1, ("invalid", "api"): 1}
    assert found["question_seconds_count", "chat"] == 4
    assert {name[1] for name in found if name[0] == "stage_seconds_count"} == {"encode", "dense", "bm25", "read", "rest"}


def test_searches_are_counted(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service.search("api", "lamp", 2, "bm25") == service.assistant.search("lamp", 2, "bm25")
    with pytest.raises(QuestionError):
        service.search("api", "", 2, "bm25")

    def fail(*_: Any) -> None:
        raise IndexDamagedError("a file is gone")

    monkeypatch.setattr(service.assistant, "search", fail)
    with pytest.raises(IndexDamagedError):
        service.search("chat", "lamp", 2, "bm25")
    counts = {name[1:]: value for name, value in values(service).items() if name[0] == "searches_total"}
    assert counts == {("hits", "api"): 1, ("invalid", "api"): 1, ("error", "chat"): 1}


@pytest.mark.parametrize(
    ("error", "outcome"), [(None, "built"), (BuildCancelledError("x"), "cancelled"), (CorpusError("x"), "failed"), (ZeroDivisionError(), "failed")]
)
def test_rebuilds_are_counted(service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception | None, outcome: str) -> None:
    if error:
        def fail(_: Any) -> None:
            raise error

        monkeypatch.setattr(service.assistant, "rebuild", fail)
        with pytest.raises(type(error)):
            service.rebuild.run_here()
    else:
        corpus = service.assistant.settings.corpus
        (corpus / "lamps.md").write_text("# Lamps\n\nA lamp burns oil.\n", encoding="utf-8")
        assert service.rebuild.run_here().documents == 2
    assert {name[1]: value for name, value in values(service).items() if name[0] == "builds_total"} == {outcome: 1}


def test_a_rebuild_that_found_nothing_changed_is_not_counted_as_one(service: Service) -> None:
    assert not service.rebuild.run_here().built
    assert {name[1]: value for name, value in values(service).items() if name[0] == "builds_total"} == {"unchanged": 1}


def test_what_answers_now_is_told(service: Service) -> None:
    found = values(service)
    status = service.assistant.status()
    assert found["index_info", status.generation.built_at, status.generation.id] == 1
    assert [found[name,] for name in ("documents", "passages", "stale", "questions_waiting", "questions_running")] == [1, 4, 0, 0, 0]
    assert found["process_resident_memory_bytes",] > 10_000_000
    (service.assistant.settings.corpus / "new.md").write_text("# New\n", encoding="utf-8")
    assert values(service)["stale",] == 1


def test_no_question_is_in_it(service: Service) -> None:
    service.ask("chat", "Who is Zebulon the keeper?")
    assert b"zebulon" not in service.metrics.exposition().lower()


def test_it_is_read_at_its_own_address_alone(service: Service) -> None:
    async def gradio(scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async def get() -> list[httpx.Response]:
        transport = httpx.ASGITransport(MetricsEndpoint(gradio, service.metrics))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.get(path) for path in ("/metrics", "/metrics/", "/")]

    metrics, *others = asyncio.run(get())
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "roleqa_passages 4.0" in metrics.text
    assert [other.text for other in others] == ["/metrics/", "/"]


def test_a_closed_line_answers_who_is_in_it_and_lets_nobody_join(service: Service) -> None:
    async def scene(line: Line) -> list[Any]:
        let_on = asyncio.Event()

        async def work() -> int:
            async with line.turn("chat"):
                await let_on.wait()
                return 7

        begun = asyncio.create_task(work())
        await asyncio.sleep(0)
        line.close()
        with pytest.raises(BusyError) as caught:
            await service.in_turn("chat", lambda: 0)
        let_on.set()
        return [str(caught.value), line.refusal, await begun, line.idle]

    assert asyncio.run(scene(service.line)) == [STOPPING, STOPPING, 7, True]
    assert values(service)["busy_total", "chat"] == 1


def test_a_question_is_logged_without_its_words(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = service.ask("api", ANSWERED)
    fields = caplog.records[-1].fields  # type: ignore[attr-defined]
    assert list(fields) == ["route", "kind", "answered", "confidence", "generation", "stale", "seconds", "stages"]
    assert (fields["route"], fields["kind"], fields["generation"]) == ("api", "answer", answer.index.id)
    with pytest.raises(QuestionError):
        service.ask("api", "why?", role="zebulon")
    assert caplog.records[-1].fields == {"route": "api", "kind": "invalid", "error": "QuestionError"}  # type: ignore[attr-defined]
    service.assistant.settings = service.assistant.settings.model_copy(update={"log_questions": True})
    service.ask("api", ANSWERED)
    assert caplog.records[-1].fields["question"] == ANSWERED  # type: ignore[attr-defined]
