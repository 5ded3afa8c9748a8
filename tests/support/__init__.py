"""Fixtures and builders that tests of many parts share."""
