"""The corpus becomes a new generation, written beside the live one and then switched in."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from roleqa.errors import CorpusError, IndexDamagedError, IndexMissingError, RoleqaError
from roleqa.index.changes import changes_between
from roleqa.index.content import Content, Part, parts_of, split_part
from roleqa.index.disk import require_room, writing
from roleqa.index.embed import embed
from roleqa.index.integrity import check_files, is_whole
from roleqa.index.layout import IndexFolder
from roleqa.index.load import load_generation, load_index
from roleqa.index.lock import sole_writer
from roleqa.index.manifest import Manifest, Recipe
from roleqa.index.news import News, find_news
from roleqa.index.share import ALL, Share, gathered
from roleqa.index.vectors import (
    check_vectors,
    place_of,
    place_to_build,
    require_server,
    require_store,
    send_share,
    servers_of,
    settle_vectors,
)
from roleqa.index.write import Origin, generation_name, write_generation
from roleqa.ingest.roles import read_roles
from roleqa.protocols import Encoder
from roleqa.settings import Settings
from roleqa.stores import HERE, StorePlace
from roleqa.types import BuildReport, Progress, silent


@dataclass(frozen=True, slots=True)
class _Live:
    """What is live when a build begins; `reason` says why nothing of it can be carried over, and `place` where the
    vectors of the next one go.
    """

    manifest: Manifest | None = None
    is_whole: bool = False
    reason: str = ""
    place: StorePlace = HERE

    @property
    def sources(self) -> Mapping[str, str]:
        return self.manifest.sources if self.manifest else {}


def build_generation(
    settings: Settings,
    encoder: Encoder,
    *,
    full: bool = False,
    wait: float = 0,
    progress: Progress | None = None,
    share: Share = ALL,
    gather: Sequence[Path] = (),
) -> BuildReport:
    """Builds `settings.corpus` into a new live generation of `settings.index`, unless the live one is up to date.

    Documents that have not changed are carried over as they are; none is with `full`. Another build that is running
    is waited for, for at most so many seconds. Of the corpus a `share` is built; what the indexes in `gather` have
    encoded is not encoded again.

    Raises:
        IndexMissingError, IndexMismatchError, IndexDamagedError: an index to gather from cannot be.
        IndexBusyError: another build is running.
        CorpusError, RolesError, ModelError: nothing was built; the live generation stays as it was.
        IndexWriteError, StoreError: it cannot be written or stored, to the same effect.
        BuildCancelledError: `progress` has stopped it, to the same effect.
    """
    started = time.perf_counter()
    index, tell = IndexFolder(settings.index), progress or silent
    with sole_writer(index, tell, wait):
        with writing(index.path):
            index.clear_leftovers()
        recipe = Recipe.of(encoder)
        live = _look(index, recipe, full, place_of(settings))
        place = live.place
        require_store(index, place)
        tell("reading", 0, 0)
        roles = read_roles(settings.corpus)
        news = find_news(settings.corpus, {} if live.reason else live.sources, settings.strict, share)
        if live.manifest and not live.reason and _is_up_to_date(live.manifest, news, settings.corpus, place):
            settle_vectors(index, place, servers_of(index, place))
            return _report(live.manifest, live, started, kept=live.manifest.documents, built=False)
        donors = gathered(gather, recipe, place.token)
        parts, encoded = _embedded_parts(index, live, news, encoder, tell, donors)
        origin = Origin(_unused_time(index), settings.corpus, news, roles, recipe)
        manifest = _switch(index, live, origin, Content.of(parts), tell)
    return _report(manifest, live, started, encoded=encoded, kept=len(news.kept))


def _unused_time(index: IndexFolder) -> datetime:
    """Now, or the next moment that no generation is named after: a clock may have been set back."""
    now = datetime.now(UTC)
    while index.generation(generation_name(now)).path.exists():
        now += timedelta(microseconds=1)
    return now


def build_share(
    settings: Settings,
    encoder: Encoder,
    share: Share,
    *,
    full: bool = False,
    wait: float = 0,
    progress: Progress | None = None,
    gather: Sequence[Path] = (),
) -> BuildReport:
    """Builds a share of the corpus into an index of its own, with its vectors in FAISS.

    Where the settings have vectors in Milvus, the share's are sent there as well, for the build that gathers.

    Raises:
        What `build_generation` does. After a StoreError, building again sends the vectors and encodes nothing.
    """
    place = place_to_build(place_of(settings), None, None)
    require_server(place)
    own = settings.model_copy(update={"store": "faiss", "uri": None})
    report = build_generation(own, encoder, full=full, wait=wait, progress=progress, share=share, gather=gather)
    send_share(load_index(settings.index, encoder.fingerprint).vectors.embeddings(), place, progress or silent)
    return report


def _look(index: IndexFolder, recipe: Recipe, full: bool, wanted: StorePlace) -> _Live:
    """The live generation, and whether a build may carry anything over from it."""
    try:
        folder = index.live()
        manifest = Manifest.load(folder.manifest)
    except IndexMissingError:
        return _Live(reason="there was no index", place=place_to_build(wanted, None, None))
    except RoleqaError as error:
        reason = f"the generation before is of no use: {str(error).partition('; run: ')[0]}"
        return _Live(reason=reason, place=place_to_build(wanted, None, None))
    try:
        check_files(folder, manifest)
        place = place_to_build(wanted, folder, manifest)
        if not full:  # which does without the server that may be away for good
            check_vectors(folder, manifest, wanted)
    except IndexDamagedError as error:
        reason = f"the generation before is damaged: {error.damage}"
        return _Live(manifest, is_whole=False, reason=reason, place=place_to_build(wanted, folder, manifest))
    reason = "--full was asked for" if full else manifest.recipe.difference(recipe)
    return _Live(manifest, is_whole=True, reason=reason, place=place)


def _is_up_to_date(manifest: Manifest, news: News, corpus: Path, place: StorePlace) -> bool:
    now = (news.sources, news.problems, news.refused, str(corpus.resolve()))
    is_there = manifest.vectors.store == place.store
    then = (manifest.sources, manifest.problems, manifest.refused, manifest.corpus)
    return is_there and not news.fresh and now == then


def _embedded_parts(
    index: IndexFolder, live: _Live, news: News, encoder: Encoder, tell: Progress, others: Iterable[Part]
) -> tuple[Sequence[Part], int]:
    """Every document with its embeddings, by id, and how many passages were encoded."""
    known = {} if live.reason else parts_of(load_generation(index.live(), live.place))
    parts = {id: known[id] for id in news.kept}
    for done, source in enumerate(news.fresh, start=1):
        parts[source.document.id] = split_part(source, encoder)
        tell("splitting", done, len(news.fresh))
    if not any(part.passages for part in parts.values()):
        raise CorpusError("the documents have headings at most: write something below them, or add another document")
    ordered = [parts[id] for id in sorted(parts)]
    # Rather than after encoding it all, which may take hours.
    require_room(index.path, _least_size(ordered, live.manifest.dimensions if live.manifest else 0))
    # What was renamed or copied has the bytes, what was changed much of the text of a document before.
    bytes_of_fresh = {source.sha256 for source in news.fresh}
    donors = [part for id, part in known.items() if id not in news.kept or live.sources[id] in bytes_of_fresh]
    return embed(ordered, chain(donors, others), encoder, tell)


def _least_size(parts: Sequence[Part], dimensions: int) -> int:
    """How many bytes a generation of these parts takes up at the very least."""
    texts = sum(len(part.document.text.encode()) for part in parts)
    passages = sum(len(part.passages) for part in parts)
    evidence = sum(len(own) for part in parts for own in part.evidence)
    return texts + dimensions * (4 * passages + 2 * evidence)


def _switch(index: IndexFolder, live: _Live, origin: Origin, content: Content, tell: Progress) -> Manifest:
    """Writes a generation and makes it live; the last one that is whole is kept beside it."""
    tell("writing", 0, 0)
    pending = index.pending(origin.name)
    before = None if live.is_whole else index.before()
    servers = servers_of(index, live.place)
    keep = live.manifest.generation if live.manifest and live.is_whole else None
    if before and is_whole(before):
        keep = before.path.name
    try:
        with writing(index.path, content.size):
            manifest = write_generation(pending, origin, content, live.place, tell)
            tell("switching", 0, 0)
            index.publish(pending, origin.name, keep)
    except BaseException:
        shutil.rmtree(pending.path, ignore_errors=True)
        raise
    settle_vectors(index, live.place, servers)
    return manifest


def _report(
    manifest: Manifest, live: _Live, started: float, *, encoded: int = 0, kept: int = 0, built: bool = True
) -> BuildReport:
    return BuildReport(
        generation=manifest.generation,
        documents=manifest.documents,
        passages=manifest.passages,
        evidence=manifest.evidence,
        encoded=encoded,
        seconds=round(time.perf_counter() - started, 3),
        problems=manifest.problems,
        changes=changes_between(live.sources, manifest.sources),
        kept=kept,
        reason=live.reason,
        built=built,
        vectors=manifest.vectors,
    )
