"""The product in processes of its own, which tests restart and kill."""
