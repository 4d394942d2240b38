"""What is fast, and by how much: ratios measured in one run, so that any machine can check them."""
