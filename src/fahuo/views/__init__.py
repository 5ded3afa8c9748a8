"""Read-only SQL over all tables, for pages and lists."""
