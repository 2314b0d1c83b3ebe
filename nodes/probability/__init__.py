"""Distributions, likelihoods and flows."""
