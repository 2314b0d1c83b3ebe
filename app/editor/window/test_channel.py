"""A side channel for tests of the real window: a Unix socket that tells where things are. It
changes nothing.

Only there when $PATCHBAY_TEST_CHANNEL names the socket. A request is one line, `NAME ARGUMENT…`;
the answer is one line of JSON, given between two frames.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from typing import Any

import dearpygui.dearpygui as dpg

from app.editor.inspector.inspector import Inspector
from app.editor.panels.canvas_panel import CanvasPanel
from app.editor.panels.footer import Footer
from app.editor.panels.run_controls import RunControls
from app.editor.session.session import Session
from app.editor.theme.widgets import is_typing
from graphs.document.document import End

VARIABLE = "PATCHBAY_TEST_CHANNEL"


class Channel:
    """Answers questions about the window."""

    def __init__(
        self,
        path: str,
        session: Session,
        canvas: CanvasPanel,
        footer: Footer,
        inspector: Inspector,
        controls: RunControls,
    ) -> None:
        self._session, self._canvas, self._curve = session, canvas.canvas, controls.curve
        self._questions: deque[tuple[list[str], Queue[str]]] = deque()
        self._commands: dict[str, Callable[..., Any]] = {
            "frame": dpg.get_frame_count,
            "rect": _rect,
            "node": self._node,
            "port": self._port,
            "canvas": lambda: _rect("canvas"),
            "document": lambda: session.document.model_dump(mode="json"),
            "graph": lambda: session.graph_name,
            "trail": lambda: list(session.trail),
            "lit": lambda: sorted(session.reach.nodes) if session.reach else [],
            "selection": lambda: sorted(session.selection),
            "problems": self._problems,
            "checked": lambda: session.is_checked,
            "loaded": lambda: bool(session.library),
            "dirty": lambda: session.history.is_dirty,
            "run": self._run,
            "said": lambda: footer.text,
            "source": self._source,
            "preview": lambda: inspector.previewed,
            "value": dpg.get_value,
            "typing": is_typing,
            "zoom": lambda: session.zoom,
        }
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        threading.Thread(target=self._serve, args=(server,), daemon=True).start()

    def answer(self) -> None:
        """Answer what was asked since the last frame."""
        while self._questions:
            (name, *arguments), reply = self._questions.popleft()
            answer: Any = None
            try:
                answer = self._commands[name](*arguments)
            finally:
                reply.put(json.dumps(answer))

    def _serve(self, server: socket.socket) -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(ConnectionError), connection, connection.makefile("rw") as stream:
            for line in stream:
                reply: Queue[str] = Queue()
                self._questions.append((line.split(), reply))
                stream.write(reply.get() + "\n")
                stream.flush()

    def _node(self, id: str) -> list[float] | None:
        """The rectangle of a node, in pixels of the window: left, top, right, bottom."""
        canvas, scene = self._canvas, self._canvas.picture.scene
        if id not in scene.shapes:
            return None
        box = scene.box(id)
        return [*canvas.on_window((box.left, box.top)), *canvas.on_window((box.right, box.bottom))]

    def _port(self, side: str, node: str, name: str) -> list[float]:
        """Where a port is, in pixels of the window; `side` is input or output."""
        canvas = self._canvas
        return list(canvas.on_window(canvas.picture.scene.at(End(node, name), side == "input")))

    def _problems(self) -> list[dict[str, Any]]:
        return [problem.model_dump(mode="json") for problem in self._session.problems]

    def _source(self) -> str:
        """The program; empty until it has been printed, for which this asks."""
        self._session.want_source()
        return self._session.source

    def _run(self) -> dict[str, Any] | None:
        training = self._session.training
        if training.run is None:
            return None
        state = training.state.model_dump(mode="json") if training.state else None
        points = len(self._curve.train), len(self._curve.validation)
        return {"path": str(training.run.path), "state": state, "points": points}


def open_channel(
    session: Session,
    canvas: CanvasPanel,
    footer: Footer,
    inspector: Inspector,
    controls: RunControls,
) -> Channel | None:
    """The channel, when a test asked for it."""
    path = os.environ.get(VARIABLE)
    return Channel(path, session, canvas, footer, inspector, controls) if path else None


def _rect(tag: str) -> list[float] | None:
    """The rectangle of a widget, in pixels of the window; None when it is not shown."""
    if not dpg.does_item_exist(tag) or not dpg.get_item_state(tag).get("visible", True):
        return None
    if "rect_min" in dpg.get_item_state(tag):
        return [*dpg.get_item_rect_min(tag), *dpg.get_item_rect_max(tag)]
    (x, y), (w, h) = dpg.get_item_pos(tag), dpg.get_item_rect_size(tag)
    return [x, y, x + w, y + h]
