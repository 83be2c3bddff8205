"""Actions on what was sold: one button, the rest in a menu, and for each what it would do."""
