"""Stripe's search query language (https://docs.stripe.com/search#search-query-language)."""
