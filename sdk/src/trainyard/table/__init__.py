"""Runs and their metrics as tables: plain lists, pandas and Polars frames, and HTML in a notebook."""
