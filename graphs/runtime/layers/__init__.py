"""Layers and tensor functions that torch lacks."""
