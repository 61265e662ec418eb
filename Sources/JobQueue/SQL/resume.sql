-- Indexes: none; it reads a list that operators keep by hand.
--
-- $1 tenant, $2 CRM, $3 stage, each NULL for any.
--
-- Waits for the claims that have seen the pause, and new ones wait for its commit: so it commits alone, and unpark.sql
-- sees all that was parked.
DELETE FROM queue_pauses
WHERE tenant_id IS NOT DISTINCT FROM $1 AND system IS NOT DISTINCT FROM $2 AND stage IS NOT DISTINCT FROM $3
