"""Orders: what came in, its lines, its holds and its states."""
