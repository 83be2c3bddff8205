"""What is removed from the tables, how large they are, and copies of all of them."""
