"""The pipeline of a request to ``/v1``: routes, keys, forms, parameters, idempotency, answers."""
