"""Every colour of the monitor. Those of runs suit colour-blind people (Okabe and Ito, 2008)."""

from collections.abc import Collection

BACKGROUND = "#1b1e24"
PANEL = "#23272f"
RAISED = "#2c313b"
LINE = "#373d49"
TEXT = "#d7dce4"
MUTED = "#8b93a1"
ACCENT = "#5aa9e6"
WARNING = "#e6b05a"
ERROR = "#e65a6b"
GOOD = "#6bc46d"

RUNS = (
    "#56b4e9",  # sky blue
    "#e69f00",  # orange
    "#cc79a7",  # reddish purple
    "#009e73",  # bluish green
    "#f0e442",  # yellow
    "#d55e00",  # vermillion
    "#b9bec8",  # grey, in place of Okabe and Ito's black, which a dark ground swallows
    "#0072b2",  # blue, last: the darkest of them
)


def next_colour(used: Collection[str]) -> str:
    """The colour that the fewest of the shown runs have, the first of them in the order above."""
    return min(RUNS, key=lambda colour: list(used).count(colour))
