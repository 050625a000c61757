"""Referring image segmentation: a picture and a sentence in, the mask of the thing meant out."""

__version__ = "0.1.0"
