"""The parameters of requests: Stripe's form encoding, and the types that the SDK gives them."""
