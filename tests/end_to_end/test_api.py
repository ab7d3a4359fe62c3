"""The API as programs use it: over REST, with Gradio's Python client, and as MCP tools with the official client."""

from __future__ import annotations

import asyncio
import base64
import json
import tomllib
import uuid
from typing import Any

import httpx
import pytest
from crew import ADA, GRACE, QUESTION, QUOTE
from gradio_client import Client
from gradio_client.exceptions import AppError, AuthenticationError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent, Tool
from pages import FOCUS, STRATEGIC, TOMATOES
from servers import REPOSITORY

TEXTS = {file.name: file.read_text(encoding="utf-8") for file in (REPOSITORY / "corpus").glob("*.md")}
KEYS = ["question", "resolved_question", "kind", "answered", "text", "confidence", "certainty", "roles", "citations", "columns",
        "closest", "index", "seconds"]  # fmt: skip


@pytest.fixture
def server(shipped_chat: str) -> str:
    """Real models on the corpus that comes with the program, MCP included; no login."""
    return shipped_chat


def client(url: str, auth: tuple[str, str] | None = None) -> Client:
    return Client(url, auth=auth, verbose=False, analytics_enabled=False, download_files=False)


def rest(url: str, endpoint: str, arguments: Any, **options: Any) -> tuple[str, Any]:
    """POSTs a call and GETs its stream of events: the kind of the last, and its data."""
    call = f"{url}gradio_api/call/{endpoint}"
    posted = httpx.post(call, json=arguments, **options)
    assert posted.status_code == 200, posted.text
    stream = httpx.get(f"{call}/{posted.json()['event_id']}", timeout=60, **options)
    event, data = stream.text.strip().splitlines()[-2:]
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def with_mcp(url: str, *calls: tuple[str, dict[str, Any]], headers: dict[str, str] | None = None) -> list[Any]:
    """The tools, then what each call of one returned."""

    async def run() -> list[Any]:
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as http,
            streamable_http_client(f"{url}gradio_api/mcp/", http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return [tools, *[await session.call_tool(name, arguments) for name, arguments in calls]]

    return asyncio.run(run())


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def check_answer(answer: dict[str, Any]) -> None:
    assert list(answer) == KEYS
    assert answer["answered"] is True
    first = answer["citations"][0]
    assert first["quote"] == STRATEGIC
    assert TEXTS[first["document"]][first["start"] : first["end"]] == STRATEGIC
    assert (first["document"], first["row"], first["column"]) == ("role-comparison.md", "Focus area", "Defence Attach\u00e9")


def test_the_server_says_where_its_tools_are(server: str, shipped_said: list[str]) -> None:
    assert shipped_said[0] == f"the chat is at {server} and its MCP tools at {server}gradio_api/mcp/\n"


def test_rest_answers_by_position_and_by_name(server: str) -> None:
    for endpoint, arguments in (("ask", {"data": [FOCUS, None, None]}), ("v2/ask", {"question": FOCUS})):
        event, data = rest(server, endpoint, arguments)
        assert event == "complete"
        check_answer(json.loads(data[0]))
    event, data = rest(server, "v2/ask", {"question": "And the liaison officer?", "history": [FOCUS]})
    assert json.loads(data[0])["resolved_question"] == "What is the focus area of a Military Liaison Officer?"


def test_rest_searches_and_says_its_status(server: str) -> None:
    (hits,) = rest(server, "v2/search", {"query": "military rank", "top_k": 2, "mode": "hybrid"})[1]
    found = json.loads(hits)
    assert [hit["mode"] for hit in found] == ["hybrid", "hybrid"]
    assert all(TEXTS[hit["document"]][hit["start"] : hit["end"]] == hit["text"] for hit in found)
    (status,) = rest(server, "status", {"data": []})[1]
    roles = tomllib.loads((REPOSITORY / "corpus" / "roles.toml").read_text(encoding="utf-8"))["role"]
    assert [role["id"] for role in json.loads(status)["roles"]] == [role["id"] for role in roles]
    assert {"military-liaison-officer", "defence-attache"} <= {role["id"] for role in roles}


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"),
    [
        ("ask", {"data": ["", None, None]}, "the question is empty; ask about something that the documents may say"),
        ("ask", {"data": ["x" * 2001, None, None]}, "the question has 2001 characters; ask it in at most 2000"),
        ("ask", {"data": ["why?", "what?", None]}, "history must be a list of questions, each a string"),
        ("ask", {"data": ["why?"]}, "ask takes 3 values (question, history, role) and got 1; send null for what you leave out"),
        ("v2/ask", {"question": "why?", "role": "../roles.toml"}, "there is no role '../roles.toml' in this corpus"),
        ("v2/search", {"query": "rank", "top_k": 101}, "top_k must be a whole number from 1 to 100"),
        ("v2/search", {"query": "rank", "mode": "psychic"}, "mode must be one of: dense, bm25, hybrid, rerank"),
    ],
)
def test_an_error_is_one_message(server: str, endpoint: str, arguments: Any, message: str) -> None:
    event, data = rest(server, endpoint, arguments)
    assert event == "error"
    assert data.pop("error").startswith(message)
    assert data == {"title": "Error", "visible": True, "duration": 10}  # how a page of Gradio's would show it


