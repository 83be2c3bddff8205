"""Faults of the webhook receiver on purpose, behind the signature check, whoever sends.

- ``injector``: what happens to each delivery while faults are on
- ``held``: the deliveries that are held
- ``between_processes``: what several processes on one database have in common
- ``run_verifier``: the verdict on a random run
- ``service``: the use cases: switch faults on and off, let go what is held, begin a random run
"""
