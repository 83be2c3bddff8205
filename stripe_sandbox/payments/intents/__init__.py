"""Paying and saving by API: PaymentIntents and SetupIntents
(https://docs.stripe.com/payments/payment-intents)."""
