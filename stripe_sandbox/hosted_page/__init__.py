"""What the hosted pages share: looks, protection, the card form."""
