"""Losses, schedules, the loop, checkpoints and recipes."""
