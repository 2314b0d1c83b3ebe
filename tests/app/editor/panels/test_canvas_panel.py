"""The canvas, without a screen: a mouse that the test holds works on the session's graph."""

import dearpygui.dearpygui as dpg
import pytest

from app.editor.canvas import pointer
from app.editor.canvas.canvas import Canvas
from app.editor.canvas.geometry import Point
from app.editor.commands.commands import Commands
from app.editor.panels import canvas_panel as module
from app.editor.panels.canvas_panel import CanvasPanel
from app.editor.session.session import Part, Session
from app.editor.theme.area import Area
from graphs.document.document import Document, End, Node, Wire
from graphs.document.edits import Rename
from tests.app.editor.shells import WrittenShell

LEFT, RIGHT = dpg.mvMouseButton_Left, dpg.mvMouseButton_Right


class Hand:
    """A mouse over the canvas, and the loop that shows what it does."""

    def __init__(self, panel: CanvasPanel, session: Session) -> None:
        self.panel, self.session = panel, session
        self.at: Point = (0.0, 0.0)
        self._stale: set[Part] = set(CanvasPanel.listens)
        session.listeners.append(self._stale.update)
        self.frame()

    def frame(self) -> None:
        parts = frozenset(self._stale) & CanvasPanel.listens
        self._stale.clear()
        if parts:
            self.panel.refresh(parts)
        self.panel.poll()

    def go(self, place: Point) -> None:
        """Go to a point of the canvas."""
        self.at = self.panel.canvas.camera.to_screen(place)
        self.panel.move()
        self.frame()

    def drag(self, *places: Point, button: int = LEFT) -> None:
        """Press at the first place, let go at the last."""
        self.go(places[0])
        self.panel.press(button)
        for place in places[1:]:
            self.go(place)
        self.panel.release(button)
        self.frame()

    def middle(self, id: str) -> Point:
        return self.panel.canvas.picture.scene.box(id).centre

    def port(self, node: str, port: str, is_input: bool) -> Point:
        return self.panel.canvas.picture.scene.at(End(node, port), is_input)


@pytest.fixture
def hand(
    session: Session, commands: Commands, widgets: int, monkeypatch: pytest.MonkeyPatch
) -> Hand:
    monkeypatch.setattr(Canvas, "is_hovered", True)
    monkeypatch.setattr(pointer, "adding", lambda: False)
    panel = CanvasPanel(session, commands, widgets)
    panel.place(Area(250, 45, 880, 600))
    panel.frame()
    hand = Hand(panel, session)
    monkeypatch.setattr(Canvas, "mouse", property(lambda canvas: hand.at))
    return hand


def test_the_whole_graph_is_in_sight(hand: Hand) -> None:
    view = hand.panel.canvas.camera.view(hand.panel.canvas.size)
    assert all(view.contains(hand.middle(id)) for id in hand.session.graph.nodes)
    assert hand.session.zoom == hand.panel.canvas.camera.zoom


def test_a_click_selects_and_a_drag_moves(hand: Hand) -> None:
    session = hand.session
    x, y = hand.middle("conv1")
    hand.drag((x, y))
    assert session.selection == {"conv1"} and not session.history.past
    before = session.graph.nodes["conv1"].position
    hand.drag((x, y), (x + 40, y), (x + 80, y + 160))
    after = session.graph.nodes["conv1"].position
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((80, 160), abs=8)
    assert len(session.history.past) == 1
    assert not session.is_busy


def test_a_drag_is_shown_before_it_is_over_and_can_be_let_go(hand: Hand) -> None:
    x, y = hand.middle("conv1")
    hand.go((x, y))
    hand.panel.press(LEFT)
    hand.go((x + 80, y))
    assert hand.session.is_busy and hand.middle("conv1") != (x, y)
    assert hand.panel.cancel()
    hand.frame()
    assert hand.middle("conv1") == (x, y) and not hand.session.history.past


