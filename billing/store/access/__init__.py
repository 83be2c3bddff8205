"""Tokens, sign-ins and the audit log, in the database."""
