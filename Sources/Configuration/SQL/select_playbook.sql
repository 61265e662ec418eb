-- declarations_tenant_id_kind_name_version_key.
SELECT body FROM declarations WHERE tenant_id = $1 AND kind = 'playbook' AND name = $2 AND version = $3;
