"""``copilot-ls eval``: measure on real repositories, with the product's own code."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import wiring
from copilot_ls.cli import eval_tests, eval_typing
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json
from copilot_ls.config import ModelSettings, Settings
from copilot_ls.domain import Confidence
from copilot_ls.errors import ConfigError
from copilot_ls.evals import completion, docs, drift, natural, retrieval, security, verifier
from copilot_ls.evals.cases import At, Case, read_cases
from copilot_ls.evals.completion import Answer, Condition, ContextSource, Part
from copilot_ls.evals.docs import DocCase, Written
from copilot_ls.evals.mine import mine_cases
from copilot_ls.evals.plot import bars
from copilot_ls.features.documentation.prose import with_prose
from copilot_ls.features.documentation.reading import DocumentedFile
from copilot_ls.features.documentation.write import DocProposal, Writer

_N_MINED = 100
_PROSE_SECONDS = 60.0

app = typer.Typer(help="Measure retrieval and completions on real cases.", no_args_is_help=True)

CasesOption = Annotated[Path, typer.Option("--cases", help="JSON lines, one case each.")]
ReposOption = Annotated[Path, typer.Option("--repos", help="Folder with the repositories.")]
AtOption = Annotated[At, typer.Option("--at", help="Before the callee's name, or at line start.")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="Every n-th case up to so many.")]


@app.command("retrieval")
def evaluate_retrieval(
    cases: Annotated[
        Path | None, typer.Option("--cases", help="JSON lines, one case each.")
    ] = None,
    repos: Annotated[
        Path | None, typer.Option("--repos", help="Folder with the cases' repositories.")
    ] = None,
    mine: Annotated[
        Path | None, typer.Option("--mine", help="Take calls and docstrings of this project.")
    ] = None,
    at: AtOption = At.MEMBER,
    without_import: Annotated[
        bool, typer.Option("--without-import", help="Take out the import of the target too.")
    ] = False,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Leave a signal out; can be repeated.")
    ] = None,
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Leave out each signal in turn as well.")
    ] = False,
    vectors: Annotated[
        bool, typer.Option(help="With --mine: ask docstrings with embeddings too.")
    ] = True,
    model: Annotated[
        str, typer.Option("--model", help="With --mine: a model that reranks, or off.")
    ] = "off",
    limit: LimitOption = 0,
    as_json: JsonOption = False,
    details: Annotated[bool, typer.Option("--details", help="One line for each case.")] = False,
) -> None:
    """Is the definition that a call needs among the first answers?"""
    unknown = set(without or ()) - set(retrieval.SIGNALS)
    if unknown:
        raise ConfigError(
            f"there is no signal {', '.join(sorted(unknown))}",
            remedy=f"the signals are {', '.join(retrieval.SIGNALS)}",
        )
    main = retrieval.Setting(at, without_import, tuple(without or ()))
    settings = [main, *(s for s in retrieval.ALL_SETTINGS if s != main)]
    settings += retrieval.ablations(main) if ablate else []
    chosen, folder = _cases_of(cases, repos, mine, None, limit, quiet=as_json)
    with _progress(len(chosen), quiet=as_json) as on_progress:
        found = retrieval.run_retrieval(chosen, folder, settings, on_progress=on_progress)
    answered: list[natural.Answered] = []
    if mine is not None:
        with _progress(limit or _N_MINED, quiet=as_json) as on_progress:
            answered = asyncio.run(
                _ask_docstrings(
                    find_root(mine),
                    limit or _N_MINED,
                    with_vectors=vectors,
                    model_id=model,
                    on_progress=on_progress,
                )
            )
    if details:
        for entry in found:
            if entry.setting == main:
                console(stderr=True).print(
                    f"{entry.rank:3d} {entry.case.id} {entry.case.callee} "
                    f"[dim]{' '.join(entry.signals)}[/]"
                )
    _report(retrieval.summarise(found, main, answered), as_json=as_json)


async def _ask_docstrings(
    root: Path,
    limit: int,
    *,
    with_vectors: bool,
    model_id: str,
    on_progress: Callable[[int], None],
) -> list[natural.Answered]:
    engines = wiring.Engines(Settings(model=ModelSettings(completion=model_id)))
    try:
        return await natural.run_natural(
            root.parent,
            root.name,
            limit=limit,
            with_vectors=with_vectors and wiring.open_embedder(Settings()) is not None,
            model=None if model_id == "off" else await engines.completion_model(),
            on_progress=on_progress,
        )
    finally:
        await engines.aclose()


@app.command("drift")
def evaluate_drift(
    cases: CasesOption,
    as_json: JsonOption = False,
    details: Annotated[bool, typer.Option("--details", help="One line for each case.")] = False,
) -> None:
    """Are docstrings that had to be repaired told from those that were right?"""
    judged = drift.run_drift(drift.read_drift_cases(cases))
    if details:
        out = console(stderr=True)
        for entry in judged:
            said = " ".join(entry.rules) or "-"
            out.print(f"{entry.case.kind or entry.case.is_drift} {entry.case.id}: {said}")
    _report(drift.summarise(judged), as_json=as_json)


@app.command("docs")
def evaluate_docs(
    context: typer.Context,
    cases: CasesOption,
    repos: ReposOption,
    model: Annotated[
        str, typer.Option("--model", help="Catalogue id of a chat model for sentences, or off.")
    ] = "off",
    pydoclint: Annotated[
        str, typer.Option("--pydoclint", help="The program; default the one on the path.")
    ] = "",
    limit: LimitOption = 0,
    as_json: JsonOption = False,
    details: Annotated[bool, typer.Option("--details", help="Each docstring in full.")] = False,
) -> None:
    """Write docstrings again that maintainers wrote, and hold them against the code."""
    chosen = docs.read_doc_cases(cases)
    if limit:
        chosen = chosen[:: max(1, len(chosen) // limit)][:limit]
    with console(stderr=True).status("writing") as status:

        def tell(n: int) -> None:
            status.update(f"writing {n} of {len(chosen)}")

        if model == "off":
            written = docs.write_cases(chosen, repos, on_progress=tell)
        else:
            settings = options_of(context).settings_for(None)
            settings = replace(settings, model=replace(settings.model, chat=model))
            written = asyncio.run(_docs_with_model(settings, chosen, repos, tell))
        program = pydoclint or docs.find_pydoclint()
        if program:
            status.update("asking pydoclint")
            written = docs.ask_pydoclint(written, program)
    if details:
        out = console(stderr=True)
        for each in written:
            out.print(f"\n[bold]{each.case.id}[/] {each.case.qualname} {each.proposal.problem}")
            out.print(each.proposal.docstring, markup=False)
            for violation in each.violations:
                out.print(violation, style="yellow", markup=False)
    _report(docs.summarise(written, with_pydoclint=bool(program)), as_json=as_json)


async def _docs_with_model(
    settings: Settings, cases: Sequence[DocCase], repos: Path, tell: Callable[[int], None]
) -> list[Written]:
    engines = wiring.Engines(settings)
    loop = asyncio.get_running_loop()
    try:
        model = await engines.chat_model()
        if model is None:
            raise ConfigError("models are switched off", remedy="set `model.engine`")

        def write(writer: Writer, file: DocumentedFile, name: str) -> DocProposal:
            definition = file.definition(name)
            if definition is None:
                return writer.write(name)
            work = with_prose(
                model, file, definition, writer.account(definition), seconds=_PROSE_SECONDS
            )
            return writer.write(name, asyncio.run_coroutine_threadsafe(work, loop).result())

        return await asyncio.to_thread(docs.write_cases, cases, repos, write, tell)
    finally:
        await engines.aclose()


@app.command("completion")
def evaluate_completion(
    context: typer.Context,
    cases: Annotated[
        Path | None, typer.Option("--cases", help="JSON lines, one case each.")
    ] = None,
    repos: Annotated[
        Path | None, typer.Option("--repos", help="Folder with the cases' repositories.")
    ] = None,
    mine: Annotated[
        Path | None, typer.Option("--mine", help="Take cases from this clone's own history.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", help="Lines written after this day count.")
    ] = None,
    at: AtOption = At.MEMBER,
    source: Annotated[
        ContextSource, typer.Option("--context", help="Where signatures come from.")
    ] = ContextSource.INDEX,
    without: Annotated[
        list[Part] | None, typer.Option("--without", help="Leave a part out; can be repeated.")
    ] = None,
    side_by_side: Annotated[
        bool, typer.Option("--compare", help="In file only, ours, and the true signature given.")
    ] = False,
    model: Annotated[
        str, typer.Option("--model", help="Catalogue id, or URL#MODEL of a server.")
    ] = "",
    warm: Annotated[
        bool, typer.Option("--warm", help="The engine has read the place up to one key earlier.")
    ] = False,
    limit: LimitOption = 0,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write a picture, as SVG.")] = None,
    as_json: JsonOption = False,
    details: Annotated[bool, typer.Option("--details", help="One line for each case.")] = False,
) -> None:
    """What would have been shown at real calls of a repository's own API?"""
    options = options_of(context)
    assignments = (*options.assignments, *_model_settings(model))
    settings = type(options)(assignments, options.debug).settings_for(None)
    conditions = (
        completion.COMPARED
        if side_by_side
        else {"ours": Condition(source, frozenset(without or ()))}
    )
    if mine is not None and since is None:
        raise ConfigError(
            "a model remembers what it was trained on",
            remedy="give --since DAY with --mine, the day on which the model was published",
        )
    chosen, folder = _cases_of(cases, repos, mine, since, limit, quiet=as_json)
    run = completion.Run(at, list(conditions.values()), settings, is_warm=warm)
    with _progress(len(chosen), quiet=as_json) as on_progress:
        told = asyncio.run(completion.run_completion(chosen, folder, run, on_progress=on_progress))
    answers = dict(zip(conditions, told, strict=True))
    if details:
        _print_details(answers)
    summary = completion.summarise(answers["ours"])
    compared = completion.compare(answers)
    if plot is not None:
        title = f"Exact match at {at}s, {summary['model']}, n = {len(chosen)}"
        plot.write_text(bars(title, " %", completion.exact_shares(answers)), encoding="utf-8")
    if as_json:
        print_json({**summary, "conditions": compared})
        return
    if side_by_side:
        _print_comparison(compared)
    _report(summary, as_json=False)


