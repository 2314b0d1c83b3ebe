"""Checking and compiling: what is remembered, what is run again, and what is made when asked."""

from pathlib import Path

import pytest

import nodes.library  # noqa: F401  registers the node types
from graphs.check import block_uses
from graphs.check.checking import _GraphPass
from graphs.check.facts_cache import Cache
from graphs.check.results import Checked
from graphs.codegen.script import export as script
from graphs.codegen.script.interface_of_program import interface_of
from graphs.compiler import Compiled, check, compile
from graphs.document.document import Document, Node
from graphs.document.document_io import read
from graphs.document.edits import SetParameters, apply
from graphs.document.problems import ProblemsError
from graphs.program.log_names import labels_of
from graphs.program.partition import program_of
from tests.graphs.drawing import classifier

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def moved(document: Document) -> Document:
    """The document with every node somewhere else."""

    def beside(node: Node) -> Node:
        x, y = node.position
        return node.model_copy(update={"position": (x + 7, y - 3)})

    for name, graph in document.graphs.items():
        placed = {id: beside(node) for id, node in graph.nodes.items()}
        document = document.with_graph(name, graph.model_copy(update={"nodes": placed}))
    return document


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the graphs that were walked, in order."""
    walked: list[str] = []
    result = _GraphPass.result

    def counted(self: _GraphPass) -> object:
        walked.append(self.name)
        return result(self)

    monkeypatch.setattr(_GraphPass, "result", counted)
    return walked


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of nodes with blocks that were run on the meta device, in order."""
    ran: list[str] = []
    run = block_uses.Library._infer_held

    def counted(self: block_uses.Library, type_: object, arrivals: object) -> object:
        ran.append(type(type_).__name__)
        return run(self, type_, arrivals)  # type: ignore[arg-type]

    monkeypatch.setattr(block_uses.Library, "_infer_held", counted)
    return ran


def test_where_nodes_lie_compiles_nothing() -> None:
    document = classifier()
    compiled = compile(check(document))
    assert compile(check(moved(document))) is compiled
    assert (
        compile(check(classifier(conv=("Conv2d", {"x": "digits.image"}, {"out_channels": 5}))))
        is not compiled
    )


def test_text_is_made_when_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    text = script.ExportedFile.sections

    def counted(self: script.ExportedFile) -> script.Sections:
        made.append(self.stem)
        return text(self)

    monkeypatch.setattr(script.ExportedFile, "sections", counted)
    compiled = compile(check(classifier().replace(title="looked at")))
    assert compiled.interface.losses == ("loss",) and compiled.stages and not made
    assert compiled.source is compiled.source and made == ["looked_at"]


def test_a_document_with_problems_does_not_compile() -> None:
    checked = check(Document())
    with pytest.raises(ProblemsError):
        compile(checked)


def test_an_edit_of_a_parameter_runs_what_it_reaches(passes: list[str], runs: list[str]) -> None:
    """In maml_glyphs, whose tasks adapt a block of blocks on the meta device for each size."""
    path, cache = EXAMPLES / "maml_glyphs.graph.json", Cache()
    document = read(path)
    check(document, path.parent, cache)
    assert set(passes) == set(document.graphs) and runs
    forget(passes, runs)

    check(moved(document), path.parent, cache)
    assert passes == ["main"] and not runs

    forget(passes, runs)
    misses = cache.misses
    check(apply(document, SetParameters(id="adam", parameters={"lr": 0.005})), path.parent, cache)
    assert passes == ["main"] and not runs and cache.misses == misses + 1


def test_a_block_that_changed_is_run_and_others_are_not(passes: list[str], runs: list[str]) -> None:
    path, cache = EXAMPLES / "unit.graph.json", Cache()
    document = read(path)
    check(document, path.parent, cache)
    (name, id), *_ = (
        (g, i)
        for g, graph in document.graphs.items()
        if g != "main"
        for i, node in graph.nodes.items()
        if node.type == "Conv2d"
    )
    holding = {g for g, graph in document.graphs.items() if name in held_by(document, g)} | {
        name,
        "main",
    }
    forget(passes, runs)
    bias = not document.graphs[name].nodes[id].parameters.get("bias", True)
    edit = SetParameters(graph=name, id=id, parameters={"bias": bias})
    check(apply(document, edit), path.parent, cache)
    assert set(passes) == holding and len(holding) < len(document.graphs)


def held_by(document: Document, name: str) -> set[str]:
    """The blocks inside a graph, however deep."""
    inside = {
        held
        for node in document.graphs[name].nodes.values()
        for held in block_uses.held_blocks(node)
    }
    return inside.union(*(held_by(document, held) for held in inside))


def forget(*lists: list[str]) -> None:
    """Count from here on."""
    for counted in lists:
        counted.clear()


def test_what_is_remembered_is_what_is_found() -> None:
    """A check that remembers all uses of blocks equals one that knows nothing."""
    for name in ("unit", "maml_glyphs", "wavenet", "causal_transformer"):
        path, cache = EXAMPLES / f"{name}.graph.json", Cache()
        document = read(path)
        check(document, path.parent, cache)
        again, fresh = (check(moved(document), path.parent, known) for known in (cache, Cache()))
        assert again.problems == fresh.problems == ()
        for graph in document.graphs:
            one, other = again.graphs[graph], fresh.graphs[graph]
            assert (one.metas, one.weights, one.uses, one.scope, one.drawn) == (
                other.metas,
                other.weights,
                other.uses,
                other.scope,
                other.drawn,
            )
        assert again.blocks.first == fresh.blocks.first
        assert compile(again).sections.text == compile_anew(fresh)


def compile_anew(checked: Checked) -> str:
    """The text of a checked document, of which nothing is remembered."""
    program = program_of(checked.main)
    labels = labels_of(checked.main, program)
    interface = interface_of(checked, program, labels)
    return Compiled(checked, program, labels, interface).sections.text


def test_equal_numbers_of_unlike_spelling_are_printed_as_they_are_spelled() -> None:
    """A block that is handed `=width` prints it, though one with 8 was seen before."""
    path = EXAMPLES / "cnn.graph.json"
    document, cache = read(path), Cache()
    stages = ((id, node.parameters.get("arguments")) for id, node in document.main.nodes.items())
    id, given = next((id, given) for id, given in stages if given and "=width" in given.values())
    numbers = {name: 16 if value == "=width" else value for name, value in given.items()}
    plain = SetParameters(id=id, parameters={"arguments": numbers})
    check(apply(document, plain), path.parent, cache)
    assert "width=width" in compile(check(document, path.parent, cache)).source
