"""Use cases, one function each: open the transaction, gather facts, call the stations, append journal and effects."""
