"""The scenarios of the Test kit, by what they are about."""
