"""Whole systems put together from the parts."""
