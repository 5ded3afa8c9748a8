"""Station of the talks: what buyers write to a shop, and what is answered."""
