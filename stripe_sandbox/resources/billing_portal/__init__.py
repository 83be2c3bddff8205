"""The customer portal (https://docs.stripe.com/api/customer_portal/sessions)."""
