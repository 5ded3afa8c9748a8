"""Station of the connections: apps, grants and which shop of ours is which shop of the platform."""
