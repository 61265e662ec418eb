-- Indexes: tenants_name_key.
SELECT id FROM tenants WHERE name = $1
