"""Where samples come from: readers, letterbox, batches."""
