"""A fake Stripe that costs next to nothing, in a process of its own."""
