"""Experiments on sequences: every detector is scored by its boxes, whatever it learned from."""
