"""``copilot-ls index``, ``search`` and ``status``."""

from __future__ import annotations

import asyncio
import json
import math
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from copilot_ls import indexing, wiring
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, plain, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.cli.watch import follow
from copilot_ls.config import Settings
from copilot_ls.errors import ConfigError, ModelError, ModelTimeout, ModelUnavailable
from copilot_ls.features.reranking import N_READ, rerank
from indexer.errors import IndexerError
from indexer.model import (
    Hit,
    IndexState,
    IndexStatus,
    Query,
    SearchMode,
    UpdateProgress,
    UpdateReport,
)

_SECONDS_BETWEEN_PROGRESS = 0.2
# Longer than this, nobody waits for a better order who did not ask for one.
_SECONDS_TO_RERANK = 10.0

PathArgument = Annotated[
    Path, typer.Argument(metavar="[PATH]", help="The project, or a folder in it.")
]


def build(
    context: typer.Context,
    path: PathArgument = Path(),
    as_json: JsonOption = False,
    vectors: Annotated[
        bool, typer.Option(help="Make embeddings for searches in plain words.")
    ] = True,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make it anew; embeddings are kept.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and follow what changes on disk.")
    ] = False,
    only_vectors: Annotated[
        bool, typer.Option("--only-vectors", hidden=True, help="Embed what is indexed.")
    ] = False,
    publish: Annotated[
        str,
        typer.Option(
            metavar="FOLDER", help="Put the embeddings there afterwards, for other machines."
        ),
    ] = "",
    pull: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            help="Take embeddings from such a folder, or its address, instead of making them.",
        ),
    ] = "",
    json_lines: Annotated[
        bool, typer.Option("--json-lines", hidden=True, help="Progress and report, for the server.")
    ] = False,
) -> None:
    """Index a repository, or bring its index up to date."""
    # An editor may have opened a part of a repository; its index is of that part.
    root = path.resolve() if json_lines else find_root(path)
    settings = options_of(context).settings_for(root)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    indexing.be_a_background_process(lower_priority=json_lines)
    if json_lines:
        _build_for_server(root, settings, vectors=vectors, only_vectors=only_vectors, stop=stop)
        return
    if pull:
        if not vectors:
            raise ConfigError(
                "--pull and --no-vectors contradict each other", remedy="leave one of them away"
            )
        settings = replace(settings, index=replace(settings.index, pull_from=pull, vectors=True))
    if wiring.is_url(publish):
        raise ConfigError(
            "--publish writes to a folder", remedy="upload the folder with a tool of your choice"
        )
    with closing(wiring.open_index(root, settings)) as index:
        if pull:
            index.check_sources()
        with _progress_bars(quiet=as_json) as on_progress:
            report = index.update(
                on_progress=on_progress,
                should_stop=stop.is_set,
                with_vectors=vectors,
                rebuild=rebuild,
            )
        made = index.publish(Path(publish)) if publish and not stop.is_set() else None
        if as_json:
            print_json(
                {"root": root, "stopped": stop.is_set(), "report": report, "published": made}
            )
        else:
            _print_report(root, report, index.status())
            if made is not None:
                console().print(
                    f"  published: {made.n_new:,} vectors ({made.n_bytes / 1e6:,.1f} MB) beside "
                    f"{made.n_known:,} in {escape(made.place)}"
                )
        if watch and not stop.is_set():
            follow(index, stop=stop, vectors=vectors, as_json=as_json)
            return
    if stop.is_set():
        print("stopped; run again to continue where it stopped", file=sys.stderr)
        raise typer.Exit(ExitCode.USAGE)


