"""Camera, boxes, curves, and what lies under the mouse, without a window."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.editor.canvas.geometry import (
    Box,
    Camera,
    along,
    distance_to_curve,
    distance_to_segment,
    framing,
    union,
    wire_curve,
)
from app.editor.canvas.scene import NodeShape, Port, Scene
from graphs.document.document import End, Graph, Node, Wire

COORDINATES = st.floats(-1e4, 1e4)
POINTS = st.tuples(COORDINATES, COORDINATES)
CAMERAS = st.builds(Camera, COORDINATES, COORDINATES, st.floats(0.05, 3))


@given(CAMERAS, POINTS)
def test_screen_and_canvas_are_inverse(camera: Camera, point: tuple[float, float]) -> None:
    assert camera.to_canvas(camera.to_screen(point)) == pytest.approx(point, abs=1e-6)


@given(CAMERAS, POINTS, st.floats(0.2, 5))
def test_zooming_keeps_what_is_under_the_mouse(
    camera: Camera, at: tuple[float, float], factor: float
) -> None:
    after = camera.zoomed(at, factor)
    assert after.to_canvas(at) == pytest.approx(camera.to_canvas(at), rel=1e-6, abs=1e-4)


@given(st.lists(POINTS, min_size=2, max_size=9))
def test_framing_shows_everything(points: list[tuple[float, float]]) -> None:
    box = Box.around(*points)
    camera = framing(box, (800.0, 600.0))
    shown = camera.view((800.0, 600.0)).grown(1e-6)
    if camera.zoom > 0.05:  # smaller than that nothing is drawn
        assert shown.contains((box.left, box.top))
        assert shown.contains((box.right, box.bottom))
    assert camera.zoom <= 1


def test_boxes() -> None:
    box = Box(0, 0, 10, 20)
    assert box.overlaps(Box(10, 20, 30, 30))
    assert not box.overlaps(Box(11, 0, 30, 30))
    assert union([box, Box(-5, 3, 1, 4)]) == Box(-5, 0, 10, 20)
    assert union([]) is None


@given(POINTS, POINTS)
def test_a_wire_begins_and_ends_at_its_ports(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    curve = wire_curve(start, end)
    assert along(curve, 0) == pytest.approx(start)
    assert along(curve, 1) == pytest.approx(end)
    assert curve[1][0] >= start[0]
    assert curve[2][0] <= end[0]


def test_distances() -> None:
    assert distance_to_segment((0, 5), (-1, 0), (1, 0)) == 5
    assert distance_to_segment((4, 4), (0, 0), (1, 0)) == 5
    assert distance_to_segment((3, 4), (0, 0), (0, 0)) == 5
    curve = wire_curve((0, 0), (300, 100))
    assert distance_to_curve(along(curve, 0.37), curve) < 1
    assert distance_to_curve((0, 100), curve) > 50


SHAPE = NodeShape("Conv2d", "", ("x",), ("output",))


@pytest.fixture
def scene() -> Scene:
    nodes = {
        "a": Node(type="Conv2d"),
        "b": Node(type="Conv2d", position=(400.0, 0.0)),
        "over": Node(type="Conv2d", position=(410.0, 10.0)),
    }
    wires = (Wire(source=End("a", "output"), target=End("b", "x")),)
    return Scene.of(Graph(nodes=nodes, wires=wires), lambda id, node: SHAPE)


def test_ports_are_on_the_sides(scene: Scene) -> None:
    assert scene.at(End("a", "x"), True)[0] == 0
    assert scene.at(End("b", "output"), False)[0] == 400 + SHAPE.width
    assert len(list(scene.ports())) == 6


def test_hits(scene: Scene) -> None:
    assert scene.hit(scene.at(End("a", "output"), False), 8).port == Port(End("a", "output"), False)
    assert scene.hit((70, 12), 8).node == "a"
    assert scene.hit((480, 20), 8).node == "over"
    middle = along(scene.curve(scene.graph.wires[0]), 0.5)
    assert scene.hit(middle, 8).wire == scene.graph.wires[0]
    nothing = scene.hit((200, 500), 8)
    assert (nothing.node, nothing.port, nothing.wire) == (None, None, None)


def test_a_port_outside_the_node_is_within_reach(scene: Scene) -> None:
    x, y = scene.at(End("a", "x"), True)
    assert scene.port_at((x - 10, y), 12) == Port(End("a", "x"), True)
    assert scene.port_at((x - 10, y), 12, lambda port: not port.is_input) is None
    assert scene.port_at((x - 20, y), 12) is None


def test_bounds_and_boxes(scene: Scene) -> None:
    assert scene.bounds() == Box(0, 0, 410 + SHAPE.width, 10 + SHAPE.height)
    assert set(scene.nodes_in(Box(405, -10, 406, 5))) == {"b"}
    assert Scene(Graph()).bounds() is None


def test_a_long_name_widens_the_node_and_a_longer_one_is_cut() -> None:
    short, long = NodeShape("a", "", (), ()), NodeShape("a" * 24, "", (), ())
    endless = NodeShape("a" * 200, "", (), ())
    assert short.width < long.width < endless.width
    assert endless.fitted_title.endswith("…")
    assert math.isclose(NodeShape("a" * 300, "", (), ()).width, endless.width)
