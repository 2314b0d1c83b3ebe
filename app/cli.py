"""The command line. Imports what a command needs when that command runs, so that all start fast."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

DESCRIPTION = """\
Draw training programs of neural networks as graphs, train them, take them away as plain PyTorch.
Without a command the editor opens.
"""

EXAMPLES = """\
examples:
  python main.py                                        open the editor
  python main.py examples                               list the documents that come with Patchbay
  python main.py check network.graph.json               list what is wrong with a document
  python main.py train network.graph.json --epochs 20   train it here, with a progress bar
  python main.py monitor                                watch the newest run in a window
  python main.py export network.graph.json -o net.py    take it away as plain PyTorch
"""

TRAIN = """\
Training is a process of its own: Ctrl-C stops it after the step at hand, with all saved, and a
second Ctrl-C leaves it running. A run is a folder, by default in ~/Patchbay/runs (or in
$PATCHBAY_HOME/runs); `resume` goes on with one that was stopped or killed, `monitor` shows it.

examples:
  python main.py train network.graph.json
  python main.py train network.graph.json --device cuda:1 --epochs 50 --seed 7
  python main.py train network.graph.json --set conv.out_channels=64 --set adamw.lr=0.01
  python main.py train network.graph.json --json | tail -1

With --json the last line is one object: run, status, epochs, seconds, message, metrics (the last
and the best validation value of each) and test (its value on the test data at the end).

exit code: 0 finished, 1 failed or stopped, 2 nothing could be started
"""

RESUME = """\
Goes on where the run stood. On the CPU its losses are, bit for bit, those of a run that was never
stopped.

examples:
  python main.py resume digits_cnn-20260301-101500
  python main.py resume ~/Patchbay/runs/digits_cnn-20260301-101500 --epochs 40
"""

CHECK = """\
exit code: 0 no problems, 1 problems, 2 the document cannot be read
"""

EXPORT = """\
The file imports torch and what the data needs, nothing of Patchbay's. Trained with as many CPU
threads, it prints the losses of the run bit for bit.

examples:
  python main.py export network.graph.json > network.py
  python main.py export network.graph.json -o network.py && python network.py --epochs 3

exit code: 0 exported, 1 the document has problems, 2 it cannot be read or the file not written
"""

TRUST = """\
A node may be an nn.Module of your own, in a Python file beside the document. A Python file is a
program: it can do whatever you can. Nothing in it runs before you trust it, so look at it first.
Trust is for exactly this text, on this computer ($PATCHBAY_HOME/trusted.json); a file that changes
has to be trusted again. For a document, all Python files that it names are trusted as they are now,
and it then means them so.

examples:
  python main.py trust gate.py
  python main.py trust network.graph.json

exit code: 0 trusted, 2 not
"""

CHECKED = """\
With --check each example is trained by its exported file, and judged: one row of a table for each
measure, beside its bar and what something simple reaches.

examples:
  python main.py examples
  python main.py examples --check gan vae
  python main.py examples --check --seeds 0 1 2

