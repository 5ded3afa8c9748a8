"""Results go back by a signed HTTP call to the seller's own system."""
