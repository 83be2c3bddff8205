"""Use cases of Checkout Sessions: finding them, figures, CSV, timeline, expiring, duplicating."""
