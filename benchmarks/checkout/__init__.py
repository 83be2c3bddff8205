"""Making sessions under load: the route, beside bare HTTP and the SDK alone."""
