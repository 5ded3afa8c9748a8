"""Measuring commands: own figure and raw figure interleaved in one run."""
