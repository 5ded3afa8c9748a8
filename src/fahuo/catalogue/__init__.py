"""Station: sellers, shops, SKUs and their listings, bundles, warehouses and cartons."""