def _cases_of(
    cases: Path | None,
    repos: Path | None,
    clone: Path | None,
    since: datetime | None,
    limit: int,
    *,
    quiet: bool,
) -> tuple[list[Case], Path]:
    """Read cases from a file, or find them in the history of a clone."""
    if clone is not None and cases is None:
        root = find_root(clone)
        n_wanted = limit or _N_MINED
        with _progress(n_wanted, quiet=quiet) as on_progress:
            found = mine_cases(root, since, limit=n_wanted, on_progress=on_progress)
        return found, root.parent
    if cases is None or repos is None or clone is not None:
        raise ConfigError(
            "it is not said which cases to ask",
            remedy="give --cases FILE --repos FOLDER, or --mine PROJECT",
        )
    return _choose(read_cases(cases), limit), repos


def _model_settings(model: str) -> tuple[str, ...]:
    """Turn ``--model`` into settings; a server is named by the user's own hand here."""
    if not model.startswith(("http://", "https://")):
        return (f"model.completion={model}",) if model else ()
    url, _, served = model.partition("#")
    if not served:
        raise ConfigError("the server's model is not named", remedy=f"write --model {url}#MODEL")
    return ("model.engine=endpoint", f"endpoint.url={url}", f"endpoint.model={served}")


def _print_details(answers: Mapping[str, Sequence[Answer]]) -> None:
    out = console(stderr=True)
    for told in zip(*answers.values(), strict=True):
        out.print(f"{told[0].case.id}\n  want {told[0].expected}", markup=False)
        for name, answer in zip(answers, told, strict=True):
            out.print(f"  {name}: {answer.text}", markup=False)
            for snippet in answer.completion.snippets:
                out.print(f"       | {snippet.stub}", markup=False, style="dim")


