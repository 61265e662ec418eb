-- credentials_pkey, behind connections_name_key where a name is given; else all, a few rows a connection.
SELECT connection.name, credential.name, credential.key_id, credential.nonce, credential.ciphertext, tenant.name
FROM credentials AS credential
JOIN connections AS connection ON connection.id = credential.connection_id
JOIN tenants AS tenant ON tenant.id = connection.tenant_id
WHERE $1::text IS NULL OR connection.name = $1
ORDER BY connection.name, credential.name;
