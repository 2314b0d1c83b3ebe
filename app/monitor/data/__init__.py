"""What is shown of runs: curves, probes, comparisons. Needs no window."""
