"""Real disks that fill up, turn read-only or vanish while an index on them, or its corpus, is in use.

python tests/benchmarks/disks.py [--folder DIR]

Mounts small tmpfs, which takes root. Says what happened, and fails where something was lost or raised no clear error.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from durability import make_corpus, small_disk  # noqa: E402

from exchanges import cite, exchange  # noqa: E402
from fakes import OverlapReader, WordEncoder  # noqa: E402
from roleqa.assistant import Assistant, build_index  # noqa: E402
from roleqa.errors import RoleqaError  # noqa: E402
from roleqa.evaluate.background import BackgroundEvaluation  # noqa: E402
from roleqa.feedback.store import load_feedback, save_feedback  # noqa: E402
from roleqa.settings import Settings  # noqa: E402

LABEL = '{"query_id": "q", "question": "Who keeps the lamp?", "answerable": false}'
PATIENCE = 120


def fill(disk: Path) -> Path:
    """Takes up all the room that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
    return ballast


def open_on(settings: Settings) -> Assistant:
    build_index(settings, encoder=WordEncoder())
    return Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())


def evaluate(evaluation: BackgroundEvaluation, labels: Path) -> str:
    assert evaluation.start(labels)
    assert evaluation._thread
    evaluation._thread.join(PATIENCE)
    return evaluation.run.problem or evaluation.run.outcome


def rated(settings: Settings, verdict: str = "up") -> str:
    try:
        save_feedback(settings.index, exchange(cite("Open at nine.")), (), verdict, "x" * 2000)  # type: ignore[arg-type]
    except RoleqaError as error:
        return str(error)
    return "kept"


def full(folder: Path) -> dict[str, str]:
    """Feedback and an evaluation on a disk without room."""
    make_corpus(folder / "corpus", 5)
    labels = folder / "labels.jsonl"
    labels.write_text(LABEL, encoding="utf-8")
    with small_disk(folder / "disk", "3m") as disk:
        settings = Settings(corpus=folder / "corpus", index=disk / "index")
        assistant = open_on(settings)
        evaluation = BackgroundEvaluation(assistant)
        assert (rated(settings), evaluate(evaluation, labels)) == ("kept", "done")
        before = {file.name: file.read_bytes() for file in evaluation.folder.iterdir()}
        ballast = fill(disk)
        said = {"feedback": rated(settings, "down"), "evaluation": evaluate(evaluation, labels)}
        assert {file.name: file.read_bytes() for file in evaluation.folder.iterdir()} == before, "the last report changed"
        assert [item.verdict for item in load_feedback(settings.index)] == ["up"], "feedback was lost"
        assert assistant.ask("Who keeps the lamp?").kind
        ballast.unlink()
        assert (rated(settings, "down"), evaluate(evaluation, labels)) == ("kept", "done")
    assert "see to the folder's permissions and free space" in said["feedback"]
    assert "make room" in said["evaluation"]
    return said


def read_only(folder: Path) -> dict[str, str]:
    """An index on a disk that is mounted again, read-only."""
    make_corpus(folder / "corpus", 5)
    with small_disk(folder / "disk", "3m") as disk:
        settings = Settings(corpus=folder / "corpus", index=disk / "index")
        assistant = open_on(settings)
        assert rated(settings) == "kept"
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader()).ask("Who keeps the lamp?").kind
        assert len(load_feedback(settings.index)) == 1
        said = {"feedback": rated(settings, "down"), "rebuild": _refused(assistant)}
    assert "see to the folder's permissions" in said["feedback"]
    assert "cannot be written to (Read-only file system)" in said["rebuild"]
    return said


def vanishing(folder: Path) -> dict[str, str]:
    """A corpus on a disk that is taken away, with its folder or without."""
    said = {}
    for how in ("corpus", "corpus/documents"):
        home = folder / how.replace("/", "-")
        with small_disk(home / "corpus", "3m") as disk:
            settings = Settings(corpus=home / how, index=home / "index")
            make_corpus(settings.corpus, 5)
            assistant = open_on(settings)
            asked = "Who keeps the lamp?"
            before = assistant.ask(asked).to_dict()
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
            status = assistant.status()
            said[how] = f"{status.corpus_problem or status.changes.removed}; {_refused(assistant)}"
            assert status.corpus_problem or status.changes, "nothing was said"
            assert not assistant.refresh()
            after = assistant.ask(asked).to_dict()
            assert {**after, "seconds": 0, "index": 0} == {**before, "seconds": 0, "index": 0}
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk)], check=True)
    return said


def _refused(assistant: Assistant) -> str:
    try:
        assistant.rebuild()
    except RoleqaError as error:
        return str(error)
    raise AssertionError("the rebuild went on")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to work [default: a temporary folder]")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as name:
        for happening in (full, read_only, vanishing):
            for what, said in happening(Path(name) / happening.__name__).items():
                print(f"{happening.__name__}, {what}: {said}", flush=True)


if __name__ == "__main__":
    main()
