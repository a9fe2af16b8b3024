"""The objects that the walk of the whole site meets, by subject; `tests/site_map.py` puts them together."""
