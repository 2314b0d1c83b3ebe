"""Whether there is a screen to draw on. Dear PyGui aborts the process without one, so a child
process looks first.
"""

from __future__ import annotations

import subprocess
import sys

NO_SCREEN = (
    "Patchbay's editor needs a screen with OpenGL: {reason}. "
    "Without one, `python main.py train DOCUMENT` trains in the terminal."
)
PATIENCE = 10.0
PROBE = """
import ctypes, os, sys
from ctypes.util import find_library
def fail(reason):
    print(reason); sys.exit(1)
if not os.environ.get("DISPLAY"):
    fail("DISPLAY is not set" + (" (on Wayland, install Xwayland)" if
    os.environ.get("WAYLAND_DISPLAY") else ""))
try:
    x11 = ctypes.CDLL("libX11.so.6")
except OSError:
    fail("libX11 is missing (Debian: libx11-6)")
try:
    gl = ctypes.CDLL("libGL.so.1")
except OSError:
    fail("libGL is missing (Debian: libgl1)")
x11.XOpenDisplay.restype = ctypes.c_void_p
display = x11.XOpenDisplay(None)
if not display:
    fail("the display " + os.environ["DISPLAY"] + " does not answer")
display = ctypes.c_void_p(display)
if not gl.glXQueryExtension(display, None, None):
    fail("the display " + os.environ["DISPLAY"] + " has no OpenGL (GLX)")
screen = x11.XDefaultScreen(display)
print(x11.XDisplayWidth(display, screen), x11.XDisplayHeight(display, screen))
"""
"""Looks for what the window library needs on Linux, without opening a window."""


class Probe:
    """A child process that looks for a screen while this one gets ready. Windows and macOS always
    have one.
    """

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None
        """The screen in pixels, once `trouble` has found none; None where nobody knows."""
        self._child: subprocess.Popen[str] | None = None
        if sys.platform.startswith("linux"):
            command = [sys.executable, "-I", "-S", "-c", PROBE]
            self._child = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )

    def trouble(self) -> str | None:
        """Why no window can be opened, in one sentence; None when one can."""
        if self._child is None:
            return None
        try:
            said, _ = self._child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return NO_SCREEN.format(reason="the display does not answer")
        if self._child.returncode == 0:
            width, height = map(int, said.split())
            self.size = width, height
            return None
        return NO_SCREEN.format(reason=said.strip() or "looking for it crashed")
