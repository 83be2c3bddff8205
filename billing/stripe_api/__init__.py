"""The only package that imports stripe: client, requests, errors, signatures."""
