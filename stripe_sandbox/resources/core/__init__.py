"""Resources of /v2/core: event destinations and thin events."""
