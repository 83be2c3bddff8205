"""What needs the browser itself: copying, opening an address, a preference that it remembers."""