def test_a_box_selects(hand: Hand) -> None:
    bounds = hand.panel.canvas.picture.scene.bounds()
    assert bounds is not None
    hand.drag((bounds.left - 60, bounds.top - 60), (bounds.right + 9, bounds.bottom + 9))
    assert hand.session.selection == hand.session.graph.nodes.keys()


def test_a_wire_is_laid_and_taken_away(hand: Hand) -> None:
    session = hand.session
    hand.drag(hand.port("pool1", "x", True), (-4000.0, -4000.0))
    assert not list(session.graph.into("pool1"))
    hand.drag(hand.port("conv1", "output", False), hand.port("pool1", "x", True))
    assert Wire(source=End("conv1", "output"), target=End("pool1", "x")) in session.graph.wires
    assert session.history.past[-1].title == "Connect"


def test_a_wire_let_go_over_nothing_asks_for_a_node(hand: Hand, shell: WrittenShell) -> None:
    hand.drag(hand.port("conv1", "output", False), (-4000.0, -4000.0))
    ((at, wire_from),) = shell.heard["open_search"]
    assert wire_from.end == End("conv1", "output") and at == pytest.approx((-4000.0, -4000.0))


def test_right_clicks_open_the_menu_or_the_search(hand: Hand, shell: WrittenShell) -> None:
    hand.drag(hand.middle("conv1"), button=RIGHT)
    assert hand.session.selection == {"conv1"} and len(shell.heard["open_menu"]) == 1
    hand.drag((-4000.0, -4000.0), button=RIGHT)
    assert len(shell.heard["open_search"]) == 1


def test_a_double_click_opens(hand: Hand, shell: WrittenShell) -> None:
    hand.go(hand.middle("conv1"))
    hand.panel.press(LEFT)
    hand.panel.double_click()
    assert shell.heard["edit_label"] == [()]
    hand.panel.release(LEFT)


def test_the_wheel_zooms_and_a_drag_pans(hand: Hand) -> None:
    zoom = hand.session.zoom
    hand.panel.turn_wheel(2)
    assert hand.session.zoom > zoom
    camera = hand.panel.canvas.camera
    hand.drag((0.0, 0.0), (40.0, 0.0), button=RIGHT)
    assert hand.panel.canvas.camera.x != camera.x
    hand.panel.zoom(0.5)
    hand.panel.frame(["conv1"])
    hand.frame()
    view = hand.panel.canvas.camera.view(hand.panel.canvas.size)
    assert view.centre == pytest.approx(hand.middle("conv1"), abs=1)


def test_a_carried_node_is_dropped(hand: Hand) -> None:
    hand.panel.carry(Node(type="ReLU"))
    hand.at = (400.0, 300.0)
    hand.panel.move()
    hand.frame()
    hand.panel.release(LEFT)
    (new,) = hand.session.selection
    assert hand.session.graph.nodes[new].type == "ReLU"
    assert hand.session.history.past[-1].title == "Add ReLU"


def test_the_mouse_that_rests_is_explained_once(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[list[tuple[str, object]]] = []
    monkeypatch.setattr(Canvas, "show_tooltip", lambda canvas, paragraphs: said.append(paragraphs))
    hand.go(hand.middle("conv1"))
    monkeypatch.setattr(
        hand.panel._pointer, "rested", lambda: 2.5 * module.TOOLTIP_DELAY, raising=False
    )
    for _ in range(5):
        hand.frame()
    assert len(said) == 1 and said[0]
    hand.session.do(Rename(id="conv1", label="stem"))
    hand.frame()
    assert said[1][0][0] == "stem"


def test_an_empty_canvas_says_how_to_begin(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hints: list[object] = []
    monkeypatch.setattr(Canvas, "draw_hint", lambda canvas, lines: hints.append(lines))
    hand.session.load(Document())
    hand.frame()
    assert hints == [list(module.WELCOME)]