exit code: 0 all bars are cleared, 1 one is not, 2 there is no such example
"""

Adder = Callable[..., argparse.ArgumentParser]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    parsed = parser().parse_args(arguments)
    try:
        return int(parsed.command(parsed))
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="python main.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(command=_edit, document=None)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    def add(
        name: str, command: Callable[..., int], help: str, epilog: str = ""
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(command=command)
        return added

    _add_windows(add)
    _add_documents(add)
    _add_runs(add)
    _add_trust(add)
    return top


def _add_windows(add: Adder) -> None:
    edit = add("edit", _edit, "open a document in the editor")
    edit.add_argument("document", type=Path, metavar="DOC", help="a file *.graph.json")
    monitor = add("monitor", _monitor, "watch runs in a window, over each other")
    monitor.add_argument("run", nargs="*", metavar="RUN", help="folder or name; else the newest")
    _add_folder(monitor)


def _add_documents(add: Adder) -> None:
    examples = add(
        "examples", _examples, "list the documents that come with Patchbay, or check them", CHECKED
    )
    examples.add_argument("name", nargs="*", metavar="NAME", help="with --check: which; else all")
    examples.add_argument(
        "--check", action="store_true", help="train them on the CPU and hold them to their bars"
    )
    examples.add_argument(
        "--seeds", type=_seed, nargs="+", default=[0], metavar="S", help="with --check: which seeds"
    )
    nodes = add("nodes", _nodes, "list the node types, their ports and parameters")
    nodes.add_argument(
        "--search",
        nargs="+",
        default=[],
        metavar="WORDS",
        help="those that the palette finds, the best first: by name, keyword, family or help",
    )
    nodes.add_argument(
        "--markdown", action="store_true", help="print the catalogue as docs/nodes.md has it"
    )
    check = add("check", _check, "list what is wrong with a document", CHECK)
    _add_document(check)
    for command in (examples, nodes, check):
        _add_json(command)
    export = add("export", _export, "write a document as plain PyTorch", EXPORT)
    _add_document(export)
    export.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to; else standard output"
    )


def _add_runs(add: Adder) -> None:
    train = add("train", _train, "train a document", TRAIN)
    _add_document(train)
    train.add_argument(
        "--device", metavar="D", help="auto (cuda, mps or cpu), cpu, cuda, cuda:1, mps"
    )
    train.add_argument("--epochs", type=_count, metavar="N", help="passes over the training data")
    train.add_argument("--seed", type=_seed, metavar="S", help="fixes every random choice")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="give a hyperparameter another value, or as NODE.PARAMETER=VALUE a node's parameter "
        "(JSON or text); may be repeated",
    )
    train.add_argument(
        "--threads",
        type=_count,
        metavar="T",
        help="CPU threads; else as torch chooses (OMP_NUM_THREADS). Equal losses, bit for bit, "
        "need equal threads; on a busy computer 1 can be far faster",
    )
    train.add_argument(
        "--trust",
        action="store_true",
        help="trust the Python files that the document names, as they are now (see `trust`)",
    )
    resume = add("resume", _resume, "go on with a run that was stopped or killed", RESUME)
    resume.add_argument("run", metavar="RUN", help="a run's folder, or its name")
    resume.add_argument(
        "--epochs", type=_count, metavar="N", help="train until so many are done in all"
    )
    runs = add("runs", _runs, "list the runs, newest first")
    for command in (train, resume, runs):
        _add_folder(command)
        _add_json(command)


def _add_trust(add: Adder) -> None:
    trust = add("trust", _trust, "trust Python files that documents name, to run them", TRUST)
    trust.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a file *.py, or a document"
    )


def _add_document(command: argparse.ArgumentParser) -> None:
    command.add_argument("document", type=Path, metavar="DOC", help="a file *.graph.json")


def _add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--runs", type=Path, metavar="FOLDER", help="where runs are; else ~/Patchbay/runs"
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="answer for a program: JSON, alone on its last line"
    )


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError("an integer from 1 to 1000000 is needed")
    return number


def _seed(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError("an integer from 0 to 2^63 - 1 is needed")
    return number


def _edit(arguments: argparse.Namespace) -> int:
    from app.commands import windows

    return windows.edit(arguments.document)


def _monitor(arguments: argparse.Namespace) -> int:
    from app.commands import windows

    return windows.monitor(arguments.run, arguments.runs)


def _examples(arguments: argparse.Namespace) -> int:
    if arguments.check:
        from app.commands import examples

        return examples.check_examples(arguments.name, arguments.seeds, arguments.json)
    from app.commands import documents

    return documents.examples(arguments.json)


def _nodes(arguments: argparse.Namespace) -> int:
    from app.commands import node_catalogue

    return node_catalogue.print_nodes(
        " ".join(arguments.search), arguments.json, arguments.markdown
    )


def _check(arguments: argparse.Namespace) -> int:
    from app.commands import documents

    return documents.check(arguments.document, arguments.json)


def _export(arguments: argparse.Namespace) -> int:
    from app.commands import documents

    return documents.export(arguments.document, arguments.output)


def _train(arguments: argparse.Namespace) -> int:
    from app.commands import training

    return training.train(arguments)


def _resume(arguments: argparse.Namespace) -> int:
    from app.commands import training

    return training.resume(arguments)


def _trust(arguments: argparse.Namespace) -> int:
    from app.commands import trust

    return trust.trust(arguments.files)


def _runs(arguments: argparse.Namespace) -> int:
    from app.commands import training

    return training.runs(arguments.runs, arguments.json)