def _print_comparison(compared: Mapping[str, object]) -> None:
    from rich.table import Table

    table = Table("", "exact match", "", "times", "edit similarity", "shown", box=None)
    for name, figures in compared.items():
        if not isinstance(figures, Mapping):
            continue
        exact, times = figures["exact_match_interval"], figures["exact_match_times"]
        table.add_row(
            name,
            f"{exact.value:.3f}",
            f"[dim]{exact.low:.3f}-{exact.high:.3f}[/]",
            f"{times.value:.1f}",
            f"{figures['edit_similarity']:.1f}",
            f"{figures['show_rate']:.2f}",
        )
    console().print(table)


@app.command("security")
def evaluate_security(
    cases: CasesOption,
    root: Annotated[Path, typer.Option("--root", help="Folder that the cases' paths are in.")],
    confidence: Annotated[
        Confidence, typer.Option("--confidence", help="Least confidence that counts.")
    ] = Confidence.MEDIUM,
    rivals: Annotated[
        bool, typer.Option("--rivals/--no-rivals", help="Run Bandit and Ruff as well.")
    ] = True,
    as_json: JsonOption = False,
    details: Annotated[bool, typer.Option("--details", help="Name each wrong verdict.")] = False,
) -> None:
    """How many weaknesses of ground-truthed code are found, and how much harmless is accused?"""
    chosen = security.read_cases(cases)
    documents = security.read_documents(chosen, root)
    with _progress(len(documents), quiet=as_json) as on_progress:
        own = security.run_own(documents, root, min_confidence=confidence, on_progress=on_progress)
    others = {
        "bandit": security.run_bandit(documents, root) if rivals else None,
        "ruff": security.run_ruff(documents, root) if rivals else None,
    }
    if details:
        out = console(stderr=True)
        for what, wrong in zip(("missed", "accused"), security.missed(chosen, own), strict=True):
            for case in wrong:
                out.print(f"{what} {case.category} {case.path} {case.lines or ''}", markup=False)
    summaries = {name: security.summarise(chosen, run) for name, run in others.items() if run}
    summary = security.summarise(chosen, own)
    if as_json:
        print_json({**summary, "rivals": summaries})
    else:
        _print_security({"copilot-ls": summary, **summaries})


