"""How long the canvas takes with many nodes: `python -m tests.benchmarks.editor_canvas [NODES]`.

Needs a screen. Prints the median of each action in milliseconds, without asserting anything.
"""

import statistics
import sys
import time
from collections.abc import Callable

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas import Canvas
from app.editor.canvas.canvas_model import Picture, Subject, make_picture
from app.editor.canvas.geometry import Camera
from app.editor.theme import theme
from graphs.document.document import End, Graph, Node, Wire
from graphs.document.edits import Move

REPEATS = 9
ROW = 25
SIZE = (1000.0, 700.0)


def chain(count: int) -> Graph:
    """A long chain of layers, laid out in rows."""
    nodes = {
        f"n{i}": Node(
            type="Linear", label=f"layer {i}", position=(i % ROW * 240.0, i // ROW * 130.0)
        )
        for i in range(count)
    }
    wires = tuple(
        Wire(source=End(f"n{i}", "output"), target=End(f"n{i + 1}", "x")) for i in range(count - 1)
    )
    return Graph(nodes=nodes, wires=wires)


def measure(name: str, action: Callable[[int], object]) -> None:
    """Print how long an action takes, and the frame after it."""
    times, frames = [], []
    for index in range(REPEATS):
        start = time.perf_counter()
        action(index)
        middle = time.perf_counter()
        dpg.render_dearpygui_frame()
        times.append(middle - start)
        frames.append(time.perf_counter() - middle)
    action_ms, frame_ms = (statistics.median(values) * 1e3 for values in (times, frames))
    print(f"{name:32} {action_ms:8.2f}   frame {frame_ms:8.2f}")


def main(count: int) -> None:
    """Measure pictures, zoom, pan and moving a node, with all nodes in sight and with few."""
    dpg.create_context()
    dpg.create_viewport(width=int(SIZE[0]), height=int(SIZE[1]))
    dpg.setup_dearpygui()
    fonts = theme.load_fonts()
    window = dpg.add_window()
    canvas = Canvas(window, fonts)
    dpg.show_viewport()
    dpg.set_primary_window(window, True)
    canvas.place(0, 0, SIZE)
    graph = chain(count)

    library: dict[str, object] = {}
    before: list[tuple[Subject, Picture]] = []

    def show(graph: Graph, **options: object) -> None:
        subject = Subject(graph, library=library, **options)
        before[:] = [(subject, make_picture(subject, before[0] if before else None))]
        canvas.show(before[0][1])

    measure("make a picture", lambda i: make_picture(Subject(graph)))
    show(graph)
    for name in ("all in sight", "life size"):
        if name == "all in sight":
            canvas.frame()
        else:
            canvas.look_from(Camera())
        dpg.render_dearpygui_frame()
        print(f"-- {count} nodes, {name}")
        measure("zoom", lambda i: canvas.look_from(canvas.camera.zoomed((500, 300), 1.01)))
        measure("pan", lambda i: canvas.look_from(canvas.camera.panned(5, 3)))
        measure(
            "drag a node", lambda i: show(Move(positions={"n5": (i * 9.0, 40.0)}).change(graph))
        )
        measure("select a node", lambda i: show(graph, selection=frozenset({f"n{i}"})))
        measure("hit-test the mouse", lambda i: canvas.picture.scene.hit((250.0 + i, 60.0), 8))
        measure("nothing", lambda i: None)
    dpg.destroy_context()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
