"""Plots of curves, their legends, and plots as files."""
