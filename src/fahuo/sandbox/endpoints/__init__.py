"""The endpoints of the platform, one module per part of its reference."""
