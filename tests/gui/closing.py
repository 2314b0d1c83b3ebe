"""Presses the close button of a window, as a window manager does: `closing.py TITLE`."""

import ctypes
import subprocess
import sys

CLIENT_MESSAGE = 33


class Message(ctypes.Structure):
    """XClientMessageEvent of Xlib, with room for the rest of XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 24),
    )


def close(title: str) -> None:
    """Send WM_DELETE_WINDOW to the windows of a title."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    protocols, delete = (
        x11.XInternAtom(display, name, False) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
    )
    found = subprocess.run(["xdotool", "search", "--name", title], capture_output=True, text=True)
    for window in map(int, found.stdout.split()):
        data = (ctypes.c_long * 5)(delete, 0)
        message = Message(CLIENT_MESSAGE, 0, 1, display, window, protocols, 32, data)
        x11.XSendEvent(display, ctypes.c_ulong(window), False, 0, ctypes.byref(message))
    x11.XCloseDisplay(display)


if __name__ == "__main__":
    close(sys.argv[1])
