"""Traces and masks made visible: overlays and static pages."""
