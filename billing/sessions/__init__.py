"""What is asked of Checkout Sessions: find, count, timeline, CSV, and what can be done with one."""