def search(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of a purpose, or a name.")
    ] = None,
    usage: Annotated[
        str, typer.Option("--usage", metavar="NAME", help="Real calls of a symbol instead.")
    ] = "",
    related: Annotated[
        str,
        typer.Option("--related", metavar="FILE", help="A file's tests and companions instead."),
    ] = "",
    path: Annotated[Path, typer.Option("--in", help="The project.")] = Path(),
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200)] = 10,
    explain: Annotated[
        bool, typer.Option("--explain", help="Every signal with its value and its rank.")
    ] = False,
    wants_rerank: Annotated[
        bool | None,
        typer.Option(
            "--rerank/--no-rerank",
            help="Let the model put the best answers to a question in order, in 2 to 5 seconds. "
            "[default: for people; not with --json]",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find code by words or by name, real uses of a symbol, or files that belong together."""
    if sum(map(bool, (words, usage, related))) != 1:
        raise ConfigError(
            "search wants one thing", remedy="give words, or --usage NAME, or --related FILE"
        )
    root = find_root(path)
    settings = options_of(context).settings_for(root)
    if usage:
        query = Query(usage, SearchMode.USAGE, limit=limit)
    elif related:
        query = Query(_within(root, path, related), SearchMode.RELATED, limit=limit)
    else:
        query = Query(" ".join(words or ()), SearchMode.NL, limit=max(limit, N_READ))
    is_question = query.mode is SearchMode.NL and len(query.text.split()) > 1
    with closing(wiring.open_index(root, settings)) as index:
        if index.status().state is IndexState.MISSING:
            raise IndexerError(f"{root} is not indexed", remedy="run `copilot-ls index` first")
        hits = index.search(query)
    if is_question and len(hits) > 1 and (not as_json if wants_rerank is None else wants_rerank):
        hits = _reranked(query.text, hits, root, settings, is_needed=bool(wants_rerank))
    hits = hits[:limit]
    if as_json:
        print_json(hits)
        return
    if not hits:
        console().print("nothing found")
        raise typer.Exit(ExitCode.FINDINGS)
    for hit in hits:
        _print_hit(hit, explain=explain)


def _reranked(
    question: str, hits: list[Hit], root: Path, settings: Settings, *, is_needed: bool
) -> list[Hit]:
    """The hits in the model's order; unless it is needed, as they are without one in good time."""

    async def ask() -> list[Hit]:
        engines = wiring.Engines(settings)
        try:
            model = await engines.completion_model()
            if model is None:
                raise ModelUnavailable("models are off", remedy="set model.engine to auto")
            # This loads it, if nobody has; from here on the time counts.
            if not (is_needed or (await model.capabilities()).can_judge):
                return hits
            async with asyncio.timeout(None if is_needed else _SECONDS_TO_RERANK):
                return await rerank(model, question, hits, wiring.lines_reader(root, settings))
        except TimeoutError as error:
            raise ModelTimeout("the model took too long", remedy="use --no-rerank") from error
        finally:
            await engines.aclose()

    try:
        with console(stderr=True).status("the model reads the best of them"):
            return asyncio.run(ask())
    except ModelError as error:
        if is_needed:
            raise
        console(stderr=True).print(f"not reranked: {error.message}", style="dim", markup=False)
        return hits


def _within(root: Path, start: Path, file: str) -> str:
    """The path of a file as the index knows it: from the root, or from where the user stands."""
    for base in (start, root):
        place = (base / file).resolve()
        if place.is_file() and place.is_relative_to(root.resolve()):
            return place.relative_to(root.resolve()).as_posix()
    raise ConfigError(f"{file} is no file of {root}", remedy="give a file of the project")


def status(
    context: typer.Context,
    path: PathArgument = Path(),
    skipped: Annotated[
        bool, typer.Option("--skipped", help="List the files left out, and why.")
    ] = False,
    masked: Annotated[
        bool, typer.Option("--masked", help="List where secrets were masked, and of what kind.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the index knows, and what it left out."""
    root = find_root(path)
    settings = options_of(context).settings_for(root)
    with closing(wiring.open_index(root, settings)) as index:
        state = index.status()
        left_out = index.skipped()
        secrets = index.masked() if masked else []
    if as_json:
        print_json(
            {
                "status": state,
                "skipped": left_out if skipped else len(left_out),
                "masked": secrets if masked else state.n_masked,
            }
        )
        return
    _print_status(state, n_skipped=len(left_out))
    if skipped:
        out = console()
        for entry in sorted(left_out, key=lambda entry: (entry.reason, entry.path)):
            rule = f" [dim]({escape(entry.rule)})[/]" if entry.rule else ""
            out.print(f"  [yellow]{entry.reason}[/]{rule}  {escape(entry.path)}")
    for secret in secrets:
        place = escape(f"{secret.path}:{secret.line + 1}")
        console().print(f"  [yellow]{escape(secret.kind)}[/]  {place}")


def _read_packages(root: Path, settings: Settings, stop: threading.Event) -> None:
    """Learn to recognise the code of packages that were installed since."""
    if settings.provenance.policy != "off" and not stop.is_set():
        store = wiring.origin_store()
        store.add(store.missing(wiring.foreign_packages(root)), should_stop=stop.is_set)


def _build_for_server(
    root: Path, settings: Settings, *, vectors: bool, only_vectors: bool, stop: threading.Event
) -> None:
    """Speak one JSON object a line: progress, then the report or the error."""
    told_at: dict[str, float] = {}

    def say(**what: object) -> None:
        sys.stdout.write(json.dumps(plain(what)) + "\n")
        sys.stdout.flush()

    def tell(progress: UpdateProgress) -> None:
        # Our reader has somebody's keystrokes to answer.
        now = time.monotonic()
        if now - told_at.get(progress.phase, -math.inf) >= _SECONDS_BETWEEN_PROGRESS:
            told_at[progress.phase] = now
            say(progress=progress)

    try:
        with closing(wiring.open_index(root, settings)) as index:
            if only_vectors:
                report = index.make_vectors(on_progress=tell, should_stop=stop.is_set)
            else:
                report = index.update(
                    on_progress=tell, should_stop=stop.is_set, with_vectors=vectors
                )
        if only_vectors:
            _read_packages(root, settings, stop)
    except IndexerError as error:
        say(error=error.message, remedy=error.remedy, kind=type(error).__name__)
        raise typer.Exit(ExitCode.USAGE) from error
    say(report=indexing.without_lists(report))


class _ProgressBars:
    """A bar for each phase, on stderr, where a person can see it."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console(stderr=True),
            disable=quiet or not sys.stderr.isatty(),
        )
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> Callable[[UpdateProgress], None]:
        self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, progress: UpdateProgress) -> None:
        phase = progress.phase
        if phase not in self._tasks:
            self._tasks[phase] = self._progress.add_task(str(phase), total=None)
        self._progress.update(
            self._tasks[phase],  # type: ignore[arg-type]
            completed=progress.done,
            total=progress.total or None,
        )


def _progress_bars(*, quiet: bool) -> _ProgressBars:
    return _ProgressBars(quiet=quiet)


def _print_report(root: Path, report: UpdateReport, state: IndexStatus) -> None:
    out = console()
    plan = report.plan
    seconds = sum(report.seconds.values())
    read = len(plan.added) + len(plan.changed)
    rate = f", {read / seconds:,.0f} files/s" if read and seconds > 0 else ""
    out.print(
        f"[bold]{root.name}[/]: {len(plan.added)} new, {len(plan.changed)} changed, "
        f"{len(plan.removed)} gone, {len(plan.unchanged)} unchanged files "
        f"in {seconds:.1f} s{rate}"
    )
    _print_status(state, n_skipped=len(report.skipped))
    if report.n_taken_over:
        out.print(
            f"  taken over: {report.n_taken_over:,} vectors; made here: {report.n_embedded:,}"
        )
    for problem in report.problems[:5]:
        place = f"{problem.path}:{problem.line + 1}" if problem.path else "vectors"
        out.print(f"  [yellow]{escape(place)}[/] {escape(problem.message)}")
    if len(report.problems) > 5:
        out.print(f"  … and {len(report.problems) - 5} more files with problems", style="dim")


def _print_status(state: IndexStatus, *, n_skipped: int) -> None:
    out = console()
    if state.state is IndexState.MISSING:
        out.print(f"{state.root} is not indexed: run [bold]copilot-ls index[/]")
        return
    languages = ", ".join(f"{name} {count}" for name, count in list(state.languages.items())[:6])
    out.print(
        f"  {state.n_files:,} files ({languages}), {state.n_symbols:,} symbols, "
        f"{state.n_references:,} references, {state.n_chunks:,} chunks"
    )
    out.print(f"  vectors: {state.n_vectors:,} {state.vectors or ''} {state.embedder}".rstrip())
    if n_skipped:
        out.print(f"  left out: {n_skipped:,} files (copilot-ls status --skipped)")
    if state.n_masked:
        out.print(f"  masked: {state.n_masked:,} secrets (copilot-ls status --masked)")
    if state.state is not IndexState.READY:
        out.print(f"  [yellow]state: {state.state}[/]: run copilot-ls index")
    if state.writer:
        out.print(f"  being written by {state.writer}")
    out.print(f"  {state.store_bytes / 1e6:,.1f} MB in {state.location}", style="dim")


def _print_hit(hit: Hit, *, explain: bool) -> None:
    out = console()
    strongest = sorted(hit.signals, key=lambda name: -hit.signals[name])[:4]
    summary = "" if explain else " ".join(strongest)
    place = hit.path if hit.title == hit.path.rpartition("/")[2] else f"{hit.path}:{hit.line + 1}"
    out.print(f"[cyan]{place}[/]  [bold]{hit.title}[/]  [dim]{summary}[/]")
    if hit.symbol is not None:
        out.print(f"    {hit.symbol.stub}", markup=False)
        if hit.symbol.docstring:
            out.print(f"    {hit.symbol.docstring.splitlines()[0]}", style="dim", markup=False)
    elif "example" in hit.ranks:
        for line in hit.text.splitlines():
            out.print(f"    {line}", markup=False)
    if explain:
        out.print(f"    score {hit.score:.4f}", style="dim")
        for name, value in hit.signals.items():
            rank = f"  rank {hit.ranks[name]}" if name in hit.ranks else ""
            out.print(f"      {name:<16} {value:8.3f}{rank}", style="dim", markup=False)
