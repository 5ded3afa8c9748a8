"""A TikTok Shop of our own: the platform's API with buyers, carriers, faults and a clock that can jump."""
