"""Subscriptions and invoices (https://docs.stripe.com/billing)."""
