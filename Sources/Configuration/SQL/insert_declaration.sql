-- declarations_tenant_id_kind_name_version_key keeps a version from being written twice.
INSERT INTO declarations (tenant_id, kind, name, version, body, sha256) VALUES ($1, $2, $3, $4, $5, $6);
