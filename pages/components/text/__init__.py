"""What people read in a page: chips, short ids, times, and text that others wrote."""
