"""Recipes: TOML in, a checked recipe out, and the objects that it names."""
