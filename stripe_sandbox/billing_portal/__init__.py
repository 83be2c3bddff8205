"""The hosted customer portal, and the hosted page of an invoice."""
