"""What the benchmarks of code actions share: cases, an editor that takes actions, verdicts."""
