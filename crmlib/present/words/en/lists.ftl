# Lists within sentences: filled by crmlib/present/claims.py.

list-quoted = “{ $name }”
