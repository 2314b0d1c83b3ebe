"""The editor's window: its parts, its events, and what happens between two frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas import Canvas
from app.editor.canvas.canvas_model import Before, Subject, make_picture, problems_of
from app.editor.canvas.geometry import Point
from app.editor.canvas.gradient_reach import Reach, Reaching
from app.editor.canvas.hover import Hover, sentence
from app.editor.canvas.node_captions import Captions
from app.editor.canvas.pointer import Hand
from app.editor.canvas.scene import Hit, Port
from app.editor.canvas.wiring_rules import EditorBoard, checked_graph
from app.editor.commands import add_nodes
from app.editor.commands.ask_trust import Watched, ask_for_trust
from app.editor.commands.block_commands import BlockActions
from app.editor.commands.commands import Actions
from app.editor.commands.context_menu import Menu
from app.editor.commands.document_files import Files
from app.editor.commands.help import WELCOME, show_help
from app.editor.commands.keyboard import Keyboard
from app.editor.inspector.inspector import Inspector
from app.editor.panels.bottom_tabs import Bottom
from app.editor.panels.footer import Footer
from app.editor.panels.palette import Palette
from app.editor.panels.quick_search import QuickSearch
from app.editor.panels.run_controls import RunControls
from app.editor.panels.toolbar import Toolbar
from app.editor.session.checker_thread import Checker, Failed, Found, Loaded
from app.editor.session.editing_session import EditorModel
from app.editor.session.services import Services
from app.editor.theme import style, theme
from app.editor.theme.style import Colour
from app.editor.window.dialogs import Dialogs
from app.editor.window.layout import lay_out
from app.editor.window.splitter import Splitter
from app.editor.window.test_channel import open_channel
from graphs.document.document import MAIN, Document, Graph
from graphs.document.edits import Edit, EditError, apply

if TYPE_CHECKING:
    from graphs.document.problems import Fix, Problem
    from graphs.nodetypes.node_type import NodeType

TOOLTIP_DELAY = 0.45
Previewed = tuple[Document, tuple[Edit, ...], Document]
AWAKE = 1.2
"""For how many seconds after an event the window paints at full rate."""


class Editor:
    """One document in one window."""

    def __init__(self, model: EditorModel, services: Services) -> None:
        self.model = model
        self.services = services
        self.library: Mapping[str, type[NodeType]] = {}
        self.devices: tuple[str, ...] = ("auto", "cpu")
        self.source = ""
        self.closing = False
        self._checker = Checker()
        self._asked: object = None
        self._watched = Watched()
        self._tooltip: object = None
        self._pictured: Before | None = None
        self._previewed: Previewed = (model.document, (), model.document)
        self._is_new = True
        self._reaching = Reaching()
        self._awake_until = 0.0
        self._build()

    def _build(self) -> None:
        self.fonts = theme.load_fonts()
        theme.use_dark_theme()
        self.window = dpg.add_window(no_scrollbar=True, no_scroll_with_mouse=True)
        dpg.bind_item_theme(self.window, theme.frame())
        self.canvas = Canvas(self.window, self.fonts)
        self.hand = Hand(self)
        self.actions = Actions(self)
        self.blocks = BlockActions(self)
        self.menu = Menu()
        self.dialogs = Dialogs()
        self.files = Files(self, self.dialogs)
        self.quick_search = QuickSearch(self)
        self._build_panels()
        self.splitter = Splitter(self)
        self.keyboard = Keyboard(self)
        self.actions.add(search=self._search_at_mouse, help=lambda: show_help(self.dialogs))
        self._channel = open_channel(self)
        self._handle_events()

    def _build_panels(self) -> None:
        self.toolbar = Toolbar(self)
        self.palette = Palette(self)
        self.bottom = Bottom(self)
        self.inspector = Inspector(self)
        self.run_controls = RunControls(self)
        self.footer = Footer(self)
        self._panels = (
            self.toolbar,
            self.palette,
            self.bottom,
            self.inspector,
            self.run_controls,
            self.footer,
        )

    def _handle_events(self) -> None:
        with dpg.handler_registry():
            dpg.add_mouse_click_handler(callback=lambda _, button: self._press(button))
            dpg.add_mouse_double_click_handler(callback=lambda _, button: self._twice(button))
            dpg.add_mouse_release_handler(callback=lambda _, button: self._release(button))
            dpg.add_mouse_move_handler(callback=lambda: self._move())
            dpg.add_mouse_wheel_handler(callback=lambda _, notches: self._wheel(notches))
            dpg.add_key_press_handler(callback=lambda _, key: self._key(key))
            dpg.add_key_release_handler(callback=lambda _, key: self.keyboard.release(key))
        dpg.set_viewport_resize_callback(lambda: self.resize())
        dpg.set_exit_callback(lambda: self._leave())

    def _press(self, button: int) -> None:
        self.wake()
        left = button == dpg.mvMouseButton_Left
        if left and self.splitter.press():
            return
        self.hand.press(button)
        self.palette.press(button)

    def _twice(self, button: int) -> None:
        self.wake()
        if button == dpg.mvMouseButton_Left:
            self.palette.double_click()
            if id := self.hand.double_click():
                self.open_node(id)

    def _release(self, button: int) -> None:
        self.wake()
        self.splitter.release()
        self.hand.release(button)

    def _move(self) -> None:
        self.wake()
        self.splitter.move()
        self.palette.drag()
        self.hand.move()

    def _wheel(self, notches: float) -> None:
        self.wake()
        self.hand.turn_wheel(notches)

    def _key(self, key: int) -> None:
        self.wake()
        self.keyboard.press(key)

    def _leave(self) -> None:
        """The window's close button: ask first when there are unsaved changes."""
        self.wake()

        def close() -> None:
            self.closing = True

        self.files.unless_unsaved(close)

    @property
    def is_asking(self) -> bool:
        """A question or a list is in front of the window."""
        return self.dialogs.is_open or self.quick_search.is_open or self.menu.is_open

    def wake(self) -> None:
        """Something happened: paint at full rate for a while."""
        self._awake_until = time.monotonic() + AWAKE

    @property
    def is_awake(self) -> bool:
        """Something moves."""
        return self.hand.is_busy or time.monotonic() < self._awake_until

    def begin(self) -> None:
        """The window is about to appear: put everything in its place, from the document alone."""
        self.resize()
        self._update_canvas()
        self.canvas.frame()

    def load_rest(self) -> None:
        """The first frame is on the screen: load the rest."""
        self._checker.start()
        self.files.offer_recovery()
        self.run_controls.attach_to_live_run()

    def end(self) -> None:
        """The window is closed; a run goes on."""
        self._checker.stop()
        self.inspector.close()
        self.run_controls.close()
        self.files.close()

    def report(self, error: Exception) -> None:
        """Something went wrong that should not have."""
        self.say(f"That did not work: {error}. The log has the details.", style.ERROR)

    def resize(self) -> None:
        """The window has another size."""
        self.wake()
        layout = lay_out(
            dpg.get_viewport_client_width(),
            dpg.get_viewport_client_height(),
            self.splitter.height,
        )
        area = layout.canvas
        self.canvas.place(area.x, area.y, (area.width, area.height))
        self.toolbar.place(layout.bar)
        self.palette.place(layout.palette)
        self.bottom.place(layout.bottom)
        self.inspector.place(layout.inspector)
        self.run_controls.place(layout.run)
        self.footer.place(layout.footer)

    def was_loaded(self) -> None:
        """The model holds another document."""
        self.source = ""
        self.run_controls.forget()
        self._update_canvas()
        self.canvas.frame()
        self.run_controls.attach_to_live_run()

    def do(self, *edits: Edit, title: str, merge: str | None = None) -> bool:
        """Apply edits as one step; when they do not fit, say why and change nothing."""
        return self.attempt(lambda: self.model.do(*edits, title=title, merge=merge))

    def attempt(self, action: Callable[[], object]) -> bool:
        """Do something that may raise EditError, and then say why."""
        try:
            action()
        except EditError as error:
            self.say(sentence(str(error)), style.ERROR)
            return False
        return True

    def say(self, text: str, colour: Colour = style.MUTED) -> None:
        """Show a sentence in the footer."""
        self.footer.say(text, colour)

    @property
    def captions(self) -> Captions:
        """Words for the graph as the canvas shows it."""
        model = self.model
        seen = checked_graph(model)
        return Captions(self._graph_shown, self.library, model.checked, seen, model.graph_name)

    @property
    def board(self) -> EditorBoard:
        """What gestures ask of the graph."""
        scene = self.canvas.picture.scene
        return EditorBoard(self.model.graph_name, scene, self.model, self.captions)

    def open_search(self, at: Point, wire_from: Port | None = None) -> None:
        """Open the quick search at a point of the canvas."""
        self.quick_search.open(at, wire_from)

    def _search_at_mouse(self) -> None:
        middle = (self.canvas.size[0] / 2, self.canvas.size[1] / 2)
        at = self.canvas.mouse if self.canvas.is_mouse_inside else middle
        self.open_search(self.canvas.camera.to_canvas(at))

    def open_menu(self, id: str) -> None:
        """Open the menu of a node at the mouse."""
        if id not in self.model.selection:
            self.model.select(frozenset({id}))
        self.menu.open(self.blocks.menu_of_node(id))

    def add_node(
        self, type_name: str, at: Point | None = None, wire_from: Port | None = None
    ) -> None:
        """Add a node at a point of the canvas, else in its middle; wire it, if a port is given."""
        add_nodes.add_node(self, type_name, at, wire_from)

    def apply_fix(self, fix: Fix) -> None:
        """Do what a quick fix says; one that trusts a file asks first."""
        (ask_for_trust if fix.trusts else add_nodes.apply_edits)(self, fix)

    def check_again(self) -> None:
        """Something outside the document has changed that the check looks at."""
        self._asked = None

    def follow(self, trail: tuple[str, ...]) -> None:
        """Show the last graph of a trail that begins at main."""
        self.hand.cancel()
        self.model.follow(trail)
        self._update_canvas()
        self.canvas.frame()

    def open_node(self, id: str) -> None:
        """A double click: a node that holds a block opens it, another lets its label be typed."""
        if not self.blocks.open(id) and dpg.does_item_exist("inspector/label"):
            dpg.focus_item("inspector/label")

    def jump_to(self, node: str, graph: str = MAIN) -> None:
        """Select a node and show it."""
        if graph != self.model.graph_name:
            self.blocks.show(graph)
        if node in self.model.graph.nodes:
            self.model.select(frozenset({node}))
            self.canvas.frame([node])

    def tick(self) -> None:
        """What happens between two frames."""
        self._take_news()
        self._ask_checker()
        self._update_canvas()
        self._update_overlay()
        self._update_tooltip()
        self.dialogs.update()
        self.quick_search.update()
        for panel in self._panels:
            panel.update()
        if self._channel:
            self._channel.answer()

    def _take_news(self) -> None:
        while self._checker.news:
            news = self._checker.news.popleft()
            self.wake()
            self._is_new = not self.model.past
            if isinstance(news, Loaded):
                self.library, self.devices = news.library, news.devices
            elif isinstance(news, Found):
                self.model.was_checked(news.document, news.checked)
                self.source = news.export
            elif isinstance(news, Failed):
                self.say(news.text, style.ERROR)

    def _ask_checker(self) -> None:
        question = (self.model.document, self.model.folder, self._watched.stamps(self.model))
        if question != self._asked:
            self._asked = question
            self._checker.ask(*question[:2])

    @property
    def _graph_shown(self) -> Graph:
        """The graph with the gesture's edits, as if it were over."""
        document, preview = self.model.document, self.hand.preview
        if document is not self._previewed[0] or preview != self._previewed[1]:
            self._previewed = document, preview, apply(document, *preview)
        return self._previewed[2].graphs[self.model.graph_name]

    @property
    def reach(self) -> Reach | None:
        """What the gradient of the selected optimizer reaches."""
        return self._reaching.of(self.model)

    def _update_canvas(self) -> None:
        """Show the graph anew when anything about it has changed."""
        model, wire, reach = self.model, self.hand.dragged_wire, self.reach
        subject = Subject(
            self._graph_shown,
            model.graph_name,
            self.library,
            model.checked,
            checked_graph(model),
            model.selection,
            model.selected_wire,
            wire.fits if wire else None,
            wire.fixed if wire else None,
            reach.nodes if reach else frozenset(),
        )
        if self._pictured is None or not subject.is_like(self._pictured[0]):
            self._pictured = subject, make_picture(subject, self._pictured)
            self.canvas.show(self._pictured[1])
            if self._is_new:  # what was checked shows more, and needs more room
                self.canvas.frame_again()
            self._is_new = False

    def _update_overlay(self) -> None:
        self.canvas.clear_overlay()
        if not self.model.graph.nodes and not self.hand.is_busy:
            self.canvas.draw_hint(list(WELCOME))
        self.hand.draw()

    def _delay(self, hit: Hit) -> float:
        """A sound node explains itself only to a mouse that rests on it."""
        is_sound = hit.port is None and hit.node not in self._problems_by_node
        return TOOLTIP_DELAY * (2 if hit.node and is_sound else 1)

    @property
    def _problems_by_node(self) -> dict[str, list[Problem]]:
        return problems_of(self.model.checked, self.model.graph_name)

    def _update_tooltip(self) -> None:
        rested = self.hand.rested()
        hit = self.hand.under_mouse() if rested >= TOOLTIP_DELAY else Hit()
        shown = hit if rested >= self._delay(hit) else Hit()
        if (shown, self.canvas.mouse) != self._tooltip:
            self._tooltip = (shown, self.canvas.mouse)
            self.canvas.show_tooltip(Hover(self.model, self.captions).paragraphs(shown))
