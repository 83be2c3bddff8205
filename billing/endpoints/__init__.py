"""The account's webhook endpoints and event destinations: listed, added, turned off, deleted, and
their signing secrets rolled."""
