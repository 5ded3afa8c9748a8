"""Faults and kills on purpose, end to end."""
