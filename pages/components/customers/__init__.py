"""The Customers page: filters, table, and the drawer of one customer."""
