"""Our copy in a database: how long it is read, how large it becomes, how it is filled."""
