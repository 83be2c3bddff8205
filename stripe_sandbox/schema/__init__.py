"""What the stripe SDK's published types say of operations, parameters and objects."""
