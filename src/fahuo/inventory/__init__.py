"""Station: units on hand and reserved, with the ledger that proves the counters."""
