"""The product at work: in this process, in a thread, in processes of its own."""
