"""The inspector: the form of the selected node, made from its type; of the document, when nothing
is selected.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import dearpygui.dearpygui as dpg

from app.editor.canvas.canvas_model import problems_of
from app.editor.canvas.drawing import captions_of
from app.editor.inspector.data_preview import Preview
from app.editor.inspector.fields import Fields
from app.editor.inspector.hyperparameter_form import Parameters
from app.editor.inspector.probe_preview import ProbeView
from app.editor.panels.panel import Panel
from app.editor.session.block_uses import counted_uses
from app.editor.session.session import Part
from app.editor.session.wording import problem_text, title_of
from app.editor.theme import style
from app.editor.theme.style import scale
from app.editor.theme.widgets import Item, button, heading, keep_up, text_field, words
from graphs.document.document import MAIN, End, Node
from graphs.document.edits import Configure, Rename

if TYPE_CHECKING:
    from graphs.document.problems import Problem
    from graphs.nodetypes.node_type import NodeType


class Inspector(Panel):
    """Shows and changes what is selected."""

    tag = "inspector"
    listens = frozenset(
        {"document", "file", "graph", "selection", "analysis", "library", "run", "preview"}
    )

    def build(self) -> None:
        self._built: object = None
        self._fields: Fields | None = None
        self._parameters: Parameters | None = None
        self._probe: ProbeView | None = None
        self._notes: Item = 0
        self._facts: Item = 0
        self._about: Item = 0
        self._preview = Preview(self._session)

    @property
    def _node(self) -> tuple[str, Node] | None:
        """The one node that is selected."""
        id = self._session.selected_node
        return (id, self._session.graph.nodes[id]) if id else None

    def refresh(self, parts: frozenset[Part]) -> None:
        session, chosen = self._session, self._node
        what = (chosen[0], chosen[1].type) if chosen else len(session.selection)
        built = (what, session.graph_name, len(session.library), session.path)
        if built != self._built:
            self._built = built
            self._rebuild()
        if parts - {"run", "preview"}:
            self._show()
        if self._probe:
            self._probe.refresh()
        if chosen and self._is_data(chosen[1]):
            self._preview.refresh(chosen[0])

    def poll(self) -> None:
        self._preview.poll()

    def _is_data(self, node: Node) -> bool:
        known = self._session.library.get(node.type)
        return known is not None and known.role == "data"

    @property
    def previewed(self) -> dict[str, Any] | None:
        """What is shown of the selected data node."""
        return self._preview.answer

    def close(self) -> None:
        self._leave_probe()
        self._preview.close()

    def _leave_probe(self) -> None:
        if self._probe:
            self._probe.close()
        self._probe = None

    def _rebuild(self) -> None:
        self._leave_probe()
        self._preview.leave()
        dpg.delete_item(self.root, children_only=True)
        self._fields = self._parameters = None
        dpg.push_container_stack(self.root)
        chosen = self._node
        if chosen:
            self._build_node(*chosen)
        elif self._session.selection:
            self._build_several()
        else:
            self._build_graph()
        dpg.pop_container_stack()

    def _build_graph(self) -> None:
        name = self._session.graph_name
        if name == MAIN:
            self._build_document()
        else:
            self._build_block(name)
        self._parameters = Parameters(self._session, self._commands)
        self._facts = dpg.add_group()
        self._notes = dpg.add_group()

    def _build_block(self, name: str) -> None:
        heading(f"Block {name}")
        run = self._commands.run
        with dpg.group(horizontal=True):
            button("Rename…", lambda: run("rename_block", name), tag="inspector/rename")
            button("Delete", lambda: run("delete_block", name), tag="inspector/delete")

    def _build_document(self) -> None:
        heading("Document")
        words("Title", style.MUTED)
        self._line("title", "inspector/title")
        words("Description", style.MUTED)
        self._line("description", "inspector/description", multiline=True, height=scale(70))

    def _line(self, name: str, tag: str, **options: object) -> None:
        document = self._session.document
        text_field(
            tag=tag,
            default_value=getattr(document, name),
            width=-1,
            callback=lambda _, text: self._commands.do(
                Configure.model_validate({name: text}), title=f"Change {name}", merge=tag
            ),
            **options,
        )

    def _build_several(self) -> None:
        heading(f"{len(self._session.selection)} nodes")
        run = self._commands.run
        with dpg.group(horizontal=True):
            button("Duplicate", lambda: run("duplicate"))
            button("Remove", lambda: run("remove"))
        self._facts = dpg.add_group()
        self._notes = dpg.add_group()

    def _build_node(self, id: str, node: Node) -> None:
        known = self._session.library.get(node.type)
        heading(node.type)
        if known:
            words(known.summary(), style.MUTED)
        self._notes = dpg.add_group()
        words("Label", style.MUTED)
        self._label_field(id, node)
        if known:
            self._fields = Fields(self._session, self._commands, id, known)
        self._facts = dpg.add_group()
        if known and getattr(known, "picture", "") == "images":
            self._probe = ProbeView(self._session, id)
        if known and self._is_data(node):
            self._preview.build(id)
        if known:
            self._about = dpg.add_group()
            self._help(known)

    def _show_about(self, id: str) -> None:
        """What a node says of itself, beyond its type."""
        session = self._session
        graph = session.checked.graphs.get(session.graph_name) if session.checked else None
        made = graph.types.get(id) if graph else None
        if not self._fields:
            return
        dpg.delete_item(self._about, children_only=True)
        for paragraph in made.about.split("\n\n") if made and made.about else []:
            words(" ".join(paragraph.split()), parent=self._about)

    def _label_field(self, id: str, node: Node) -> None:
        text_field(
            tag="inspector/label",
            default_value=node.label,
            hint=title_of(node.model_copy(update={"label": ""})),
            width=-1,
            callback=lambda _, text: self._commands.do(
                Rename(graph=self._session.graph_name, id=id, label=text),
                title="Rename",
                merge=f"label {id}",
            ),
        )

    def _help(self, known: type[NodeType]) -> None:
        """What the help says beyond its first paragraph, which is at the top."""
        paragraphs = known.help().split("\n\n")[1:]
        if paragraphs:
            dpg.add_spacer(height=scale(6))
        for paragraph in paragraphs:
            words(" ".join(paragraph.split()), style.MUTED)

    def _show(self) -> None:
        """Show the values as they are."""
        chosen, selection = self._node, self._session.selection
        if chosen:
            self._refresh_node(*chosen)
        elif not selection:
            self._refresh_graph()
        else:
            self._show_problems([p for id in selection for p in self._problems(id)])

    def _refresh_graph(self) -> None:
        if self._parameters:
            self._parameters.refresh()
        for name in ("title", "description"):
            keep_up(f"inspector/{name}", getattr(self._session.document, name))
        self._show_facts(self._document_facts())
        session = self._session
        name, found = session.graph_name, session.problems
        general = [p for p in found if p.node is None and p.graph == name]
        self._show_problems(general)

    def _refresh_node(self, id: str, node: Node) -> None:
        keep_up("inspector/label", node.label)
        problems = self._problems(id)
        shown = self._fields.shows if self._fields else lambda name: False
        if self._fields:
            self._fields.refresh(node, problems)
        self._show_problems([p for p in problems if not shown(p.parameter) or p.fixes])
        self._show_about(id)
        self._show_facts(self._node_facts(id))

    def _problems(self, id: str) -> list[Problem]:
        session = self._session
        return problems_of(session.checked, session.graph_name).get(id, [])

    def _show_problems(self, problems: list[Problem]) -> None:
        dpg.delete_item(self._notes, children_only=True)
        for index, problem in enumerate(problems):
            words(problem_text(problem), style.ERROR, parent=self._notes)
            for number, fix in enumerate(problem.fixes):
                tag = f"inspector/fix/{index}/{number}"
                repair = partial(self._commands.run, "apply_fix", fix)
                button(fix.title, repair, parent=self._notes, tag=tag)

    def _show_facts(self, facts: list[tuple[str, str]]) -> None:
        dpg.delete_item(self._facts, children_only=True)
        if facts:
            dpg.add_spacer(height=scale(4), parent=self._facts)
        for name, value in facts:
            with dpg.group(horizontal=True, parent=self._facts):
                words(name, style.MUTED)
                words(value)

    def _node_facts(self, id: str) -> list[tuple[str, str]]:
        checked, name = self._session.checked, self._session.graph_name
        if checked is None or not captions_of(self._session).was_checked(id):
            return []
        outputs = [
            (port.name, f"{checked.kind(name, end)} {checked.shape_text(name, end)}")
            for port in checked.outputs(name, id)
            if checked.meta(name, end := End(id, port.name))
        ]
        count = checked.count_parameters(name, id)
        return outputs + ([("parameters", f"{count:,}")] if count else [])

    def _document_facts(self) -> list[tuple[str, str]]:
        session, graph = self._session, self._session.graph
        checked, name = session.checked, session.graph_name
        facts = [("nodes", str(len(graph.nodes))), ("wires", str(len(graph.wires)))]
        if name != MAIN:
            uses = counted_uses(session.document, session.library)
            facts.append(("used", f"{uses[name]} times"))
        if checked and name in checked.graphs:
            total = checked.count_all_parameters(name)
            facts.append(("parameters", f"{total:,}"))
        return facts
