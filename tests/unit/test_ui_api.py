"""The endpoints for other programs: what they answer, what they refuse, and what they say of themselves."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import gradio as gr
import pytest
from gradio.utils import get_function_description
from starlette.requests import Request

from roleqa.assistant import Assistant
from roleqa.errors import IndexDamagedError
from roleqa.types import MODES
from roleqa.ui.api import ENDPOINTS, UNEXPECTED, ApiBlocks, ApiError, connect_api, explain_arguments
from roleqa.ui.line import BUSY
from roleqa.ui.service import Service


def blocks(assistant: Assistant) -> ApiBlocks:
    async def build() -> ApiBlocks:
        with ApiBlocks(analytics_enabled=False) as app:
            connect_api(Service(assistant))
        return app

    return asyncio.run(build())


def endpoint(assistant: Assistant, name: str) -> Callable[..., Awaitable[str]]:
    (found,) = (fn.fn for fn in blocks(assistant).fns.values() if fn.api_name == name)
    return cast(Callable[..., Awaitable[str]], found)


def called(assistant: Assistant, name: str, *arguments: Any) -> Any:
    async def call() -> str:
        return await endpoint_of(*arguments)

    endpoint_of = endpoint(assistant, name)
    return json.loads(asyncio.run(call()))


def test_ask_answers_as_the_assistant_does(assistant: Assistant) -> None:
    question = "How many weeks of leave has a harbour pilot in summer?"
    answer = called(assistant, "ask", question)
    assert {**answer, "seconds": 0} == {**assistant.ask(question).to_dict(), "seconds": 0}
    assert answer["citations"][0]["quote"] == "Four weeks in summer"


def test_ask_takes_a_conversation_and_a_role(assistant: Assistant) -> None:
    followed = called(assistant, "ask", "And the keeper?", ["How many weeks of leave has a harbour pilot in summer?"])
    assert followed["resolved_question"] == "How many weeks of leave has a Lighthouse Keeper in summer?"
    assert called(assistant, "ask", "How many weeks of leave in winter?", None, "keeper")["citations"][0]["quote"] == "Six weeks in winter"


def test_search_lists_passages(assistant: Assistant) -> None:
    assert called(assistant, "search", "lamp", 1, "bm25") == [hit.to_dict() for hit in assistant.search("lamp", 1, "bm25")]
    assert len(called(assistant, "search", "lamp", 3, "dense")) == 3
    assert len(called(assistant, "search", "lamp")) == len(assistant.search("lamp"))


def test_status_says_what_is_answered_from(assistant: Assistant) -> None:
    status = called(assistant, "status")
    assert status == json.loads(json.dumps(assistant.status().to_dict()))
    assert [role["id"] for role in status["roles"]] == ["keeper", "pilot"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("ask", ["  "], "the question is empty; ask about something that the documents may say"),
        ("ask", ["x" * 2001], "the question has 2001 characters; ask it in at most 2000"),
        ("ask", [7], "question must be a string"),
        ("ask", ["why?", None, "cook"], "there is no role 'cook' in this corpus; its roles are: keeper, pilot"),
        ("ask", ["why?", None, ["keeper"]], "role must be a string"),
        ("ask", ["why?", "what?"], "history must be a list of questions, each a string"),
        ("ask", ["why?", {"0": "what?"}], "history must be a list of questions, each a string"),
        ("ask", ["why?", ["what?", 7]], "history must be a list of questions, each a string"),
        ("ask", ["why?", ["what?"] * 101], "history has 101 questions; send the last 100 at most"),
        ("ask", ["why?", ["x" * 2001]], "a question in history has more than 2000 characters"),
        ("search", [""], "the question is empty; ask about something that the documents may say"),
        ("search", [["lamp"]], "query must be a string"),
        *(("search", ["lamp", top_k], "top_k must be a whole number from 1 to 100") for top_k in (0, -1, 101, 1.5, "5", True)),
        ("search", ["lamp", 5, "psychic"], "mode must be one of: dense, bm25, hybrid, rerank"),
        ("search", ["lamp", 5, ["bm25"]], "mode must be one of: dense, bm25, hybrid, rerank"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_message(
    assistant: Assistant, name: str, arguments: list[Any], message: str
) -> None:
    with pytest.raises(ApiError) as caught:
        called(assistant, name, *arguments)
    assert (str(caught.value), caught.value.message) == (message, message)
    assert caught.value.print_exception is False
    assert caught.value.__cause__ is None


def test_the_bounds_are_reached(assistant: Assistant) -> None:
    assert called(assistant, "ask", "x" * 2000, ["x" * 2000] * 100)["answered"] is False
    assert len(called(assistant, "search", "lamp", 100, "dense")) == 4


def test_an_error_nobody_foresaw_is_told_to_the_log_alone(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("secret/path")

    monkeypatch.setattr(assistant, "status", fail)
    with caplog.at_level(logging.ERROR), pytest.raises(ApiError) as caught:
        called(assistant, "status")
    assert str(caught.value) == UNEXPECTED
    assert "secret/path" in caplog.text


def test_an_error_of_the_index_is_passed_on(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise IndexDamagedError("the index is damaged", "roleqa build")

    monkeypatch.setattr(assistant, "search", fail)
    with pytest.raises(ApiError, match="^the index is damaged; run: roleqa build$"):
        called(assistant, "search", "lamp")


def test_calls_take_turns(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow() -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return status

    status = assistant.status()
    monkeypatch.setattr(assistant, "status", slow)
    assistant.settings = assistant.settings.model_copy(update={"max_answering": 3})
    call = endpoint(assistant, "status")

    async def together() -> list[str]:
        return list(await asyncio.gather(*(call() for _ in range(12))))

    assert len(asyncio.run(together())) == 12
    assert most == 3


def test_who_comes_when_too_many_wait_is_told_to_come_back(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = assistant.status()
    gate = threading.Event()

    def slow() -> Any:
        gate.wait(10)
        return status

    assistant.settings = assistant.settings.model_copy(update={"max_waiting": 2, "max_answering": 4})
    monkeypatch.setattr(assistant, "status", slow)
    call = endpoint(assistant, "status")

    async def together() -> list[Any]:
        calls = [asyncio.create_task(call()) for _ in range(7)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        gate.set()
        return list(await asyncio.gather(*calls, return_exceptions=True))

    *answered, refused = asyncio.run(together())
    assert [json.loads(said)["documents"] for said in answered] == [1] * 6
    assert (type(refused), str(refused)) == (ApiError, BUSY)


def test_the_endpoints_are_typed_and_explained(assistant: Assistant) -> None:
    app = blocks(assistant)
    info = app.get_api_info()
    assert tuple(name.lstrip("/") for name in info["named_endpoints"]) == ENDPOINTS
    types = {
        name: {item["parameter_name"]: item["python_type"]["type"] for item in said["parameters"]}
        for name, said in info["named_endpoints"].items()
    }
    assert types == {
        "/ask": {"question": "str", "history": "None | list[str]", "role": "None | str"},
        "/search": {"query": "str", "top_k": "None | int", "mode": f"Literal{list(MODES)}"},
        "/status": {},
    }
    assert {said["returns"][0]["python_type"]["type"] for said in info["named_endpoints"].values()} == {"str"}
    for fn in app.fns.values():
        assert fn.fn
        description, parameters, returns = get_function_description(fn.fn)
        assert description.endswith(".")
        assert all(parameters.values()), parameters
        assert len(returns) == 1
        assert returns[0].startswith("JSON: ")


def test_a_call_that_lacks_a_value_is_told_which_there_are(assistant: Assistant) -> None:
    app = blocks(assistant)
    (ask,) = (fn for fn in app.fns.values() if fn.api_name == "ask")
    app.validate_inputs(ask, ["why?", None, None])
    with pytest.raises(ApiError, match=r"^ask takes 3 values \(question, history, role\) and got 1; send null"):
        app.validate_inputs(ask, ["why?"])


@pytest.mark.parametrize(
    ("value", "fetched"),
    [
        ({"path": "http://192.0.2.1/x.md", "meta": {"_type": "gradio.FileData"}}, True),
        ([{"a": [{"path": "HTTPS://192.0.2.1/x.md"}]}], True),
        ({"path": "/tmp/gradio/1/x.md"}, False),
        ("http://192.0.2.1/x.md", False),
        ({"path": None}, False),
    ],
)
def test_no_file_is_fetched_for_a_client(assistant: Assistant, value: Any, fetched: bool) -> None:
    app = blocks(assistant)
    (ask,) = (fn for fn in app.fns.values() if fn.api_name == "ask")
    if fetched:
        with pytest.raises(ApiError, match="this server fetches none"):
            app.validate_inputs(ask, ["why?", None, value])
    else:
        app.validate_inputs(ask, ["why?", None, value])


def test_an_argument_that_there_is_not_is_named() -> None:
    request = Request({"type": "http", "path": "/gradio_api/call/v2/ask", "headers": [], "server": ("x", 1)})
    answer = explain_arguments(request, TypeError("Parameter `q` is not a valid key-word argument. Please click here."))
    assert (answer.status_code, json.loads(bytes(answer.body))) == (
        422,
        {"detail": "Parameter `q` is not a valid key-word argument"},
    )
    elsewhere = Request({"type": "http", "path": "/config", "headers": [], "server": ("x", 1)})
    with pytest.raises(TypeError, match="a bug"):
        explain_arguments(elsewhere, TypeError("a bug"))


def test_errors_are_gradios() -> None:
    assert issubclass(ApiError, gr.Error)
