"""Modules of the user's own: read as text, trusted by content, run on meta in a sandbox."""
