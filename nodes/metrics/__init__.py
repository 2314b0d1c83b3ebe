"""Metrics and probes: what is watched and moves nothing."""
