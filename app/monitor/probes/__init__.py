"""Cards and views of what probes showed."""