@pytest.mark.parametrize(
    ("path", "arguments", "status", "message"),
    [
        ("call/rebuild", {"data": []}, 404, "there is no endpoint 'rebuild'; there are: ask, search, status"),
        ("call/v2/ask", {"q": "why?"}, 422, "Parameter `q` is not a valid key-word argument"),
        ("call/v2/ask", {}, 422, "No value provided for required argument: question"),
        ("run/rebuild", {"data": []}, 404, "there is no endpoint 'rebuild'; there are: ask, search, status"),
    ],
)
def test_a_call_that_cannot_be_made_is_refused(server: str, path: str, arguments: Any, status: int, message: str) -> None:
    refused = httpx.post(f"{server}gradio_api/{path}", json=arguments)
    assert (refused.status_code, refused.json()) == (status, {"detail": message})


def test_these_endpoints_and_no_others(server: str) -> None:
    for query in ("", "?all_endpoints=true"):
        info = httpx.get(f"{server}gradio_api/info{query}").json()
        assert set(info["named_endpoints"]) == {"/ask", "/search", "/status"}
        assert info["unnamed_endpoints"] == {}


def test_gradios_client(server: str) -> None:
    found = client(server)
    check_answer(json.loads(found.predict(FOCUS, api_name="/ask")))
    check_answer(json.loads(found.predict(question=FOCUS, role="defence-attache", api_name="/ask")))
    assert len(json.loads(found.predict("rank", 3, api_name="/search"))) == 3
    assert json.loads(found.predict(api_name="/status"))["documents"] >= 1
    with pytest.raises(AppError) as caught:
        found.predict("", api_name="/ask")
    assert str(caught.value) == "the question is empty; ask about something that the documents may say"


def test_mcp_tools(server: str) -> None:
    tools, *results = with_mcp(
        server,
        ("ask", {"question": FOCUS}),
        ("ask", {"question": "And the liaison officer?", "history": [FOCUS]}),
        ("ask", {"question": TOMATOES}),
        ("search", {"query": "military rank", "top_k": 1}),
        ("status", {}),
    )
    assert [tool.name for tool in tools] == ["ask", "search", "status"]
    assert not any(result.isError for result in results)
    answer, followed, refused, hits, status = (json.loads(text_of(result)) for result in results)
    check_answer(answer)
    assert followed["resolved_question"] == "What is the focus area of a Military Liaison Officer?"
    assert (refused["kind"], refused["citations"]) == ("refusal", [])
    assert TEXTS[hits[0]["document"]][hits[0]["start"] : hits[0]["end"]] == hits[0]["text"]
    assert status["index"]["generation"] == answer["index"]["generation"]


def test_mcp_tools_say_what_they_take(server: str) -> None:
    (tools,) = with_mcp(server)
    ask, search, status = tools
    assert isinstance(ask, Tool)
    assert (ask.description or "").startswith("Answer a question from the documents, in their own words.")
    assert ask.inputSchema["required"] == ["question"]
    assert search.inputSchema["properties"]["mode"]["enum"] == ["dense", "bm25", "hybrid", "rerank"]
    assert status.inputSchema["properties"] == {}
    for tool in (ask, search):
        assert all(said["description"] for said in tool.inputSchema["properties"].values())


def test_an_error_of_a_tool_is_one_message(server: str) -> None:
    _, *results = with_mcp(
        server,
        ("ask", {"question": " "}),
        ("ask", {"question": "why?", "role": "cook"}),
        ("search", {"query": "rank", "top_k": 0}),
        ("rebuild", {}),
    )
    assert all(result.isError for result in results)
    assert [text_of(result).split(";")[0] for result in results] == [
        "the question is empty",
        "there is no role 'cook' in this corpus",
        "top_k must be a whole number from 1 to 100",
        "Unknown tool for this Gradio app: rebuild",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "file=/etc/passwd", "file=../../../../../../etc/passwd", "file=%2e%2e/%2e%2e/etc/passwd", "file=./pyproject.toml",
        "file=/proc/self/environ", "file={corpus}/role-comparison.md", "file={corpus}/roles.toml", "file/etc/passwd",
        "file=file:///etc/passwd", "file=http://127.0.0.1:1/", "proxy=http://127.0.0.1:1/", "custom_component/a/client/b/c",
        "../static/../../../../etc/passwd", "../assets/%2e%2e/%2e%2e/%2e%2e/routes.py",
    ],
)  # fmt: skip
def test_no_file_is_served_that_the_page_does_not_need(server: str, path: str) -> None:
    path = path.format(corpus=REPOSITORY / "corpus")
    # A raw path: a client would tidy up the dots.
    got = httpx.Request("GET", server).url.copy_with(raw_path=f"/gradio_api/{path}".replace("/gradio_api/..", "").encode())
    answer = httpx.get(got)
    assert answer.status_code in (403, 404), answer.text
    assert "root:" not in answer.text
    assert "Defence Attach" not in answer.text


