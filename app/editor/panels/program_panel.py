"""What happens on one batch, step by step, in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.panels.panel import Panel
from app.editor.session.gradient_reach import count_owned, owners
from app.editor.session.session import Part
from app.editor.session.wording import listed, ordinal, told_apart
from app.editor.theme import style, theme
from app.editor.theme.area import Area
from app.editor.theme.style import scale
from app.editor.theme.widgets import button, words

if TYPE_CHECKING:
    from graphs.check.results import CheckedGraph
    from graphs.compiler import Compiled
    from graphs.nodetypes.node_type import Optimizer
    from graphs.program.stages import Stage


class ProgramPanel(Panel):
    """A tab with the order of training."""

    tag = "program"
    listens = frozenset({"analysis"})
    padding = None

    def place(self, area: Area) -> None:
        """The tabs have taken a place; the steps fill what they leave it."""
        self.area = area

    def build(self) -> None:
        self._fill()

    def refresh(self, parts: frozenset[Part]) -> None:
        dpg.delete_item(self.root, children_only=True)
        dpg.push_container_stack(self.root)
        self._fill()
        dpg.pop_container_stack()

    def _fill(self) -> None:
        checked = self._session.checked
        if checked is None or checked.problems:
            words("The steps appear here when the document has no problems.", style.MUTED)
            return
        from graphs.compiler import compile

        compiled = compile(checked)
        words("For each batch:", style.MUTED)
        for number, step in enumerate(steps(compiled), 1):
            self._add(f"{number}.", step)
        if shown := watched(compiled):
            words("Now and then, for the monitor, outside any step:", style.MUTED)
            self._add("–", shown)

    def _add(self, sign: str, step: Step) -> None:
        with dpg.group(horizontal=True):
            words(sign, style.MUTED)
            if step.node:
                show = partial(self._commands.run, "show_node", step.node)
                item = button(step.title, show, tag=f"program/{step.node}")
                dpg.bind_item_theme(item, theme.flat())
            else:
                dpg.add_spacer(width=0)  # where a button has its edge
                words(step.title)
        for verb, text in step.lines:
            with dpg.group(horizontal=True):
                dpg.add_spacer(width=scale(14))
                words(verb, style.MUTED)
                words(text)


@dataclass(frozen=True)
class Step:
    """One thing that happens on a batch, with what there is to say of it: (verb, text) each."""

    title: str
    node: str = ""
    """The optimizer of the step."""
    lines: tuple[tuple[str, str], ...] = ()


def steps(compiled: Compiled) -> list[Step]:
    """What happens on one batch, in order."""
    main = compiled.checked.main
    taken = listed(told_apart(main.graph.nodes), compiled.program.data)
    return [Step(f"take {taken}"), *(_step(main, stage) for stage in compiled.stages)]


def watched(compiled: Compiled) -> Step | None:
    """What is computed for the monitor now and then, beside the steps; None without probes."""
    program, names = compiled.program, told_apart(compiled.checked.main.graph.nodes)
    shown = (*program.probes, *program.tallies)
    if not shown:
        return None
    lines = [("computes", listed(names, program.probing))] if program.probing else []
    return Step(f"show {listed(names, shown)}", lines=tuple(lines))


def _step(checked: CheckedGraph, stage: Stage) -> Step:
    names, statement = told_apart(checked.graph.nodes), stage.statement
    lines = []
    if stage.computed:
        lines.append(("computes", " → ".join(names[id] for id in stage.computed)))
    if stage.reused:
        lines.append(("still holds from before", listed(names, stage.reused)))
    if stage.measured:
        lines.append(("measures", listed(names, stage.measured)))
    if statement is None:
        return Step("measure", lines=tuple(lines))
    count = f"{count_owned(checked, statement):,} parameters of {owners(checked, statement)}"
    lines.append(("minimises", f"{names[statement.loss.node]} over {count}"))
    if options := ", ".join(options_of(statement.options)):
        lines.append(("acts", options))
    return Step(names[statement.optimizer], statement.optimizer, tuple(lines))


def options_of(given: Optimizer) -> list[str]:
    """What an optimizer does otherwise than on every batch, once, at one learning rate."""
    said = [
        (given.every > 1, f"on every {ordinal(given.every)} batch"),
        (given.times > 1, f"{given.times} times on a batch"),
        ((given.first_epoch or 1) > 1, f"from epoch {given.first_epoch}"),
        (given.last_epoch is not None, f"to epoch {given.last_epoch}"),
        (
            given.accumulate > 1,
            f"gradient accumulation over {given.accumulate} batches",
        ),
        (
            given.clip_norm is not None,
            f"gradient clipping at norm {given.clip_norm or 0:g}",
        ),
        (
            given.schedule != "constant",
            f"learning-rate schedule {given.schedule.replace('_', '-')}",
        ),
    ]
    return [text for holds, text in said if holds]
