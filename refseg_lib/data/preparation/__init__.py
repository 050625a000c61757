"""From what people have, archives of any mirror, to the folders that the readers expect."""
