"""Questions about what other programs may do here and what they did. Never writes."""
