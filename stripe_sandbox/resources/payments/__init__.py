"""Payments and what becomes of them: intents, charges, refunds, disputes
(https://docs.stripe.com/payments)."""
