"""crm.toml: read, checked, its mistakes told."""
