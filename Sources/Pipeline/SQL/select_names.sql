-- The names of some tenants and connections; what was deleted is missing: tenants_pkey, connections_pkey.
SELECT 'tenant', id, name FROM tenants WHERE id = ANY($1)
UNION ALL
SELECT 'connection', id, name FROM connections WHERE id = ANY($2)