def _print_security(summaries: Mapping[str, Mapping[str, object]]) -> None:
    from rich.table import Table

    figures = ("n_vulnerable", "n_harmless", "tpr", "fpr", "precision", "youden")
    out = console()
    for name, summary in summaries.items():
        table = Table(name, *figures, box=None, header_style="bold")
        table.add_row("all", *[_figure(summary[figure]) for figure in figures], style="bold")
        categories = summary["by_category"]
        if isinstance(categories, Mapping):
            for category, rates in categories.items():
                table.add_row(category, *[_figure(rates[figure]) for figure in figures])
        out.print(table)
        problems = summary["problems"]
        if isinstance(problems, list) and problems:
            out.print(f"  {len(problems)} problems: {problems[0]} …", style="yellow", markup=False)
        out.print(
            f"  mean over categories: tpr {summary['mean_tpr']:.3f}, fpr "
            f"{summary['mean_fpr']:.3f};  {summary['ms_per_file']} ms a file\n",
            style="dim",
        )


app.command("typing")(eval_typing.evaluate_typing)
app.command("tests")(eval_tests.evaluate_tests)


def _choose(cases: list[Case], limit: int) -> list[Case]:
    """Spread ``limit`` cases over the whole file, so that each repository has some."""
    if not limit or limit >= len(cases):
        return cases
    return [cases[index * len(cases) // limit] for index in range(limit)]


@contextlib.contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    from rich.progress import Progress

    out = console(stderr=True)
    with Progress(console=out, disable=quiet or not out.is_terminal) as progress:
        task = progress.add_task("cases", total=total)
        yield lambda done: progress.update(task, completed=done)


def _report(summary: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(dict(summary))
        return
    from rich.table import Table

    breakdown = summary["by"]
    figures = [name for name, value in summary.items() if isinstance(value, int | float)]
    table = Table("", *figures, box=None, header_style="bold")
    table.add_row("all", *[_figure(summary[name]) for name in figures], style="bold")
    if isinstance(breakdown, Mapping):
        for group, rows in breakdown.items():
            for name, row in rows.items():
                shown = [_figure(row[figure]) for figure in figures]
                table.add_row(f"[dim]{group}[/] {name}", *shown)
    out = console()
    out.print(table)
    for name, value in summary.items():
        if name not in figures and name != "by":
            out.print(f"{name}: {value}", style="dim", markup=False)


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@app.command("verifier")
def evaluate_verifier(
    context: typer.Context,
    repos: ReposOption,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Statements of each repository.")
    ] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Which statements.")] = 1,
    share: Annotated[
        float, typer.Option("--share", min=0, max=1, help="Wrong ones among suggestions.")
    ] = 0.05,
    as_json: JsonOption = False,
    details: Annotated[
        bool, typer.Option("--details", help="Each false alarm, each miss.")
    ] = False,
) -> None:
    """How often is the gate right about real code, and about code that was made wrong?"""
    environment = options_of(context).settings_for(None).index.python_environment
    with _progress(0, quiet=as_json) as on_progress:
        trials = verifier.run_verifier(
            repos, limit=limit, seed=seed, environment=environment, on_progress=on_progress
        )
    if details:
        out = console(stderr=True)
        for trial in trials:
            is_miss = bool(trial.kind) and trial.is_internal and not trial.rules
            if is_miss or (not trial.kind and trial.rules):
                what = f"missed {trial.kind}" if is_miss else f"FALSE ALARM {trial.message}"
                place = f"{trial.repository}/{trial.path}:{trial.line}"
                out.print(f"{place} {what}: {' '.join(trial.text.split())[:100]}", markup=False)
    summary = verifier.summarise(trials, share=share)
    if as_json:
        print_json(summary)
    else:
        _print_verifier(summary)


def _print_verifier(summary: Mapping[str, object]) -> None:
    from rich.table import Table

    out = console()
    breakdown = summary["by"]
    for group, rows in breakdown.items() if isinstance(breakdown, Mapping) else ():
        names = list(next(iter(rows.values()), {}))
        table = Table(group, *names, box=None, header_style="bold")
        for name, row in rows.items():
            table.add_row(name, *[_figure(row[each]) for each in names])
        out.print(table)
        out.print()
    for name, value in summary.items():
        if name != "by":
            shown = _figure(value) if isinstance(value, float) else value
            out.print(f"{name}: {shown}", markup=False, highlight=False)
