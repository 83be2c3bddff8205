"""How invoices are made, previewed, paid and collected."""
