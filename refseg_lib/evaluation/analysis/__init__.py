"""Where a system fails: scores by kind of sentence, and how sure they are."""
