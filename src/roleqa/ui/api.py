"""The assistant for other programs: ask, search and status, over REST, gradio_client and MCP.

Each endpoint returns its JSON as a string, which is what all three hand on unchanged. The docstrings of the
endpoints are what a client of the API or a language model with the tools is shown.
"""

# Annotations are not postponed here: Gradio reads the type of what an endpoint returns off the function itself.

import inspect
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from roleqa.errors import BusyError, QuestionError, RoleqaError
from roleqa.settings import MAX_TOP_K
from roleqa.types import MODES, Mode
from roleqa.ui.service import Service

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction

# The longest conversation that a call may bring along, in questions.
LONGEST_HISTORY = 100

ENDPOINTS = ("ask", "search", "status")

# Where arguments are given as a JSON object.
CALL_BY_NAME = "/gradio_api/call/v2/"

UNEXPECTED = "Something went wrong that should not have. Try again; the terminal of the server says more."

log = logging.getLogger(__name__)


class ApiError(gr.Error):
    """What a client is told instead of an answer: one message, and no traceback on either side."""

    def __init__(self, message: str) -> None:
        super().__init__(message, print_exception=False)

    def __str__(self) -> str:
        return str(self.message)


def explain_arguments(request: Request, error: Exception) -> Response:
    """What a call by the names of its arguments gets wrong; for FastAPI, as its handler of TypeError."""
    if not request.url.path.startswith(CALL_BY_NAME):
        raise error
    # Gradio's own sentence, without its advice.
    return JSONResponse({"detail": str(error).partition(". ")[0]}, 422)


class ApiBlocks(gr.Blocks):
    """Blocks whose endpoints say what a call lacks, and that fetch no file from an address for anyone."""

    def validate_inputs(self, block_fn: "BlockFunction", inputs: list[Any]) -> None:
        if _has_remote_file(inputs):
            raise ApiError("files are uploaded; this server fetches none from an address")
        if block_fn.fn and block_fn.api_name in ENDPOINTS and len(inputs) < len(block_fn.inputs):
            names = ", ".join(inspect.signature(block_fn.fn).parameters)
            raise ApiError(
                f"{block_fn.api_name} takes {len(block_fn.inputs)} values ({names}) and got {len(inputs)}; "
                "send null for what you leave out"
            )
        super().validate_inputs(block_fn, inputs)


def connect_api(service: Service) -> None:
    """Adds the endpoints to the Blocks that are being built, before any event takes one of their names."""

    async def reply(call: Callable[[], Any]) -> str:
        try:
            return await service.in_turn("api", lambda: _reply(call))
        except BusyError as error:
            raise ApiError(str(error)) from None

    async def ask(question: str, history: list[str] | None = None, role: str | None = None) -> str:
        """Answer a question from the documents, in their own words.

        An answer is made of verbatim quotes, each with its document, section, character offsets and, where the
        document names it, the source that it rests on. Where the documents do not answer, it says so and shows what
        came nearest: never take that for an answer.

        Parameters:
            question: What is asked, in plain words.
            history: The questions asked before, oldest first, if this one follows up on them.
            role: Answer about this role only. Its id; the tool status lists the roles.

        Returns:
            JSON: answered (bool), kind, text with [n] markers, confidence (0 to 1), citations, closest and more.
        """
        return await reply(lambda: _ask(service, question, history, role))

    async def search(query: str, top_k: int | None = None, mode: Mode = "rerank") -> str:
        """List the passages of the documents that fit a query best, best first.

        Parameters:
            query: What to look for: a question or keywords.
            top_k: How many passages to list, from 1 to 100; a handful if left out.
            mode: dense (by meaning), bm25 (by keywords), hybrid (by both) or rerank (by the best quote).

        Returns:
            JSON: a list of passages, each with document, headings, start, end, text and score.
        """
        return await reply(lambda: _search(service, query, top_k, mode))

    async def status() -> str:
        """Say what the documents are, what they cover, and whether they changed since they were indexed.

        Returns:
            JSON: index, documents, passages, roles (id, name), topics, changes, problems and more.
        """
        return await reply(lambda: service.assistant.status().to_dict())

    for endpoint in (ask, search, status):
        # Calls wait for their turn above; those of MCP would otherwise pass Gradio's queue by way of a second login.
        api(endpoint, api_name=endpoint.__name__, queue=False, concurrency_limit=None)


def _has_remote_file(inputs: list[Any]) -> bool:
    """Whether there is a file among the values, however deep, whose path is a URL: Gradio would download it."""
    pending = list(inputs)
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if "://" in str(value.get("path", "")):
                return True
            pending += value.values()
        elif isinstance(value, list | tuple):
            pending += value
    return False


def _reply(call: Callable[[], Any]) -> str:
    try:
        return json.dumps(call(), ensure_ascii=False)
    except RoleqaError as error:
        raise ApiError(str(error)) from None
    except Exception:
        log.exception("a call of the API failed")
        raise ApiError(UNEXPECTED) from None


def _ask(service: Service, question: Any, history: Any, role: Any) -> Any:
    asked = () if history is None else history
    if not isinstance(asked, list | tuple) or not all(isinstance(item, str) for item in asked):
        raise QuestionError("history must be a list of questions, each a string")
    if len(asked) > LONGEST_HISTORY:
        raise QuestionError(f"history has {len(asked)} questions; send the last {LONGEST_HISTORY} at most")
    longest = service.assistant.settings.max_question_length
    if any(len(item) > longest for item in asked):
        raise QuestionError(f"a question in history has more than {longest} characters")
    role = None if role is None else _text("role", role)
    return service.ask("api", _text("question", question), asked, role).to_dict()


def _search(service: Service, query: Any, top_k: Any, mode: Any) -> Any:
    # bool is an int to Python, and a mistake here.
    if top_k is not None and (not isinstance(top_k, int) or isinstance(top_k, bool) or not 1 <= top_k <= MAX_TOP_K):
        raise QuestionError(f"top_k must be a whole number from 1 to {MAX_TOP_K}")
    if mode not in MODES:
        raise QuestionError(f"mode must be one of: {', '.join(MODES)}")
    return [hit.to_dict() for hit in service.search("api", _text("query", query), top_k, mode)]


def _text(name: str, given: Any) -> str:
    if not isinstance(given, str):
        raise QuestionError(f"{name} must be a string")
    return given
