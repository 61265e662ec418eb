-- Indexes: leases_pkey, jobs_pkey.
--
-- $1 lanes of the jobs, $2 their ids, $3 their turns, $4 tokens of the leases that hold them, $5 what this attempt counts, $6
-- seconds from now, $7 reason or NULL to leave the last one, $8 now or NULL for the database's clock.
--
-- Sets held jobs back: they wait, and their leases hold them no longer. Returns their ids. Leases are locked before lanes,
-- as in rescue.sql, and lanes in order, as in enqueue.sql.
WITH leased AS MATERIALIZED (
    SELECT token FROM leases WHERE token = ANY ($4::bigint[]) AND jobs <> '{}' ORDER BY token FOR UPDATE
),
held AS MATERIALIZED (
    SELECT jobs.lane, jobs.id
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS mine (lane, id, turn, token)
    JOIN leased ON leased.token = mine.token
    JOIN jobs ON jobs.lane = mine.lane AND jobs.id = mine.id AND jobs.turn = mine.turn
    ORDER BY jobs.lane
    FOR UPDATE OF jobs
),
let_go AS (
    UPDATE leases
    SET lanes = ARRAY(
            SELECT lane FROM unnest(leases.lanes, leases.jobs) AS job (lane, id) WHERE id NOT IN (SELECT id FROM held)),
        jobs = ARRAY(SELECT id FROM unnest(leases.jobs) AS job (id) WHERE id NOT IN (SELECT id FROM held))
    FROM leased
    WHERE leases.token = leased.token
)
UPDATE jobs
SET turn = NULL, run_at = coalesce($8::timestamptz, statement_timestamp()) + make_interval(secs => $6),
    attempt = attempt + $5::smallint, reason = coalesce($7, reason)
FROM held
WHERE jobs.lane = held.lane
RETURNING jobs.id
