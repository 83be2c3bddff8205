"""What is sold, to whom, and the Checkout Sessions that sell it."""
