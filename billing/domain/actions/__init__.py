"""What can be done with something that was sold, and what it would change."""
