"""Use cases of customers: their list, kept in step with what changes, and one in detail."""
