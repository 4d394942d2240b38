"""A slow, obvious second implementation of the rules (design §2-§4), to compare the product with.

It is written from design.md alone and shares no code with the package. Nothing here is clever on purpose.
"""
