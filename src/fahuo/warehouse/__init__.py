"""Station: waves, packages, labels, pack scans and hand-over."""
