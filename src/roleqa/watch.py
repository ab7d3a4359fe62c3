"""Keeps an index up to date with its corpus, and an assistant with its index, while both are in use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from roleqa.errors import IndexBusyError, RoleqaError
from roleqa.index.changes import Signature, corpus_changes, corpus_signature
from roleqa.index.layout import IndexFolder
from roleqa.index.manifest import Manifest
from roleqa.settings import Settings

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

# A change is looked at once none has followed it for so many milliseconds, or the longest after the first.
QUIET = 400
LONGEST_UNREST = 10_000
# So many milliseconds pass before the corpus is looked at though nothing was heard: not every file system tells.
LOOK_ANYWAY = 5_000
# Seconds between looks at which generation is live.
FOLLOW_EVERY = 0.5

log = logging.getLogger(__name__)


class Watch:
    """Rebuilds an index when its corpus is no longer what the live generation was built from."""

    def __init__(self, settings: Settings, rebuild: Callable[[], object]) -> None:
        """`rebuild` raises a RoleqaError where nothing comes of it, once it has told whoever should know."""
        self._corpus, self._index = settings.corpus, IndexFolder(settings.index)
        self._rebuild = rebuild
        self._settled: tuple[str, Signature] | None = None

    def run(self, stop: threading.Event) -> None:
        """Looks now, and after each change until it is told to stop. After a rebuild that fails it goes on."""
        self.look()
        for _ in _changes(self._corpus, stop):
            self.look()

    def look(self) -> None:
        """Rebuilds, unless the corpus is as the index has it or as it was when a rebuild failed."""
        seen = self._now()
        if seen == self._settled:
            return
        if not self._differs():
            self._settled = seen
            return
        self.build()

    def build(self) -> None:
        """Rebuilds, whatever there is."""
        seen = self._now()
        try:
            self._rebuild()
        except IndexBusyError:  # whoever builds may have read the corpus before it changed: look again
            return
        except RoleqaError:
            self._settled = seen
        except Exception:
            log.exception("a rebuild went wrong in a way that it should not")
            self._settled = seen

    def _now(self) -> tuple[str, Signature]:
        """Another value where the corpus may differ from the live generation in another way than before."""
        manifest = self._live()
        return manifest.generation if manifest else "", corpus_signature(self._corpus)

    def _differs(self) -> bool:
        manifest = self._live()
        if manifest is None or Path(manifest.corpus) != self._corpus.resolve():
            return True
        return bool(corpus_changes(manifest))

    def _live(self) -> Manifest | None:
        try:
            return Manifest.load(self._index.live().manifest)
        except RoleqaError:
            return None


def _changes(folder: Path, stop: threading.Event) -> Iterator[None]:
    """Comes back after changes below a folder, and every now and then without; ends when told to stop.

    What counts as a document is not decided here: editors' temporary files are changes too.
    """
    import watchfiles

    while not stop.is_set():
        try:
            watched = folder.stat().st_ino
            for _ in watchfiles.watch(
                folder,
                watch_filter=None,
                debounce=LONGEST_UNREST,
                step=QUIET,
                rust_timeout=LOOK_ANYWAY,
                yield_on_timeout=True,
                stop_event=stop,
                ignore_permission_denied=True,
            ):
                yield
                if folder.stat().st_ino != watched:  # another folder of that name
                    break
        except OSError as error:  # the folder is gone, or the system watches no more of them
            log.debug("not told of changes in %s: %s", folder, error)
            stop.wait(LOOK_ANYWAY / 1000)
            yield


def follow(assistant: Assistant, stop: threading.Event, every: float = FOLLOW_EVERY) -> None:
    """Has the assistant go over to whatever generation is made live, by any program, until told to stop."""
    while not stop.wait(every):
        try:
            if assistant.refresh():
                generation = assistant.retriever.index.manifest.generation
                log.info("switched", extra={"fields": {"generation": generation}})
        except RoleqaError as error:
            log.error("switch refused", extra={"fields": {"reason": str(error)}})
        except Exception:
            log.exception("switch failed")
