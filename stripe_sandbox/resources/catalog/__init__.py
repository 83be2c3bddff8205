"""What is sold: products and prices (https://docs.stripe.com/products-prices/overview)."""
