"""What the product means: pure rules with no clock, no database and no web."""
