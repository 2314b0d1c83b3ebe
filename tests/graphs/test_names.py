"""Names: nothing that a user types hides, replaces or breaks what is printed. Words of Python, of
torch, of what is copied and of the printers' own text are typed in every place there is; the file
is then the one with harmless words but for the names.
"""

import ast
import re
import string
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ruff import find_ruff_bin
from torch import nn
from torch.nn import functional

import nodes.library  # noqa: F401  registers the node types
from graphs.codegen.classes import block_classes
from graphs.codegen.expressions import lowering, own_names
from graphs.codegen.expressions.names import file_stem
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.document.identifiers import IDENTIFIER, REFUSED, WORDS, identifier
from tests.graphs.drawing import classifier
from tests.graphs.hostile import wire
from tests.graphs.printed_names import Renaming, by_scope, defined, hidden

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests/golden").glob("*.py"))
RUNTIME = sorted((ROOT / "graphs/runtime").rglob("*.py"))
Draw = Callable[..., Document]
MARK = "qz"
"""What harmless words begin with, and no other name has in it."""

OURS = sorted(own_names.reserved_names() | own_names.local_names() | own_names.method_names())
COPIED = sorted({name for path in RUNTIME for name in defined(ast.parse(path.read_text()))})
TORCH = sorted({*dir(torch), *dir(nn), *dir(functional), *dir(nn.Module())})
TEXTS = (
    *(
        '"""',
        "'; x",
        "a\nb",
        "{0}",
        "%s",
        "\\",
        "# a",
        "1st",
        "évidence",
        "漢字",
        "",
        " ",
        "_",
        "__",
    ),
    *("LENGTH", "It's the LENGTH", "STEM", "a b", "a_b", "aB", "A_B", "node", "self.x", "1", "=1"),
)
"""What is no name at all."""


def stem(path: Path) -> str:
    return path.stem


