-- Indexes: none; it reads a list that operators keep by hand.
--
-- $1 tenant, $2 CRM, $3 stage, each NULL for any, $4 now or NULL for the database's clock.
--
-- Claims that begin from now on park what it covers; nothing happens to jobs that are running.
INSERT INTO queue_pauses (tenant_id, system, stage, paused_at)
VALUES ($1, $2, $3, coalesce($4::timestamptz, statement_timestamp()))
ON CONFLICT (tenant_id, system, stage) DO NOTHING
