"""Bayesian and multi-objective search with Ax, which thinks in a process of its own."""
