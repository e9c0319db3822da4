"""Model files: which there are, where they lie, how they get here."""
