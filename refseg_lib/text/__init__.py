"""Words: tokens, vocabulary, encoders and language graphs."""
