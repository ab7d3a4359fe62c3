"""What an index lives through: builds killed, disks full, bytes flipped; and how little an unchanged corpus costs.

python tests/benchmarks/durability.py [--kills 100] [--full-disks 20] [--documents 5000] [--folder DIR]

Filling a disk mounts a small tmpfs, which takes root.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index, verify_index
from roleqa.errors import DiskFullError, RoleqaError
from roleqa.index.layout import IndexFolder
from roleqa.index.load import load_index
from roleqa.models.encoder import SentenceEncoder
from roleqa.settings import Settings

PLACES = 3


def make_corpus(folder: Path, documents: int, seed: int = 5) -> None:
    """Markdown of made-up words, about 850 bytes a document, in 50 folders."""
    chance = random.Random(seed)
    words = ["".join(chance.choice("bcdfghklmnprst") + chance.choice("aeiou") for _ in range(3)) for _ in range(5000)]

    def sentence(least: int = 6, most: int = 16) -> str:
        return " ".join(chance.choices(words, k=chance.randint(least, most))).capitalize()

    for number in range(documents):
        lines = [f"# {sentence(3, 5)} {number}\n"]
        for _ in range(chance.randint(2, 4)):
            lines += [f"## {sentence(3, 3)}\n", " ".join(f"{sentence()}." for _ in range(chance.randint(2, 5))) + "\n"]
        file = folder / f"part{number % 50:02}" / f"document-{number:05}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines), encoding="utf-8")


def change(corpus: Path, chance: random.Random) -> None:
    """A sentence more in one document, under a heading of its own."""
    file = chance.choice(sorted(corpus.rglob("*.md")))
    text = f"\n## News {chance.randrange(10**9)}\n\nThe keeper of number {chance.randrange(10**9)} was seen.\n"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def check_index(settings: Settings, texts: set[str]) -> int:
    """Loads the index, asks it, and holds every quote and every document against what the files once held."""
    encoder = WordEncoder()
    assistant = Assistant.load(settings, encoder=encoder, reader=OverlapReader())
    index = assistant.retriever.index
    assert {document.text for document in index.documents.values()} <= texts
    quotes = 0
    for passage in index.passages[:: max(1, len(index.passages) // 5)]:
        answer = assistant.ask(index.text(passage, passage.document_id)[:200])
        for citation in (*answer.citations, *answer.closest):
            text = index.documents[citation.passage.document_id].text
            assert text[citation.evidence.start : citation.evidence.end] == citation.quote
            quotes += 1
    return quotes


def kill_builds(folder: Path, kills: int, documents: int = 40, seed: int = 7) -> Counter[str]:
    """Builds that get SIGKILL at random moments; the stages that they were in. The index must be whole after each."""
    chance = random.Random(seed)
    settings = Settings(corpus=folder / "corpus", index=folder / "index")
    make_corpus(settings.corpus, documents)
    texts = {file.read_text(encoding="utf-8") for file in settings.corpus.rglob("*.md")}
    build_index(settings, encoder=WordEncoder())
    started = time.perf_counter()
    build_index(settings, full=True, encoder=WordEncoder())
    whole = time.perf_counter() - started
    stages: Counter[str] = Counter()
    while stages.total() < kills:
        change(settings.corpus, chance)
        texts |= {file.read_text(encoding="utf-8") for file in settings.corpus.rglob("*.md")}
        stage = _killed(settings, chance.uniform(0, whole), full=chance.random() < 0.5)
        check_index(settings, texts)
        stages[stage] += stage != "done"  # not killed in time: it does not count
    report = build_index(settings, encoder=WordEncoder())
    assert len(list((settings.index / "generations").iterdir())) <= 2, "leftovers"
    del stages["done"]
    assert verify_index(settings, encoder=WordEncoder()).is_whole
    assert load_index(settings.index, "words").manifest.generation == report.generation
    return stages


def _killed(settings: Settings, after: float, full: bool) -> str:
    """Forks a build, kills it after so many seconds, and gives the last stage that it told of."""
    heard, told = os.pipe()
    with warnings.catch_warnings():  # that the parent has threads is no harm to a child that is killed
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            tell = lambda stage, *_: os.write(told, f"{stage}\n".encode())  # noqa: E731
            build_index(settings, full=full, encoder=WordEncoder(), progress=tell)
            os.write(told, b"done\n")
        finally:
            os._exit(0)
    os.close(told)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(heard) as stages:
        return ["before", *stages.read().split()][-1]


def kill_commands(folder: Path, kills: int, seed: int = 8) -> int:
    """`roleqa build` with the real encoder, killed at random moments before it was done; how many tries that took."""
    chance = random.Random(seed)
    settings = Settings(corpus=folder / "corpus", index=folder / "index")
    make_corpus(settings.corpus, 10)
    command = [sys.executable, "-m", "roleqa", "build", "--full"]
    command += ["--corpus", str(settings.corpus), "--index", str(settings.index)]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    whole = time.perf_counter() - started
    encoder, killed, tries = SentenceEncoder(), 0, 0
    while killed < kills:
        tries += 1
        change(settings.corpus, chance)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=chance.uniform(0.2, 0.9) * whole)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
        load_index(settings.index, encoder.fingerprint)
    assert verify_index(settings, encoder=encoder).is_whole
    return tries


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs of that size. Raises CalledProcessError where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_disks(folder: Path, times: int, seed: int = 9) -> list[str]:
    """Builds that run out of room at random moments; what each said. The index must live on, and nothing be left."""
    chance = random.Random(seed)
    corpus = folder / "corpus"
    make_corpus(corpus, 60)
    with small_disk(folder / "disk", "4m") as disk:
        settings = Settings(corpus=corpus, index=disk / "index")
        build_index(settings, encoder=WordEncoder())
        needed = sum(file.stat().st_size for file in IndexFolder(settings.index).live().files())
        texts = {file.read_text(encoding="utf-8") for file in corpus.rglob("*.md")}
        said = []
        for _ in range(times):
            change(corpus, chance)
            ballast = disk / "ballast"
            room = shutil.disk_usage(disk).free - chance.randint(0, int(0.95 * needed))
            ballast.write_bytes(b"\0" * room)
            before = IndexFolder(settings.index).live_name()
            try:
                build_index(settings, full=chance.random() < 0.5, encoder=WordEncoder())
            except DiskFullError as error:
                said.append(str(error))
            assert IndexFolder(settings.index).live_name() == before, "the live generation changed"
            assert not list((settings.index / "generations").glob(".new-*")), "leftovers"
            check_index(settings, texts)
            ballast.unlink()
        texts |= {file.read_text(encoding="utf-8") for file in corpus.rglob("*.md")}
        build_index(settings, encoder=WordEncoder())
        check_index(settings, texts)
    return said


def flip_bytes(folder: Path, seed: int = 10) -> tuple[int, int, int]:
    """A byte flipped in each file, in three places; how many flips, how many named, and how many refused at load."""
    chance = random.Random(seed)
    settings = Settings(corpus=folder / "corpus", index=folder / "index")
    make_corpus(settings.corpus, 20)
    build_index(settings, encoder=WordEncoder())
    live = IndexFolder(settings.index).live()
    flips = named = refused = 0
    for file in (*live.files(), live.manifest):
        content = file.read_bytes()
        for place in {0, chance.randrange(len(content)), len(content) - 1} if len(content) > PLACES else {0}:
            file.write_bytes(content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :])
            flips += 1
            named += _names(settings, file.relative_to(live.path).as_posix())
            refused += _refuses(settings)
        file.write_bytes(content)
    assert verify_index(settings, encoder=WordEncoder()).is_whole
    return flips, named, refused


def _names(settings: Settings, name: str) -> bool:
    try:
        return [damage.file for damage in verify_index(settings, encoder=WordEncoder()).damages] == [name]
    except RoleqaError as error:
        return name in str(error)


def _refuses(settings: Settings) -> bool:
    try:
        Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())
    except RoleqaError:
        return True
    return False


class CountedWords(WordEncoder):
    """Passes for the packaged encoder, so that an index of many documents is soon made."""

    def __init__(self) -> None:
        packaged = SentenceEncoder()
        super().__init__(packaged.fingerprint, packaged.window, dimensions=384)
        self.precision = packaged.precision
        self.count_tokens = packaged.count_tokens  # type: ignore[method-assign]


def bring_up_to_date(folder: Path, documents: int) -> dict[str, object]:
    """Times of `roleqa build`, a process each, when nothing and when one document of many has changed."""
    settings = Settings(corpus=folder / "corpus", index=folder / "index")
    make_corpus(settings.corpus, documents)
    first = build_index(settings, encoder=CountedWords())
    figures: dict[str, object] = {"passages": first.passages, "evidence": first.evidence, "first": first.seconds}
    live = IndexFolder(settings.index).live()
    figures["bytes"] = sum(file.stat().st_size for file in live.files())
    started = time.perf_counter()
    load_index(settings.index, SentenceEncoder().fingerprint)
    figures["load"] = round(time.perf_counter() - started, 2)
    code = (
        "import json, sys, roleqa; report = roleqa.build_index(roleqa.Settings(corpus=sys.argv[1], index=sys.argv[2]));"
        "print(json.dumps(report.to_dict() | {'torch': 'torch' in sys.modules, 'faiss': 'faiss' in sys.modules}))"
    )
    command = [sys.executable, "-c", code, str(settings.corpus), str(settings.index)]
    for name in ("unchanged", "changed", "renamed"):
        file = settings.corpus / "part07" / "document-00007.md"
        if name == "changed":
            file.write_text("# Keepers\n\nThe keeper lights the lamp.\n\n## Pilots\n\nThe pilot boards.\n")
        if name == "renamed":
            file.rename(file.with_name("keepers.md"))
        started = time.perf_counter()
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        told = {key: report[key] for key in ("built", "encoded", "kept", "seconds", "torch", "faiss")}
        told["process"] = round(time.perf_counter() - started, 2)
        figures[name] = told
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--commands", type=int, default=5, help="of them with the real encoder, as commands")
    parser.add_argument("--full-disks", type=int, default=20)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--folder", type=Path, help="where to work [default: a temporary folder]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        if arguments.documents:
            print("up to date:", json.dumps(bring_up_to_date(folder / "many", arguments.documents)), flush=True)
        flips, named, refused = flip_bytes(folder / "flips")
        print(f"byte flips: {flips}, named by verify {named}, refused at load {refused}", flush=True)
        stages = kill_builds(folder / "kills", arguments.kills - arguments.commands)
        print(f"kills: {stages.total()}, each left a whole index; at {dict(stages)}", flush=True)
        tries = kill_commands(folder / "commands", arguments.commands)
        print(f"kills of the command: {arguments.commands} in {tries} tries, each left a whole index", flush=True)
        said = fill_disks(folder / "disks", arguments.full_disks)
        print(f"full disks: {len(said)} of {arguments.full_disks} said so, as in: {', '.join(said[:1])}")


if __name__ == "__main__":
    main()
