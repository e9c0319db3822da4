"""Small tasks in copies of real packages, done by Fimble and in other ways with the same model."""
