"""Running what was promised: the demo, and the published tables."""
