"""Problems: all at once, each on its node, followers silent, with quick fixes that mend."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodes.library  # noqa: F401  registers the node types
from graphs.check.facts_cache import Cache, cache_name
from graphs.check.results import Checked
from graphs.compiler import check
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.edits import Connect, SetParameters, apply
from tests.graphs.drawing import classifier, drawn


def said(checked: Checked) -> dict[str, str]:
    """The problems' texts by node."""
    return {problem.node or "": problem.text for problem in checked.problems}


def test_a_sound_program_has_no_problems() -> None:
    checked = check(classifier())
    assert checked.problems == ()
    assert checked.shape_text("main", End("conv", "output")) == "(N, 4, 8, 8)"
    assert checked.kind("main", End("digits", "label")) == "labels"
    assert checked.count_parameters("main", "linear") == 4 * 64 * 10 + 10


def test_an_empty_document_says_what_is_needed() -> None:
    texts = [problem.text for problem in check(Document()).problems]
    assert [text.split(":")[0] for text in texts] == [
        "there is no data",
        "there is no loss",
        "there is no optimizer",
    ]


def test_all_problems_at_once_and_followers_silent() -> None:
    document = classifier(
        conv=("Conv2d", {"x": "digits.image"}, {"kernel_size": 9, "padding": "valid"}),
        accuracy=("Accuracy", {"prediction": "linear"}),
        odd=("Linear", {"x": "digits.image"}),
    )
    texts = said(check(document))
    assert set(texts) == {"conv", "accuracy", "odd"}
    assert texts["odd"] == "x needs (N, F) or (N, T, F), got (N, 1, 8, 8)"
    assert texts["accuracy"] == "label needs a wire"


def test_several_bad_parameters_are_each_said() -> None:
    document = classifier(
        conv=("Conv2d", {"x": "digits.image"}, {"out_channels": 0, "padding": "round", "x": 1})
    )
    parameters = {p.parameter for p in check(document).problems if p.node == "conv"}
    assert parameters == {"out_channels", "padding", "x"}


def test_a_cycle_is_said_on_its_nodes_alone() -> None:
    document = classifier(relu=("Add", {"values": ["conv", "loop"]}), loop=("ReLU", {"x": "relu"}))
    texts = said(check(document))
    assert set(texts) == {"relu", "loop"}
    assert "lead back to itself" in texts["loop"]


def test_doubly_connected_input() -> None:
    document = classifier(relu=("ReLU", {"x": ["conv", "digits.image"]}))
    (problem,) = check(document).problems
    assert problem.text == "x takes one wire, got 2" and problem.port == "x"
    assert [fix.title for fix in problem.fixes] == [
        "Keep the wire from conv",
        "Keep the wire from digits",
    ]
    assert check(apply(document, *problem.fixes[0].edits)).problems == ()


def test_insert_flatten_mends() -> None:
    document = classifier(linear=("Linear", {"x": "relu"}, {"out_features": 10}))
    problems = [p for p in check(document).problems if p.node == "linear"]
    (fix,) = problems[0].fixes
    assert fix.title == "Insert Flatten"
    mended = check(apply(document, *fix.edits))
    assert "linear" not in said(mended)


def test_a_parameter_fix_mends() -> None:
    document = classifier(
        digits=("Digits", {}, {"form": "rows"}),
        conv=("MultiheadAttention", {"query": "digits.image"}, {"num_heads": 3}),
    )
    (problem,) = check(document).problems
    assert [fix.title for fix in problem.fixes] == ["Use num_heads = 2"]
    assert check(apply(document, *problem.fixes[0].edits)).problems == ()


def test_wires_to_nowhere() -> None:
    document = classifier()
    for source, target, node in (
        (End("conv", "side"), End("relu", "x"), "conv"),
        (End("conv", "output"), End("relu", "y"), "relu"),
        (End("ghost", "output"), End("relu", "x"), "relu"),
    ):
        wire = Wire(source=source, target=target)
        graph = document.main.model_copy(update={"wires": (*document.main.wires, wire)})
        (problem,) = check(document.with_graph("main", graph)).problems
        assert problem.node == node and "remove" in problem.text
        assert check(apply(document, *problem.fixes[0].edits)).problems == ()


