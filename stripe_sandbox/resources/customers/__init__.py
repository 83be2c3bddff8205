"""Customers and what they pay with (https://docs.stripe.com/api/customers)."""
