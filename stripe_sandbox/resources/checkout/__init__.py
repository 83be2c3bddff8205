"""Checkout Sessions (https://docs.stripe.com/api/checkout/sessions)."""
