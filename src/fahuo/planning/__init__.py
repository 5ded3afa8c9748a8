"""Station: warehouse, service, carton and wave for a batch of orders, and why."""
