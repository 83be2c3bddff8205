"""The Audit page: filters, table, and the drawer of one entry."""
