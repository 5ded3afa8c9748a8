"""Tests of the station of talks."""
