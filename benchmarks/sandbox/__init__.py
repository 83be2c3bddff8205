"""The local sandbox beside two other stand-ins for Stripe that keep what they are sent."""
