"""Orders exported from TikTok Shop's Seller Center as CSV or XLSX."""
