"""Fahuo: the on-time dispatch control tower for TikTok Shop sellers."""

__version__ = "0.1.0"
