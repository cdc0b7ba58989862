"""What is decided: rules as data, and the pure function that applies them."""
