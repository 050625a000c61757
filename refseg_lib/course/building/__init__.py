"""The notebook builder: one source per lesson, a student's notebook and a solved one out of it."""
