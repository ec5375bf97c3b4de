"""Packing: cold frames move unchanged into larger segments, so that objects stay few."""
