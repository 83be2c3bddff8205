"""The steps that scenarios are made of."""
