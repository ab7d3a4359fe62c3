"""Every default has its home here.

Order of precedence: what the caller or a command-line flag passes, `ROLEQA_*` environment variables,
`roleqa.toml` in the working directory, the defaults below. A key that no setting has is an error.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from roleqa.errors import SettingsError

ENVIRONMENT_PREFIX = "ROLEQA_"
CONFIG_FILE = "roleqa.toml"
# The most passages that a search returns.
MAX_TOP_K = 100
# Settings that no longer count, and those that took their place.
RETIRED = {"reranker": "reader", "num_evidence": "read_characters"}
# So that a short question need not wait for a long one, even on one core.
FEWEST_ANSWERED_AT_ONCE = 2


class Settings(BaseSettings):
    """What a user may set. Frozen; passed down explicitly."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, toml_file=CONFIG_FILE, extra="forbid", frozen=True)

    corpus: Path = Field(Path("corpus"), description="Folder of the documents and roles.toml.")
    index: Path = Field(Path("index"), description="Folder of the index.")
    encoder: str = Field(
        "packaged", description="Embedding model: `packaged`, or a sentence-transformers name or path."
    )
    reader: str = Field(
        "packaged",
        description="Reader: `packaged`, or the folder of a transformers question-answering model trained to say that "
        "a passage does not answer, as on SQuAD 2.0.",
    )
    device: str = Field("cpu", description="What another reader runs on, as torch calls it: `cpu`, `cuda`, `mps`.")
    store: Literal["faiss", "milvus"] | None = Field(
        None, description="Where builds keep the vectors. [default: as the index has them; faiss at first]"
    )
    uri: str | None = Field(
        None,
        pattern=r"^[^@\s]+$",
        description="Address of the Milvus server, without a password. [default: as the index has it]",
    )
    token: SecretStr | None = Field(None, description="What Milvus asks for: user:password.")
    collection: str = Field(
        "roleqa",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$",
        description="Alias of the index's live collection in Milvus; the names of all its collections begin with it.",
    )
    strict: bool = Field(False, description="Stop a build at a file that cannot be read.")
    top_k: int = Field(5, ge=1, le=MAX_TOP_K, description="How many passages a search returns.")
    num_candidates: int = Field(
        100, ge=1, le=1000, description="How many passages each of BM25 and FAISS hands to the fusion."
    )
    dense_weight: float = Field(
        0.4, ge=0, le=1, description="Weight of FAISS against BM25 (which gets the rest) in the fusion."
    )
    num_passages: int = Field(20, ge=1, le=200, description="How many passages the reader reads at most.")
    read_characters: int = Field(
        8000, ge=1, description="How much text the reader reads for a question, in characters."
    )
    max_quotes: int = Field(3, ge=1, le=10, description="How many quotes an answer has at most.")
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Below this confidence the documents are said not to answer. [default: as calibrated]",
    )
    max_question_length: int = Field(2000, ge=1, description="Longest question taken, in characters.")
    host: str = Field("127.0.0.1", description="Address the chat listens on.")
    port: int = Field(7860, ge=0, le=65535, description="Port the chat listens on; 0 picks a free one.")
    auth_file: Path | None = Field(None, description="File of the users who may log in; without one, nobody has to.")
    questions: Path | None = Field(
        None, description="File of labelled questions (JSONL) to evaluate the index with, also from the page."
    )
    mcp: bool = Field(False, description="Offer the chat's endpoints as MCP tools as well.")
    watch: bool = Field(False, description="While the chat is served, rebuild when the documents change.")
    max_answering: int | None = Field(
        None, ge=1, description="How many questions are answered at once. [default: one a core, at least 2]"
    )
    max_waiting: int = Field(
        210, ge=0, description="How many questions may wait their turn; more are told to come back."
    )
    max_connections: int = Field(500, ge=10, description="How many connections the chat holds open at once.")
    stop_seconds: float = Field(20.0, ge=0, description="How long a stopping server finishes what it has begun.")
    log: Literal["text", "json"] = Field("text", description="Log lines for people, or a JSON object each.")
    log_questions: bool = Field(False, description="Write what was asked to the log as well.")
    # Settings of earlier versions: accepted, with a warning, for one release.
    reranker: str | None = Field(None, description="No longer used: set `reader`.")
    num_evidence: int | None = Field(None, description="No longer used: set `read_characters`.")

    def __init__(self, **values: Any) -> None:
        unknown = sorted(
            name
            for name in os.environ
            if name.startswith(ENVIRONMENT_PREFIX)
            and name.removeprefix(ENVIRONMENT_PREFIX).lower() not in type(self).model_fields
        )
        if unknown:
            names = ", ".join(unknown)
            raise SettingsError(f"unknown setting in the environment: {names}. Unset it, or mend its name.")
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from error
        except ValueError as error:  # a roleqa.toml that is not TOML
            raise SettingsError(f"{CONFIG_FILE} cannot be read: {error}") from error
        for name, successor in RETIRED.items():
            if getattr(self, name) is not None:
                warnings.warn(f"the setting {name!r} is no longer used; set {successor!r}", FutureWarning, stacklevel=2)

    @property
    def answered_at_once(self) -> int:
        """How many questions are answered at once: each computes on a core and holds its own memory."""
        return self.max_answering or max(FEWEST_ANSWERED_AT_ONCE, _cores())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _cores() -> int:
    """How many cores this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _explain(error: ValidationError) -> str:
    """One line a setting: its name, what it was given, and what is wrong with it."""
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(
                f"unknown setting {name!r} (from a flag, the environment or {CONFIG_FILE}); known: "
                + ", ".join(sorted(Settings.model_fields))
            )
        else:
            lines.append(f"setting {name!r} = {problem['input']!r}: {problem['msg']}")
    return "; ".join(lines)
