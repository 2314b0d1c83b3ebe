"""Training from the window: the settings, Train, Pause and Stop, how the run stands, a small
curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import dearpygui.dearpygui as dpg

from app.editor.panels.loss_curve import CurveView
from app.editor.panels.panel import Panel
from app.editor.session.session import Part
from app.editor.session.wording import sentence
from app.editor.theme import style, theme
from app.editor.theme.area import Area
from app.editor.theme.icons import icon
from app.editor.theme.preferences import read_preferences, write_preferences
from app.editor.theme.style import Colour, scale
from app.editor.theme.widgets import Item, button, heading, keep_up, text_field, words
from app.runs.records import Row
from app.runs.state_words import in_words
from graphs.document.edits import Configure

MARGIN = 12
"""At either side of the panel."""
WAY_ON = "Resume continues it"
STATUS_COLOURS: dict[str, Colour] = {
    "running": style.GOOD,
    "finished": style.GOOD,
    "paused": style.WARNING,
    "failed": style.ERROR,
    "dead": style.ERROR,
}


class RunControls(Panel):
    """Everything about the run of this document."""

    tag = "run"
    listens = frozenset({"document", "library", "run"})
    padding = (MARGIN, 10)

    def build(self) -> None:
        self._shown: object = None
        self._preferences = read_preferences()
        self._wrong, self._typing = "", False
        heading("Training")
        self._device()
        with dpg.group(horizontal=True):
            self._number("epochs")
            self._number("seed")
        self._complaint = words("", style.ERROR, show=False, tag="run/wrong")
        with dpg.group(horizontal=True):
            self._buttons()
        self._status = words("Not trained yet", style.MUTED, tag="run/state")
        self.curve = CurveView(self.root, "run/curve")
        self.curve.show(None)
        self._values = dpg.add_group(tag="run/values")
        with dpg.group(horizontal=True):
            self._monitor_buttons()

    def _buttons(self) -> None:
        self._train = button(f"{icon('play')}  Train", self._press_train, tag="run/train")
        dpg.bind_item_theme(self._train, theme.filled(style.GOOD))
        self._pause = self._button("pause", "pause")
        self._resume = self._button("resume", "play")
        self._stop = self._button("stop", "stop")

    def _button(self, command: str, picture: str) -> Item:
        label = f"{icon(picture)}  {self._commands.titled(command)}"
        return button(label, partial(self._commands.run, command), tag=f"run/{command}")

    def _press_train(self) -> None:
        if self._wrong:
            self._commands.say(self._wrong)
        else:
            self._commands.run("train")

    def _monitor_buttons(self) -> None:
        monitor = f"{icon('chart-line')}  {self._commands.titled('open_monitor')}"
        show = partial(self._commands.run, "open_monitor")
        self._open = button(monitor, show, tag="run/monitor", show=False)
        dpg.add_checkbox(
            label="open monitor on Train",
            tag="run/open_monitor",
            default_value=self._preferences.open_monitor,
            callback=lambda _, value: self._remember(value),
        )

    def _remember(self, value: bool) -> None:
        self._preferences = self._preferences.model_copy(update={"open_monitor": value})
        write_preferences(self._preferences)

    def _device(self) -> None:
        with dpg.group(horizontal=True):
            words("device", style.MUTED)
            dpg.add_combo(
                list(self._session.devices),
                tag="run/device",
                width=-1,
                callback=lambda _, value: self._configure(device=value),
            )

    def _number(self, name: str) -> None:
        words(name, style.MUTED)
        text_field(
            tag=f"run/{name}",
            width=scale(84),
            callback=lambda _, text: self._typed(name, text),
        )

    def _typed(self, name: str, text: str) -> None:
        lowest = 1 if name == "epochs" else 0
        if text.strip().isdecimal() and int(text) >= lowest:
            self._complain("")
            self._configure(**{name: int(text)})
        else:
            self._complain(f"{name} needs an integer, {lowest} or more.")

    def _complain(self, text: str) -> None:
        self._wrong = text
        dpg.configure_item(self._complaint, show=bool(text))
        dpg.set_value(self._complaint, text)

    def _configure(self, **changes: object) -> None:
        settings = self._session.document.settings
        changed = type(settings).model_validate({**dict(settings), **changes})
        (name,) = changes
        self._commands.do(Configure(settings=changed), title=f"Set {name}", merge=f"run {name}")

    def place(self, area: Area) -> None:
        super().place(area)
        self.curve.resize(area.width - scale(30))
        self.curve.show(self._session.training.follower)

    def refresh(self, parts: frozenset[Part]) -> None:
        if "document" in parts:
            self._show_settings()
        if "library" in parts:
            dpg.configure_item("run/device", items=list(self._session.devices))
        if "run" in parts:
            self._show_run()

    def poll(self) -> None:
        """What has been typed gives way to the settings, once nobody types any more."""
        typing = any(dpg.is_item_active(f"run/{name}") for name in ("epochs", "seed"))
        if (self._typing or self._wrong) and not typing:
            self._complain("")
            self._show_settings()
        self._typing = typing

    def _show_settings(self) -> None:
        settings = self._session.document.settings
        keep_up("run/device", settings.device)
        if not self._wrong:
            keep_up("run/epochs", str(settings.epochs))
            keep_up("run/seed", str(settings.seed))

    def _show_run(self) -> None:
        follower = self._session.training.follower
        if follower and follower.trouble:
            self._commands.warn(follower.trouble)
        self.curve.show(follower)
        self._show_values(follower.newest if follower else {})
        shown = (follower, follower and (follower.state, follower.info))
        if shown != self._shown:
            self._shown = shown
            self._show_state(follower.state.status if follower and follower.state else None)

    def _show_values(self, newest: Mapping[str, Row]) -> None:
        """The newest value of each loss and metric, a row each."""
        of_training = newest.get("train_epoch") or newest.get("train")
        training = of_training.values if of_training else {}
        validation = newest["validation"].values if "validation" in newest else {}
        dpg.delete_item(self._values, children_only=True)
        if not training:
            return
        room = self.area.width - scale(2 * MARGIN)
        with dpg.table(parent=self._values, width=room, policy=dpg.mvTable_SizingStretchProp):
            for title in ("", "training", "validation"):
                dpg.add_table_column(label=title)
            for name, value in training.items():
                with dpg.table_row():
                    words(name, wrap=-1)
                    words(f"{value:.4g}", wrap=-1)
                    words(f"{validation[name]:.4g}" if name in validation else "", wrap=-1)

    def _show_state(self, status: str | None) -> None:
        training = self._session.training
        active, paused = training.is_active, status == "paused"
        again = status in ("stopped", "dead")
        shown: dict[Item, bool] = {
            self._train: not active,
            self._pause: active and not paused,
            self._resume: paused or again,
            self._stop: active,
        }
        for item, show in shown.items():
            dpg.configure_item(item, show=show)
        text = "Not trained yet"
        if training.follower:
            info = training.follower.info
            epochs = info.epochs if info else None
            text = in_words(training.state, epochs, WAY_ON) if training.state else "Starting…"
        dpg.set_value(self._status, text)
        dpg.configure_item(self._status, color=STATUS_COLOURS.get(status or "", style.MUTED))
        dpg.configure_item(self._open, show=training.run is not None)
        self._show_fault()

    def _show_fault(self) -> None:
        """A run that failed at a node says where."""
        state = self._session.training.state
        if state and state.status == "failed":
            self._commands.say(sentence(state.message or "The training failed"))
            if state.node:
                self._commands.run("show_node", state.node)
