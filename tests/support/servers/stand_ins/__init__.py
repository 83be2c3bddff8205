"""Stand-ins of what the product meets: an identity provider, a collector of traces, a proxy."""
