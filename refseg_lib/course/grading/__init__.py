"""Grading strangers' notebooks: their code runs in a sandbox, everything that judges it does not."""
