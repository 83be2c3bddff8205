"""What is asked of events: the log, and how well deliveries arrive."""
