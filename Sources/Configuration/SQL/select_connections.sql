-- connections_name_key where a name is given; else all.
SELECT connection.id, connection.tenant_id, tenant.name, connection.settings
FROM connections AS connection
JOIN tenants AS tenant ON tenant.id = connection.tenant_id
WHERE $1::text IS NULL OR connection.name = $1
ORDER BY connection.name;
