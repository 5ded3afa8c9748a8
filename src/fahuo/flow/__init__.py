"""Use cases: one function each. They open the one transaction, gather facts, call the stations in order, append journal and effects, commit."""
