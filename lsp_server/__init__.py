"""Fimble: inline code completion from a Coder model on your own machine.

Importing this package has no side effects.
"""

__version__ = "0.1.0"