class Typed:
    """What a user types: the words given, one after another, or harmless ones for each place."""

    def __init__(self, words: list[str] | None = None) -> None:
        self._words = words
        self._count = 0
        self._names: set[str] = set()

    def text(self) -> str:
        """Any text."""
        self._count += 1
        letters = string.ascii_lowercase
        harmless = MARK + letters[self._count // 26] + letters[self._count % 26]
        return self._words[self._count % len(self._words)] if self._words else harmless

    def name(self, refused: frozenset[str] = frozenset()) -> str:
        """A name that the document takes: of letters, and no other's."""
        word = self.text()
        harmless = Typed.text(Typed._at(self._count - 1))
        fits = IDENTIFIER.fullmatch(word) and word not in refused | self._names
        name = word if fits else harmless
        self._names.add(name)
        return name

    @staticmethod
    def _at(count: int) -> "Typed":
        typed = Typed()
        typed._count = count
        return typed


def node(type_: str, label: str = "", **parameters: Any) -> dict[str, Any]:
    return {"type": type_, "label": label, "parameters": parameters}


def graph(nodes: dict[str, Any], wires: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    return {"nodes": nodes, "wires": [wire(*ends) for ends in wires], **more}


def two_sided(typed: Typed, width: str) -> tuple[dict[str, Any], str, list[str]]:
    """A block with one input and two outputs, a parameter, and every node named by the user."""
    x, one, two = (typed.text() for _ in range(3))
    ids = [typed.name() for _ in range(6)]
    a, b, c, d, e, f = ids
    nodes = {
        a: node("Input", x, kind="features"),
        b: node("Linear", typed.text(), out_features=f"={width} * 2"),
        c: node("BatchNorm1d", typed.text()),
        d: node("ReLU", typed.text()),
        e: node("Output", one),
        f: node("Output", two),
    }
    wires = [
        (f"{a}.output", f"{b}.x"),
        (f"{b}.output", f"{c}.x"),
        (f"{c}.output", f"{d}.x"),
        (f"{d}.output", f"{e}.value"),
        (f"{b}.output", f"{f}.value"),
    ]
    ports = [identifier(one or e), identifier(two or f)]
    if ports[0] == ports[1]:
        ports[1] = f"{ports[1]}_2"
    drawn = graph(nodes, wires, parameters={width: 4}, help={width: f"A {typed.text()}"})
    return drawn, identifier(x or a), ports


def chained(typed: Typed, width: str) -> tuple[dict[str, Any], str, str]:
    """A block that may stand in a row, each copy different."""
    x, y = typed.text(), typed.text()
    a, b, c, d = (typed.name() for _ in range(4))
    nodes = {
        a: node("Input", x, kind="features"),
        b: node("Linear", typed.text(), out_features=f"={width} * 2"),
        c: node("LeakyReLU", typed.text(), negative_slope="=0.1 * (i + 1)"),
        d: node("Output", y),
    }
    wires = [(f"{a}.output", f"{b}.x"), (f"{b}.output", f"{c}.x"), (f"{c}.output", f"{d}.value")]
    return graph(nodes, wires, parameters={width: 4}), identifier(x or a), identifier(y or d)


def network(words: list[str] | None = None) -> Document:
    """A program of one network: blocks, a row of copies, a schedule, a metric, probes."""
    typed = Typed(words)
    title, about = typed.text(), typed.text()
    width, rate, inner, deep = (typed.name(REFUSED) for _ in range(4))
    first, second = typed.name(frozenset(("main",))), typed.name(frozenset(("main",)))
    block, x, ports = two_sided(typed, inner)
    row, row_x, row_y = chained(typed, deep)
    data, use, again, rows, head, loss, right, adam, shown = (typed.name() for _ in range(9))
    nodes = {
        data: node("Digits", typed.text(), form="pixels"),
        use: node("Block", typed.text(), block=first, weights=typed.text(), arguments={inner: 3}),
        again: node("Block", "", block=first, arguments={inner: f"={width}"}),
        rows: node("Repeat", typed.text(), block=second, copies=3, arguments={deep: f"={width}"}),
        head: node("Linear", typed.text(), out_features=10),
        loss: node("CrossEntropy", typed.text()),
        right: node("Accuracy", typed.text()),
        adam: node("AdamW", typed.text(), lr=f"={rate}", schedule="cosine"),
        shown: node("ConfusionMatrix", typed.text()),
    }
    wires = [
        (f"{data}.image", f"{use}.{x}"),
        (f"{use}.{ports[0]}", f"{again}.{x}"),
        (f"{again}.{ports[1]}", f"{rows}.{row_x}"),
        (f"{rows}.{row_y}", f"{head}.x"),
        *((f"{head}.output", f"{to}.prediction") for to in (loss, right, shown)),
        *((f"{data}.label", f"{to}.label") for to in (loss, right, shown)),
        (f"{loss}.output", f"{adam}.loss"),
    ]
    parameters, help_ = (
        {width: 5, rate: 0.01},
        {width: f"A {typed.text()}", rate: typed.text() + "."},
    )
    main = graph(nodes, wires, parameters=parameters, help=help_)
    graphs = {"main": main, first: block, second: row}
    return Document.model_validate({"title": title, "description": about, "graphs": graphs})


def side_by_side(words: list[str] | None = None) -> Document:
    """A program of several optimizers: two sources, steps of all sorts, a frozen block."""
    typed = Typed(words)
    title = typed.text()
    width, rate, inner = (typed.name(REFUSED) for _ in range(3))
    first = typed.name(frozenset(("main",)))
    block, x, ports = two_sided(typed, inner)
    ids = [typed.name() for _ in range(11)]
    data, other, use, again, head, tail, loss, second, adam, lbfgs, shown = ids
    nodes = {
        data: node("Digits", typed.text(), form="pixels"),
        other: node("Digits", typed.text(), form="pixels", sampling="balanced"),
        use: node("Block", typed.text(), block=first, weights=typed.text(), arguments={inner: 3}),
        again: node("Block", typed.text(), block=first, arguments={inner: f"={width}"}),
        head: node("Linear", typed.text(), out_features=10),
        tail: node("Linear", typed.text(), out_features=10),
        loss: node("CrossEntropy", typed.text()),
        second: node("CrossEntropy", typed.text()),
        adam: node("AdamW", typed.text(), lr=f"={rate}", schedule="plateau", every=2, times=2),
        lbfgs: node("LBFGS", typed.text(), max_iter=2),
        shown: node("Histogram", typed.text()),
    }
    wires = [
        (f"{data}.image", f"{use}.{x}"),
        (f"{use}.{ports[0]}", f"{head}.x"),
        (f"{head}.output", f"{loss}.prediction"),
        (f"{data}.label", f"{loss}.label"),
        (f"{loss}.output", f"{adam}.loss"),
        (f"{other}.image", f"{again}.{x}"),
        (f"{again}.{ports[1]}", f"{tail}.x"),
        (f"{tail}.output", f"{second}.prediction"),
        (f"{other}.label", f"{second}.label"),
        (f"{second}.output", f"{lbfgs}.loss"),
        (f"{tail}.output", f"{shown}.values"),
    ]
    main = graph(nodes, wires, parameters={width: 5, rate: 0.01})
    return Document.model_validate({"title": title, "graphs": {"main": main, first: block}})


@pytest.fixture(scope="module", autouse=True)
def _inlines_whatever_the_length() -> Iterator[None]:
    """Whether a value stands in a line of its own must not depend on how long its names are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lowering, "LONGEST_INLINE", 10_000)
        patch.setattr(block_classes, "chain", lambda *_: None)
        yield


@cache
def harmless(draw: Draw) -> ast.Module:
    return ast.parse(export(draw()))


def rewritten(draw: Draw, words: list[str]) -> None:
    """The file with these words is the one with harmless words, but for names; no name in it is
    used before it is there, bound and unused, or hides another.
    """
    document = draw(words)
    assert check(document).problems == (), [p.text for p in check(document).problems]
    source = export(document)
    Renaming(MARK).compare(harmless(draw), ast.parse(source))
    assert hidden(source) == []
    rules = ["--isolated", "--no-cache", "--quiet", "--select=F,A001,A002", "-"]
    done = subprocess.run([find_ruff_bin(), "check", *rules], input=source.encode(), check=False)
    assert done.returncode == 0


def groups(words: list[str], size: int) -> list[list[str]]:
    return [words[start : start + size] for start in range(0, len(words), size)]


OWN_GROUPS = [*groups(OURS, 5), *groups([*sorted(WORDS), *TEXTS], 17)]
DRAWN = [network, side_by_side]


@pytest.mark.parametrize("draw", DRAWN)
@pytest.mark.parametrize("turn", range(len(OWN_GROUPS)))
def test_words_of_python_and_ours(draw: Draw, turn: int) -> None:
    rewritten(draw, OWN_GROUPS[turn])


@settings(derandomize=True, max_examples=20, deadline=None, database=None)
@given(
    draw=st.sampled_from(DRAWN),
    words=st.lists(st.sampled_from([*TORCH, *COPIED, *OURS, *TEXTS]), min_size=1, max_size=23),
)
def test_words_of_torch_and_the_copied(draw: Draw, words: list[str]) -> None:
    rewritten(draw, words)


@pytest.mark.parametrize("path", GOLDEN, ids=stem)
def test_nothing_is_hidden(path: Path) -> None:
    assert hidden(path.read_text()) == []


def test_nothing_copied_hides_anything() -> None:
    """Whatever of ours comes into one file: no variable has the name of a definition or import."""
    trees = {path: ast.parse(path.read_text()) for path in RUNTIME}
    everywhere = "\n".join(f"import {name}" for tree in trees.values() for name in defined(tree))
    for path, tree in trees.items():
        tree.body.extend(ast.parse(everywhere).body)
        assert hidden(ast.unparse(tree)) == [], path


def test_what_is_copied_has_names_of_its_own() -> None:
    """But for what stands in for another: of several loops one goes along."""
    seen: dict[str, Path] = {}
    for path in (path for path in RUNTIME if path.parent.name != "training"):
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                assert statement.name not in seen and statement.name not in TRAINING, statement.name
                seen[statement.name] = path


TRAINING = {
    name
    for path in RUNTIME
    if path.parent.name == "training"
    for name in defined(ast.parse(path.read_text())) & own_names.reserved_names()
}


@pytest.mark.parametrize("path", GOLDEN, ids=stem)
def test_own_names_are_found(path: Path) -> None:
    """What a file has of our printers' is known to them, so that no name of a user's can be it."""
    source = path.read_text()
    tree = ast.parse(source)
    copied = {*COPIED, *dir(torch), *own_names.reserved_names()}
    functions = {s.name for s in tree.body if isinstance(s, ast.FunctionDef)}
    assert functions <= copied
    for name, variables in by_scope(source).items():
        if name not in COPIED and name != "load":
            assert variables <= own_names.local_names(), name


def test_what_differs_in_case_alone_is_told_apart() -> None:
    document = classifier(
        conv=("Conv2d", {"x": "digits.image"}, {"out_channels": "=width"}),
        relu=("Dropout", {"x": "conv"}, {"p": "=Width"}),
        adamw=("AdamW", {"loss": "loss"}, {"lr": "=WIDTH"}),
    )
    parameters = {"width": 4, "Width": 0.5, "WIDTH": 0.25}
    main = document.main.model_copy(update={"parameters": parameters})
    source = export(document.with_graph("main", main))
    assert "WIDTH = 4\nWIDTH_2 = 0.5\nWIDTH_3 = 0.25\n" in source
    for argument in ("width: int = WIDTH", "Width: float = WIDTH_2", "width_2: float = WIDTH_3"):
        assert re.search(rf"\b{argument}\b", source)
    for flag in ("--width", "--Width", "--width-2"):
        assert f'"{flag}"' in source


@pytest.mark.parametrize("title", ["torch", "math", "Random", "safetensors", "argparse"])
def test_no_file_is_called_as_what_it_imports(title: str) -> None:
    assert file_stem(title) == f"{title.lower()}_program"
    assert file_stem("digits") == "digits"
