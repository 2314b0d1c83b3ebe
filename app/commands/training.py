"""Commands that start, continue and list runs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from app.runs.records import RunError, State
from app.runs.run_folder import Run
from app.runs.run_list import find_run, list_runs
from app.training import launch as starting
from graphs.document.document import MAIN, Document, Node
from graphs.document.document_io import DocumentError, read
from graphs.document.edits import SetGraphParameters, SetParameters, apply

WIDTH = 160
"""Of a table that goes into a file or a pipe."""
WIDE = 120
"""Characters of a terminal that has room for everything."""


class UsageError(ValueError):
    """An argument that cannot be; its text is one sentence."""


def train(arguments: argparse.Namespace) -> int:
    """Start a run and watch it to its end."""
    path: Path = arguments.document
    try:
        document = read(path)
        if arguments.trust:
            document = _trusting(document, path.absolute().parent)
        document = _with_settings(document, arguments.set, path.absolute().parent)
        run = starting.start(
            document,
            device=arguments.device,
            epochs=arguments.epochs,
            seed=arguments.seed,
            threads=arguments.threads,
            runs=arguments.runs,
            document_path=path,
        )
    except (DocumentError, RunError, UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    return _watch(run, arguments.json)


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a run and watch it to its end."""
    try:
        run = starting.resume(find_run(arguments.run, arguments.runs), arguments.epochs)
    except (DocumentError, RunError) as error:
        print(error, file=sys.stderr)
        return 2
    return _watch(run, arguments.json)


def runs(folder: Path | None, as_json: bool) -> int:
    """List the runs, newest first."""
    found, damaged = _readable(list_runs(folder))
    if as_json:
        print(json.dumps([_listed(*entry) for entry in found]))
    elif found:
        _print_table(found)
    else:
        print("There are no runs yet: `train` makes one.")
    for text in damaged:
        print(text, file=sys.stderr)
    return 0


def _watch(run: Run, as_json: bool) -> int:
    from app.commands.watch_run import watch

    try:
        state = watch(run, sys.stderr if as_json else sys.stdout)
    except RunError as error:  # its folder was deleted meanwhile, say
        print(error, file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(answer(run, state)), flush=True)
    return 0 if state.status == "finished" else 1


def answer(run: Run, state: State) -> dict[str, Any]:
    """What a program may want to know of a run."""
    return {
        "run": str(run.path),
        "status": state.status,
        "epochs": state.epoch,
        "seconds": round(state.seconds, 3),
        "message": state.message,
        "metrics": {
            name: {"last": value, "best": state.best.get(name)}
            for name, value in state.last.items()
        },
        "test": state.test,
    }


def _trusting(document: Document, folder: Path) -> Document:
    """The document with its Python files trusted as they are. Raises UsageError."""
    from app.commands.trust import with_trust
    from graphs.nodetypes.node_type import Misfit

    try:
        return with_trust(document, folder)
    except (OSError, Misfit) as error:
        raise UsageError(f"--trust: {error}") from error


def _with_settings(document: Document, settings: list[str], folder: Path) -> Document:
    """The document with `name=value` or `node.parameter=value` applied. Raises UsageError."""
    for text in settings:
        if "." in text.partition("=")[0]:
            node, parameter, value = _parsed(document, text)
            document = apply(document, SetParameters(id=node, parameters={parameter: value}))
            _require_fit(document, node, parameter, text, folder)
        else:
            document = _with_hyperparameter(document, text)
    return document


def _with_hyperparameter(document: Document, text: str) -> Document:
    """The document with another value of a hyperparameter. Raises UsageError."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"--set needs NAME=VALUE or NODE.PARAMETER=VALUE, got {text!r}.")
    parameters = document.main.parameters
    if name not in parameters:
        there = ", ".join(parameters) or "none"
        raise UsageError(f"--set {text}: there is no hyperparameter {name}; there are {there}.")
    number = _value(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise UsageError(f"--set {text}: {name} needs a number, got {value!r}.")
    return apply(document, SetGraphParameters(parameters={**parameters, name: number}))


def _parsed(document: Document, text: str) -> tuple[str, str, Any]:
    name, equals, value = text.partition("=")
    node, dot, parameter = name.partition(".")
    if not (equals and dot and node and parameter):
        raise UsageError(f"--set needs NAME=VALUE or NODE.PARAMETER=VALUE, got {text!r}.")
    found = document.main.nodes.get(node)
    if found is None:
        there = ", ".join(document.main.nodes) or "none"
        raise UsageError(f"--set {text}: there is no node {node}; there are {there}.")
    _require_parameter(found, parameter, text)
    return node, parameter, _value(value)


def _value(text: str) -> Any:
    """A value as JSON, or else the text itself."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _require_parameter(node: Node, parameter: str, text: str) -> None:
    import nodes.library  # noqa: F401  (registers the node types)
    from graphs.nodetypes.node_type import node_types

    type_ = node_types().get(node.type)
    names = [known.name for known in type_.parameters()] if type_ else []
    if type_ and parameter not in names:
        there = ", ".join(names) or "none"
        raise UsageError(
            f"--set {text}: {node.type} has no parameter {parameter}; there are {there}."
        )


def _require_fit(document: Document, node: str, parameter: str, text: str, folder: Path) -> None:
    from graphs.compiler import check

    for problem in check(document, folder).problems:
        if (problem.graph, problem.node, problem.parameter) == (MAIN, node, parameter):
            raise UsageError(f"--set {text}: {problem.text}.")


Entry = tuple[Run, str, int, State]


def _readable(found: list[Run]) -> tuple[list[Entry], list[str]]:
    entries, damaged = [], []
    for run in found:
        try:
            info = run.info()
            entries.append((run, info.title, info.epochs, run.state()))
        except RunError as error:
            damaged.append(str(error))
    return entries, damaged


def _listed(run: Run, title: str, epochs: int, state: State) -> dict[str, Any]:
    return {
        "name": run.name,
        "title": title,
        "planned_epochs": epochs,
        **answer(run, state),
        "updated": state.updated.isoformat(),
    }


def _print_table(entries: list[Entry]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    columns = ("name", "status", "epochs", "last validation", "when", "title")
    shown = columns[: 6 if console.width >= WIDE else 4]  # a name has title and time in it
    for column in shown:
        table.add_column(column, no_wrap=True)
    for run, title, epochs, state in entries:
        values = "\n".join(f"{name} {value:.4g}" for name, value in state.last.items())
        when = f"{state.updated.astimezone():%m-%d %H:%M}"
        cells = (run.name, state.status, f"{state.epoch}/{epochs}", values, when, title)
        table.add_row(*map(Text, cells[: len(shown)]))  # a title is data, never markup
    console.print(table)
