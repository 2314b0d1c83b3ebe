"""Judges of the examples, a file for each part of the field."""
