-- connections_name_key. A name that another tenant holds is refused before this.
INSERT INTO connections (tenant_id, name, system, account, settings) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO UPDATE
SET system = excluded.system, account = excluded.account, settings = excluded.settings
RETURNING id;
