-- Removes what we hold about a person, apart from the fact of the erasure: leads_pkey, generations_by_lead,
-- events_by_lead, quiet_messages_pkey.
WITH lead AS (
    UPDATE leads SET fields = '{}', stage = NULL, erased_at = coalesce(erased_at, now()), updated_at = now()
    WHERE id = $1
    RETURNING id, key, connection_id
), texts AS (
    UPDATE generations SET
        record = '{}', content = NULL, prompt = NULL, slots = NULL,
        state = CASE WHEN state IN ('planned', 'generated') THEN 'suppressed' ELSE state END
    WHERE lead_id = $1
), facts AS (
    UPDATE events SET body = '{}', ignored = coalesce(ignored, 'erased')
    WHERE lead_key = (SELECT key FROM lead) AND id <> $3
), waiting AS (
    DELETE FROM quiet_messages WHERE lead_id = $1
), examples AS (
    DELETE FROM training_examples WHERE lead_id = $1
)
INSERT INTO erasures (connection_id, lead_hash) SELECT connection_id, $2 FROM lead
ON CONFLICT DO NOTHING
