-- tenants_name_key.
INSERT INTO tenants (name, title, weight) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET title = excluded.title, weight = excluded.weight
RETURNING id;
