"""Laying out: every wire runs forward, nothing overlaps, a row stays a row."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.editor.canvas.auto_layout import arranged
from app.editor.canvas.geometry import Box
from app.editor.canvas.scene import NodeShape, Scene
from graphs.document.document import End, Graph, Node, Wire


def scene(count: int, pairs: set[tuple[int, int]]) -> Scene:
    """Nodes with two inputs and two outputs, and wires between them."""
    nodes = {f"n{i}": Node(type="X", position=(7.0 * i, 3.0 * i)) for i in range(count)}
    wires = tuple(
        Wire(source=End(f"n{a}", f"o{b % 2}"), target=End(f"n{b}", f"i{a % 2}"))
        for a, b in sorted(pairs)
    )
    shape = NodeShape("node", "", ("i0", "i1"), ("o0", "o1"))
    return Scene.of(Graph(nodes=nodes, wires=wires), lambda id, node: shape)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    count = draw(st.integers(1, 12))
    possible = [(a, b) for a in range(count) for b in range(a + 1, count)]
    pairs = draw(st.sets(st.sampled_from(possible), max_size=20)) if possible else set()
    return scene(count, pairs)


@given(scenes())
@settings(max_examples=60, deadline=None)
def test_wires_run_forward_and_nothing_overlaps(drawn: Scene) -> None:
    places = arranged(drawn)
    assert places.keys() == drawn.shapes.keys()
    shape = next(iter(drawn.shapes.values()))
    boxes = {id: Box(x, y, x + shape.width, y + shape.height) for id, (x, y) in places.items()}
    assert not any(a.overlaps(b) for a, b in combinations(boxes.values(), 2))
    for wire in drawn.graph.wires:
        assert boxes[wire.source.node].right < boxes[wire.target.node].left


def test_a_row_is_straight() -> None:
    drawn = scene(5, {(0, 2), (2, 4)})
    places = arranged(drawn)
    ends = [
        places[w.source.node][1] + drawn.shapes["n0"].port(w.source.port, False)[1]
        for w in drawn.graph.wires
    ]
    starts = [
        places[w.target.node][1] + drawn.shapes["n0"].port(w.target.port, True)[1]
        for w in drawn.graph.wires
    ]
    assert all(abs(a - b) <= 1 for a, b in zip(ends, starts, strict=True))


def test_a_source_stands_beside_its_reader() -> None:
    places = arranged(scene(4, {(0, 1), (1, 3), (2, 3)}))
    assert places["n2"][0] == places["n1"][0] > places["n0"][0]


def test_crossed_wires_are_uncrossed() -> None:
    places = arranged(scene(4, {(0, 3), (1, 2)}))
    assert (places["n0"][1] < places["n1"][1]) == (places["n3"][1] < places["n2"][1])


def test_a_cycle_stays_as_it_is() -> None:
    drawn = scene(2, {(0, 1)})
    back = Wire(source=End("n1", "o0"), target=End("n0", "i0"))
    graph = drawn.graph.model_copy(update={"wires": (*drawn.graph.wires, back)})
    cyclic = Scene(graph, drawn.shapes)
    assert arranged(cyclic) == {id: node.position for id, node in graph.nodes.items()}
