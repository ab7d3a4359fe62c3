"""A small corpus, the two who may ask it, and a server for them with models that count words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers import running

from fakes import WordEncoder
from roleqa import Settings, build_index
from roleqa.ui.users import PasswordHash, User, add_user

WORD_CLI = Path(__file__).with_name("word_cli.py")

# Ada is an admin.
ADA = ("ada", "correct horse")
GRACE = ("grace", "battery staple")

QUESTION = "How many weeks of leave has a harbour pilot?"
QUOTE = "A harbour pilot has four weeks of leave in summer."
DOCUMENT = f"# Leave\n\nA lighthouse keeper is relieved in winter. {QUOTE}\n"


def make_corpus(folder: Path) -> tuple[Path, Path]:
    """A corpus of one document in that folder, and where its index is to be."""
    (folder / "corpus").mkdir()
    (folder / "corpus" / "leave.md").write_text(DOCUMENT, encoding="utf-8")
    return folder / "corpus", folder / "index"


@contextmanager
def serving(folder: Path, *arguments: str | Path, login: bool, said: list[str] | None = None) -> Iterator[str]:
    """Runs `roleqa serve` on the corpus in that folder, for ada and grace alone where there is a login."""
    (corpus, index), auth_file = make_corpus(folder), folder / "users.txt"
    build_index(Settings(corpus=corpus, index=index), encoder=WordEncoder())
    for name, password in (ADA, GRACE) if login else ():
        add_user(auth_file, User(name, name == ADA[0], PasswordHash.of(password)))
    users = ("--auth-file", auth_file) if login else ()
    places = ("--corpus", corpus, "--index", index, "--port", "0")
    with running(WORD_CLI, "serve", *places, *users, *arguments, said=said) as url:
        yield url
