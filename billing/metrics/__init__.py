"""What Prometheus reads at ``/metrics``: counted since the start, or read at each scrape."""
