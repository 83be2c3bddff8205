"""What has changed, so that open pages need not ask again and again.

- ``topics``: what can change, and which table belongs to which topic
- ``feed``: a number for each topic, which grows with every change; heard at once in this process
- ``between_processes``: the same heard by the other processes on one PostgreSQL
- ``shared_reads``: what many pages ask for after a change, read once
- ``watch``: what changes without a transaction: the database is down, the sync stands still

``billing.routes.changes`` sends the numbers to browsers, ``pages.components.live`` runs the parts
of a page that show a topic.
"""
