"""Orders as TikTok Shop's own API writes them: JSON lines, an array, or whole API answers."""
