"""The cards and bank accounts that stand for outcomes (https://docs.stripe.com/testing)."""
