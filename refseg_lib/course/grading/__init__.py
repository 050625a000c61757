"""Grading strangers' notebooks: their code runs in a box, all that judges it outside."""
