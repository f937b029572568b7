"""Notebooks, kernels and runs."""
