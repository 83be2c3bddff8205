"""Value types of Checkout Sessions: one, many by a filter, figures, one with its timeline."""
