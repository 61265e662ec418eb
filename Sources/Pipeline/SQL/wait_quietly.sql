-- Lets a message wait until its lead is quiet: quiet_messages_pkey. The caller holds the lead's row, so that only one
-- event of a lead is here at a time.
-- $1 lead, $2 playbook, $3 event, $4 the quiet period in seconds, $5 now or null for the database's clock.
-- Every event starts the period anew, up to five periods after the first; a message that should long have been made
-- begins from the start. The newest event stays, whichever comes last.
WITH clock AS (
    SELECT coalesce($5::timestamptz, statement_timestamp()) AS now, make_interval(secs => $4::integer) AS period
), previous AS (
    SELECT event_id FROM quiet_messages WHERE lead_id = $1 AND playbook = $2
)
INSERT INTO quiet_messages AS quiet (lead_id, playbook, event_id, since, due_at)
SELECT $1, $2, $3, now, now + period FROM clock
ON CONFLICT (lead_id, playbook) DO UPDATE SET
    event_id = greatest(quiet.event_id, EXCLUDED.event_id),
    since = CASE WHEN quiet.due_at < EXCLUDED.since THEN EXCLUDED.since ELSE quiet.since END,
    due_at = CASE WHEN quiet.due_at < EXCLUDED.since THEN EXCLUDED.due_at
        ELSE least(EXCLUDED.due_at, quiet.since + 5 * (EXCLUDED.due_at - EXCLUDED.since)) END
RETURNING event_id, due_at, (SELECT event_id FROM previous)
