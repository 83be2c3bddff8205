"""What surrounds every page: the brand, the navigation, and the notices below the title."""
