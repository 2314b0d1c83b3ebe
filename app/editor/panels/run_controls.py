"""Training from the window: the settings, Train, Pause and Stop, how the run stands, a small
curve.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

import dearpygui.dearpygui as dpg

from app.editor.canvas.hover import sentence
from app.editor.panels.loss_curve import CurveView
from app.editor.panels.panel import Panel
from app.editor.theme import style, theme
from app.editor.theme.icons import icon
from app.editor.theme.preferences import read_preferences, write_preferences
from app.editor.theme.style import Colour, scale
from app.editor.theme.widgets import Item, button, heading, keep_up, text_field, words
from app.editor.window.layout import Area
from app.runs.records import Row, RunError, State
from app.runs.run_folder import Run
from app.runs.run_follower import RunFollower, Update
from app.runs.run_list import live_run
from app.runs.state_words import in_words
from graphs.document.edits import Configure

if TYPE_CHECKING:
    from app.editor.window.window import Editor

LABEL = 66
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

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.window, "run")
        self._editor = editor
        self._follower: RunFollower | None = None
        self._updates: deque[tuple[RunFollower, Update]] = deque()
        self._shown: object = None
        self._preferences = read_preferences()
        self._wrong = ""
        self._build()

    def _build(self) -> None:
        dpg.push_container_stack(self.root)
        heading("Training", self._editor.fonts)
        self._setting("device")
        with dpg.group(horizontal=True):
            self._number("epochs")
            self._number("seed")
        self._complaint = words("", style.ERROR, show=False)
        with dpg.group(horizontal=True):
            self._buttons()
        self._status = words("Not trained yet", style.MUTED, tag="run/state")
        self.curve = CurveView(self.root, "run/curve")
        self.curve.show(None)
        self._values = dpg.add_group(tag="run/values")
        with dpg.group(horizontal=True):
            self._monitor_buttons()
        dpg.pop_container_stack()

    def _buttons(self) -> None:
        self._train = button(f"{icon('play')}  Train", self.train, tag="run/train")
        dpg.bind_item_theme(self._train, theme.filled(style.GOOD))
        self._pause = button(f"{icon('pause')}  Pause", self.pause, tag="run/pause")
        self._resume = button(f"{icon('play')}  Resume", self.resume, tag="run/resume")
        self._stop = button(f"{icon('stop')}  Stop", self.stop, tag="run/stop")

    def _monitor_buttons(self) -> None:
        self._open = button(
            f"{icon('chart-line')}  Open monitor", self.open_monitor, tag="run/monitor"
        )
        dpg.add_checkbox(
            label="open monitor on Train",
            tag="run/open_monitor",
            default_value=self._preferences.open_monitor,
            callback=lambda _, value: self._remember(value),
        )

    def _remember(self, value: bool) -> None:
        self._preferences = self._preferences.model_copy(update={"open_monitor": value})
        write_preferences(self._preferences)

    def _setting(self, name: str) -> None:
        with dpg.group(horizontal=True):
            words(name, style.MUTED)
            dpg.add_combo(
                list(self._editor.devices),
                tag=f"run/{name}",
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
            self._complain(f"{name} needs a whole number, {lowest} or more.")

    def _complain(self, text: str) -> None:
        self._wrong = text
        dpg.configure_item(self._complaint, show=bool(text))
        dpg.set_value(self._complaint, text)

    def _configure(self, **changes: object) -> None:
        settings = self._editor.model.document.settings
        changed = type(settings).model_validate({**dict(settings), **changes})
        (name,) = changes
        self._editor.do(Configure(settings=changed), title=f"Set {name}", merge=f"run {name}")

    @property
    def run(self) -> Run | None:
        """The run that is shown, if there is one."""
        return self._follower.run if self._follower else None

    @property
    def state(self) -> State | None:
        """How it stands; None before that is known."""
        return self._follower.state if self._follower else None

    @property
    def is_active(self) -> bool:
        """A worker is at the run."""
        return self.state is not None and self.state.is_active

    def place(self, area: Area) -> None:
        super().place(area)
        self.curve.resize(area.width - scale(30))
        self.curve.show(self._follower)

    def attach_to_live_run(self) -> None:
        """Follow a training of this document that another editor began, if there is one."""
        if run := live_run(self._editor.model.path):
            self._follow(run)
            self._editor.say(f"Found a running training, attached: {run.name}", style.GOOD)

    def forget(self) -> None:
        """The document is another one: its runs are not this one's."""
        self._show_run(None)

    def train(self) -> None:
        """Start a training of the document as it is drawn now."""
        editor = self._editor
        if self.is_active:
            return
        if self._wrong:
            editor.say(self._wrong, style.ERROR)
        elif not editor.library or not editor.model.is_checked:
            editor.say("One moment: the document is being checked.", style.WARNING)
        elif editor.bottom.problems.all:
            editor.say("Solve the problems first; the list below says which.", style.WARNING)
            editor.bottom.show("Problems")
        else:
            self._start()

    def _start(self) -> None:
        model, settings = self._editor.model, self._editor.model.document.settings
        try:
            run = self._editor.services.start(
                model.document,
                device=settings.device,
                epochs=settings.epochs,
                seed=settings.seed,
                folder=model.folder,
                document_path=model.path.absolute() if model.path else None,
            )
        except (RunError, OSError) as error:
            self._editor.say(sentence(f"The training did not start: {error}"), style.ERROR)
            return
        self._follow(run)
        if self._preferences.open_monitor:
            self.open_monitor()

    def _follow(self, run: Run) -> None:
        follower = RunFollower(run)
        self._show_run(follower)
        follower.start(lambda update: self._updates.append((follower, update)))

    def _show_run(self, follower: RunFollower | None) -> None:
        self.close()
        self._follower, self._shown = follower, None
        self.curve.show(follower)
        dpg.delete_item(self._values, children_only=True)

    def pause(self) -> None:
        """Let the worker wait."""
        self._ask("pause")

    def stop(self) -> None:
        """End the run; it can be resumed later."""
        self._ask("stop")

    def resume(self) -> None:
        """Go on, with the waiting worker or a new one."""
        if self.is_active:
            self._ask("resume")
        elif self.run:
            try:
                self._follow(self._editor.services.resume(self.run))
            except (RunError, OSError) as error:
                self._editor.say(sentence(str(error)), style.ERROR)

    def _ask(self, what: str) -> None:
        try:
            if self.run:
                self.run.request(what)  # type: ignore[arg-type]
        except (RunError, OSError) as error:
            self._editor.say(sentence(str(error)), style.ERROR)

    def open_monitor(self) -> None:
        """Open the monitor's window on the run."""
        if self.run is None:
            self._editor.say("There is no run to watch yet; press Train.", style.WARNING)
            return
        try:
            self._editor.services.open_monitor(self.run)
        except OSError as error:
            self._editor.say(sentence(f"The monitor did not open: {error}"), style.ERROR)

    def update(self) -> None:
        self._show_settings()
        self._take_updates()
        status = self.state.status if self.state else None
        shown = (self.run, self.state, self._follower and self._follower.info)
        if shown != self._shown:
            self._shown = shown
            self._show_state(status)

    def _show_settings(self) -> None:
        settings = self._editor.model.document.settings
        keep_up("run/device", settings.device)
        if not self._wrong:
            keep_up("run/epochs", str(settings.epochs))
            keep_up("run/seed", str(settings.seed))
        elif not any(dpg.is_item_active(f"run/{name}") for name in ("epochs", "seed")):
            self._complain("")
        if dpg.get_item_configuration("run/device")["items"] != list(self._editor.devices):
            dpg.configure_item("run/device", items=list(self._editor.devices))

    def _take_updates(self) -> None:
        changed = False
        while self._updates:
            follower, update = self._updates.popleft()
            if follower is self._follower:
                follower.take(update)
                if update.trouble:
                    self._editor.say(update.trouble, style.WARNING)
                changed = True
        if changed:
            self._editor.wake()
            self.curve.show(self._follower)
            self._show_values(self._follower.newest if self._follower else {})

    def _show_values(self, newest: Mapping[str, Row]) -> None:
        """The newest value of each loss and metric, a row each."""
        of_training = newest.get("train_epoch") or newest.get("train")
        training = of_training.values if of_training else {}
        validation = newest["validation"].values if "validation" in newest else {}
        dpg.delete_item(self._values, children_only=True)
        if not training:
            return
        room = self.area.width - scale(2 * self.padding[0])
        with dpg.table(parent=self._values, width=room, policy=dpg.mvTable_SizingStretchProp):
            for title in ("", "training", "validation"):
                dpg.add_table_column(label=title)
            for name, value in training.items():
                with dpg.table_row():
                    words(name, wrap=-1)
                    words(f"{value:.4g}", wrap=-1)
                    words(f"{validation[name]:.4g}" if name in validation else "", wrap=-1)

    def _show_state(self, status: str | None) -> None:
        active, paused = self.is_active, status == "paused"
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
        if self._follower:
            info = self._follower.info
            epochs = info.epochs if info else None
            text = in_words(self.state, epochs, WAY_ON) if self.state else "Starting…"
        dpg.set_value(self._status, text)
        dpg.configure_item(self._status, color=STATUS_COLOURS.get(status or "", style.MUTED))
        dpg.configure_item(self._open, show=self.run is not None)
        self._show_fault()

    def _show_fault(self) -> None:
        """A run that failed at a node says where."""
        state = self.state
        if state and state.status == "failed":
            self._editor.say(sentence(state.message or "The training failed"), style.ERROR)
            if state.node:
                self._editor.jump_to(state.node)

    def close(self) -> None:
        """The window closes; the run goes on."""
        if self._follower:
            self._follower.stop()
