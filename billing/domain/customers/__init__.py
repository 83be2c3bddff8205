"""Customers: what each has and paid, filters, pages, one in detail."""
