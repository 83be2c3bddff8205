"""Webhook deliveries: verified and recorded, then processed until it works."""
