"""One file a subject; a handler takes the session and the parameters, and calls a feature."""
