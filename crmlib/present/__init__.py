"""Floor 4: findings to pictures and pages."""
