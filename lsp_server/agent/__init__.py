"""The agent: a chat that reads, edits and runs."""
