"""What the tooltip over the canvas says. No GUI."""

from __future__ import annotations

from app.editor.canvas.canvas_model import problems_of
from app.editor.canvas.node_captions import Captions
from app.editor.canvas.scene import Hit, Port
from app.editor.session.session import Session
from app.editor.session.wording import problem_text, title_of
from app.editor.theme import style
from app.editor.theme.style import Colour
from graphs.document.document import End, Wire

Paragraph = tuple[str, Colour]


class Hover:
    """Words about what is under the mouse, from the document, the library and the last check."""

    def __init__(self, session: Session, captions: Captions) -> None:
        self._session = session
        self._captions = captions

    def paragraphs(self, hit: Hit) -> list[Paragraph]:
        """What to say of something on the canvas, a colour a paragraph."""
        if hit.port:
            return self._port(hit.port)
        if hit.node:
            return self._node(hit.node)
        return self._wire(hit.wire) if hit.wire else []

    def _node(self, id: str) -> list[Paragraph]:
        node = self._session.graph.nodes[id]
        known = self._captions.library.get(node.type)
        said = [(title_of(node), style.TEXT), *self._problems(id)]
        if known:
            said.append((known.summary(), style.MUTED))
        elif self._captions.library:
            said.append((f"There is no node type {node.type} in this version.", style.MUTED))
        if self._is_left_out(id):
            said.append(("Left out: a choice asks for something else.", style.WARNING))
        if count := self._learned(id):
            said.append((f"{count:,} parameters", style.MUTED))
        return said

    def _problems(self, id: str) -> list[Paragraph]:
        found = problems_of(self._session.checked, self._session.graph_name).get(id, [])
        return [(problem_text(problem), style.ERROR) for problem in found]

    def _is_left_out(self, id: str) -> bool:
        checked = self._session.checked
        if checked is None or not self._captions.was_checked(id):
            return False
        return checked.graphs[self._session.graph_name].leaves_out(id)

    def _learned(self, id: str) -> int:
        checked = self._session.checked
        if checked is None or not self._captions.was_checked(id):
            return 0
        return checked.count_parameters(self._session.graph_name, id)

    def _port(self, port: Port) -> list[Paragraph]:
        if not port.is_input:
            return [(f"{port.end.port}: {self.carried(port.end) or 'not known yet'}", style.TEXT)]
        known = self._captions.input(port.end)
        if known is None:
            return [(port.end.port, style.TEXT)]
        extra = " · takes several wires" if known.many else " · optional" if known.optional else ""
        needs = f"needs {known.takes.needs()}{extra}"
        return [(f"{port.end.port}: {known.kind}", style.TEXT), (needs, style.MUTED)]

    def _wire(self, wire: Wire) -> list[Paragraph]:
        ends = f"{wire.source} → {wire.target}"
        return [(self.carried(wire.source) or "not known yet", style.TEXT), (ends, style.MUTED)]

    def carried(self, source: End) -> str:
        """Kind and shape of what leaves an output port: `image (N, 1, 8, 8)`."""
        checked = self._session.checked
        if checked is None or not self._captions.was_checked(source.node):
            return ""
        name = self._session.graph_name
        shape = checked.shape_text(name, source)
        return f"{checked.kind(name, source)} {shape}" if shape else ""
