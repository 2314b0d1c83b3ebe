"""How a run stands, in words: the same in the editor, in the monitor and in the terminal."""

from __future__ import annotations

from app.runs.records import State


def in_words(state: State, epochs: int | None, way_on: str = "") -> str:
    """How a run stands, in one sentence without a dot. `way_on` says how it is continued."""
    of = f" of {epochs}" if epochs else ""
    where = f"epoch {min(state.epoch + 1, epochs or state.epoch + 1)}{of}"
    again = f"; {way_on}" if way_on else ""
    match state.status:
        case "starting":
            return "Starting…"
        case "running":
            return f"Training: {where}" + (f" on {state.device}" if state.device else "")
        case "paused":
            return f"Paused in {where}"
        case "stopped":
            return f"Stopped in {where}{again}"
        case "finished":
            return f"Finished: {state.epoch} epochs in {duration(state.seconds)}"
        case "failed":
            return f"Failed: {state.message or 'log.txt in the folder of the run says why'}"
        case "dead":
            return f"Killed in {where}{again}"


def duration(seconds: float) -> str:
    """A time as people say it: `1.5 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
