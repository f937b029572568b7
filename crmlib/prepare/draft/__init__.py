"""A first crm.toml for a folder of exports, from names, values and keys."""
