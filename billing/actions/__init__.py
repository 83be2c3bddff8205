"""Use cases that change what was sold: refunds, cancellations, the customer portal, disputes."""
