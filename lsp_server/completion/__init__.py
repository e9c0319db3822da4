"""What to suggest at the cursor: the window that is sent, where generation stops, what is kept."""
