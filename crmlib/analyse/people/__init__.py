"""People and their ties: groups of customers, who decides there, and what each deal's decision hangs on."""
