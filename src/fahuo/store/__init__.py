"""The database: engine and transactions, bulk statements, journal, effects, personal data, backup."""
