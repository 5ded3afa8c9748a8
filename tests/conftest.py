"""Shared by all tests: see `parts.py` for what comes from outside."""

pytest_plugins = ["tests.parts", "tests.support.stores", "tests.support.shopfloor"]
