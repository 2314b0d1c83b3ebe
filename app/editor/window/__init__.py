"""The window that composes them, its layout and its loop."""
