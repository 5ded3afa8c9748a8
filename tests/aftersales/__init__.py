"""Tests of the after-sale station."""