def test_a_page_under_another_name_is_not_served(server: str) -> None:
    refused = httpx.get(server, headers={"Host": "rebound.example"})
    assert (refused.status_code, refused.text) == (400, "Invalid host header")


def test_no_address_is_fetched_for_a_client(server: str) -> None:
    config = httpx.get(f"{server}config").json()
    upload = next(item["id"] for item in config["components"] if item["props"].get("elem_id") == "add-documents")
    event = next(item["id"] for item in config["dependencies"] if [upload, "upload"] in item["targets"])
    file = {"path": "http://192.0.2.1/x.md", "meta": {"_type": "gradio.FileData"}}
    session = uuid.uuid4().hex
    joined = httpx.post(
        f"{server}gradio_api/queue/join", json={"data": [[file], None], "fn_index": event, "session_hash": session}
    )
    assert joined.status_code == 200
    said = httpx.get(f"{server}gradio_api/queue/data", params={"session_hash": session}, timeout=60).text
    assert "this server fetches none from an address" in said


def test_events_that_are_not_known_are_said_to_be_so(server: str) -> None:
    # In the end the server must not have written a traceback of it.
    told = httpx.get(f"{server}gradio_api/queue/data", params={"session_hash": "nobody"})
    assert (told.status_code, '"session_not_found":true' in told.text) == (200, True)
    assert httpx.get(f"{server}gradio_api/call/ask/nobody").text.startswith("event: error")


def test_without_a_login_nothing_is_answered(guarded: str) -> None:
    for method, path in (
        ("POST", "call/ask"), ("POST", "call/v2/ask"), ("POST", "run/ask"), ("POST", "queue/join"), ("POST", "upload"),
        ("POST", "component_server"), ("POST", "mcp/"), ("GET", "mcp/"), ("GET", "mcp/schema"), ("GET", "info"),
        ("GET", "../config"), ("GET", "file=/etc/passwd"), ("GET", "heartbeat/1"), ("GET", "queue/data?session_hash=1"),
    ):  # fmt: skip
        refused = httpx.request(method, f"{guarded}gradio_api/{path}")
        assert (refused.status_code, refused.json()["detail"]["error"]) == (401, "Not authenticated"), path
    with pytest.raises(AuthenticationError):
        client(guarded)
    wrong = httpx.post(f"{guarded}login", data={"username": "ada", "password": "wrong"})
    assert (wrong.status_code, wrong.json()) == (400, {"detail": "Incorrect credentials."})
    with pytest.raises(ValueError, match="Could not login"):
        client(guarded, ("ada", "wrong"))
    for headers in (None, basic("ada", "wrong"), basic("nobody", "correct horse")):
        with pytest.raises(ExceptionGroup) as caught:
            with_mcp(guarded, headers=headers)
        assert "401 Unauthorized" in str(caught.value.exceptions[0])


def test_whoever_logs_in_is_answered(guarded: str) -> None:
    cookies = logged_in(guarded, *GRACE)
    event, data = rest(guarded, "v2/ask", {"question": QUESTION}, cookies=cookies)
    assert (event, json.loads(data[0])["citations"][0]["quote"]) == ("complete", QUOTE)
    answer = json.loads(client(guarded, GRACE).predict(QUESTION, api_name="/ask"))
    assert answer["citations"][0]["quote"] == QUOTE
    _, result = with_mcp(guarded, ("ask", {"question": QUESTION}), headers=basic(*GRACE))
    assert json.loads(text_of(result))["citations"][0]["quote"] == QUOTE


def test_who_logs_out_is_out(guarded: str) -> None:
    cookies = logged_in(guarded, *GRACE)
    assert httpx.get(f"{guarded}config", cookies=cookies).status_code == 200
    assert httpx.get(f"{guarded}logout", cookies=cookies).status_code == 302
    assert httpx.get(f"{guarded}config", cookies=cookies).status_code == 401


def test_only_an_admin_hands_in_files(guarded: str) -> None:
    for user, status in ((GRACE, 403), (ADA, 200)):
        cookies = logged_in(guarded, *user)
        sent = httpx.post(f"{guarded}gradio_api/upload", files={"files": ("a.md", b"# A\n")}, cookies=cookies)
        assert sent.status_code == status


def logged_in(url: str, name: str, password: str) -> dict[str, str]:
    """The cookie of someone who has logged in."""
    answer = httpx.post(f"{url}login", data={"username": name, "password": password})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    return {name: value for name, value in answer.cookies.items() if "unsecure" in name}
