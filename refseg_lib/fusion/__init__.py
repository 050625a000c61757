"""One paper idea per file: how words and pixels are brought together."""
