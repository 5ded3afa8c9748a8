"""Station: carriers, services, rate cards, approvals and number ranges."""