def test_an_unknown_type_is_a_placeholder() -> None:
    checked = check(
        classifier(relu=("Warp9", {"in": "conv"}), flatten=("Flatten", {"x": "relu.out"}))
    )
    assert "there is no node type Warp9" in said(checked)["relu"]
    assert set(said(checked)) == {"relu"}
    assert [port.name for port in checked.inputs("main", "relu")] == ["in"]
    assert [port.name for port in checked.outputs("main", "relu")] == ["out"]


@pytest.mark.parametrize(
    ("changes", "node", "words"),
    [
        ({"adamw": ("AdamW", {})}, "adamw", "loss needs a wire"),
        ({"adamw": ("AdamW", {"loss": "linear"})}, "adamw", "needs a scalar"),
        ({"spare": ("Linear", {"x": "flatten"})}, "spare", "reach no loss"),
        ({"second": ("SGD", {"loss": "loss"})}, "second", "moves the weights of conv"),
        ({"table": ("Digits", {}, {"batch_size": 7})}, "table", "batch_size is 7"),
        ({"table": ("Table", {})}, "table", "choose a CSV file"),
    ],
)
def test_problems_of_programs(changes: dict, node: str, words: str) -> None:
    texts = said(check(classifier(**changes), Path(__file__).parent))
    assert words in texts[node], texts


def test_nothing_to_move() -> None:
    document = drawn(
        digits=("Digits", {}, {"form": "pixels"}),
        relu=("ReLU", {"x": "digits.image"}),
        loss=("CrossEntropy", {"prediction": "relu", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )
    assert "nothing to move" in said(check(document))["adamw"]


def test_what_may_be_wired() -> None:
    checked = check(classifier())
    accepts = checked.accepts
    assert accepts("main", End("digits", "image"), End("relu", "x"))
    assert not accepts("main", End("digits", "label"), End("relu", "x"))  # integers
    assert not accepts("main", End("relu", "output"), End("conv", "x"))  # a cycle
    assert not accepts("main", End("conv", "output"), End("conv", "x"))
    assert not accepts("main", End("conv", "output"), End("relu", "nowhere"))


def chain(length: int) -> Document:
    """Many Linear layers in a row."""
    nodes = {"digits": Node(type="Digits", parameters={"form": "pixels"})}
    wires, before = [], End("digits", "image")
    for number in range(length):
        id = f"l{number}"
        nodes[id] = Node(type="Linear", parameters={"out_features": 3 + number % 7})
        wires.append(Wire(source=before, target=End(id, "x")))
        before = End(id, "output")
    return Document(graphs={"main": Graph(nodes=nodes, wires=tuple(wires))})


def test_an_edit_runs_again_only_what_it_changes() -> None:
    cache = Cache()
    document = chain(50)
    check(document, cache=cache)
    cache.misses = 0
    check(document, cache=cache)
    assert cache.misses == 0
    edited = apply(document, SetParameters(id="l20", parameters={"out_features": 99}))
    checked = check(edited, cache=cache)
    assert cache.misses == 2  # the node, and the one that it feeds
    assert checked.shape_text("main", End("l20", "output")) == "(N, 99)"


def test_the_cache_lives_on_disk(tmp_path: Path) -> None:
    path = tmp_path / cache_name()
    cache = Cache(path)
    first = check(classifier(), cache=cache)
    cache.save()
    with path.open("a") as file:
        file.write('[["cut in the mid')
    again = Cache(path)
    second = check(classifier(), cache=again)
    assert again.misses == 0
    assert first.main.metas == second.main.metas and first.main.weights == second.main.weights


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_any_wiring_is_checked_without_failing(pairs: list[tuple[int, int]]) -> None:
    """Random wires, cycles among them: checking always ends, with each problem on a node."""
    document = chain(8)
    for source, target in pairs:
        wire = Wire(source=End(f"l{source}", "output"), target=End(f"l{target}", "x"))
        document = apply(document, Connect(wire=wire))
    for problem in check(document).problems:
        assert problem.node is None or problem.node in document.main.nodes
