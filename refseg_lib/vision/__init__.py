"""Pictures: spatial coordinates and backbones with taps."""
