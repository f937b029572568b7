"""Floor 0: what CRM data is. Pure declarations."""
