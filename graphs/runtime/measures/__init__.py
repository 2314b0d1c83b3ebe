"""Losses, likelihoods, metrics, and what probes compute."""
