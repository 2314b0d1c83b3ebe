"""The panels around the canvas: palette, problems, code, program, run controls."""
