"""Fields that a portal adds to its cards: what they are, and what a card holds in them."""
