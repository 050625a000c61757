"""ParkRef, the embedded data set: park scenes, sentences about them, RefCOCO files."""
