"""Orders from any other tables, described by a mapping file (TOML): one table, or a folder of joined tables."""
