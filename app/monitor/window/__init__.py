"""The monitor's window, its list of runs and its controls."""
