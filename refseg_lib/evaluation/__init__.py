"""Numbers: metrics, protocols, scoring a model on a split, and asking one about a picture."""
