"""Orders, as one row per customer, day or cohort."""
