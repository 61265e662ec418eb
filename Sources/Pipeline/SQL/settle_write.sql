-- What a call came to: write_backs_pkey, generations_pkey.
WITH settled AS (
    UPDATE write_backs SET
        state = $3, location = coalesce($4, location), receipt = coalesce($5, receipt), reason = $6,
        written_at = CASE WHEN $3 IN ('written', 'proven') THEN coalesce(written_at, now()) END,
        proven_at = CASE WHEN $3 = 'proven' THEN now() END
    WHERE generation_id = $1 AND target = $2
    RETURNING generation_id, state, written_at
)
UPDATE generations SET
    state = CASE settled.state WHEN 'proven' THEN 'written' WHEN 'suppressed' THEN 'suppressed' ELSE 'failed' END,
    written_at = CASE settled.state WHEN 'proven' THEN settled.written_at END
FROM settled
WHERE generations.id = settled.generation_id AND settled.state IN ('proven', 'suppressed', 'refused')
