-- Indexes: call_ledger_pkey, call_limits_pkey.
--
-- $1 connection, $2 names, $3 calls allowed, $4 seconds of an interval, $5 calls left, $6 when the CRM said so, $7 now or NULL
-- for the database's clock.
--
-- Takes the place of the connection's last observation, behind serialize.sql. A limit that it does not name stays as it
-- was, and an older word never replaces a newer one. What no limit looks back to is taken out of the ledger on the way:
-- since the last observation did so, or all, where that lies long back.
WITH last AS MATERIALIZED (
    SELECT at, calls_so_far, observation FROM call_ledger
    WHERE connection_id = $1
    ORDER BY at DESC, calls_so_far DESC, observation DESC LIMIT 1
),
known AS MATERIALIZED (
    SELECT call_limits.* FROM last JOIN call_limits USING (observation) WHERE connection_id = $1
),
heard AS MATERIALIZED (
    SELECT heard.*
    FROM unnest($2::text[], $3::integer[], $4::float8[], $5::integer[], $6::timestamptz[])
        AS heard (name, calls, seconds, remaining, observed_at)
    LEFT JOIN known USING (name)
    WHERE known.observed_at < heard.observed_at IS NOT FALSE
),
-- Nothing, if nothing is new.
news AS MATERIALIZED (
    SELECT coalesce((SELECT observation FROM last), 0) + 1 AS observation,
           coalesce($7::timestamptz, statement_timestamp()) AS now, (SELECT max(noted_at) FROM known) AS last_noted_at
    FROM heard
    HAVING count(*) > 0
),
told AS (
    INSERT INTO call_limits (connection_id, observation, name, calls, seconds, remaining, observed_at, reserved, noted_at)
    SELECT $1, news.observation, limits.*, now
    FROM news,
        (
            SELECT name, calls, seconds, remaining, observed_at,
                   coalesce(
                       (SELECT calls_so_far - first.calls FROM call_ledger AS first
                        WHERE connection_id = $1 AND at >= date_trunc('second', heard.observed_at)
                        ORDER BY at, calls_so_far, observation LIMIT 1),
                       (SELECT calls_so_far FROM last),
                       0)
            FROM heard
            UNION ALL
            SELECT name, calls, seconds, remaining, observed_at, reserved
            FROM known
            WHERE name NOT IN (SELECT name FROM heard)
        ) AS limits
),
replaced AS (
    DELETE FROM call_limits USING news, known
    WHERE call_limits.connection_id = $1 AND call_limits.observation = known.observation
        AND call_limits.name = known.name
),
noted AS (
    INSERT INTO call_ledger (connection_id, at, calls, calls_so_far, observation)
    SELECT $1, greatest(now, (SELECT at FROM last)), 0, coalesce((SELECT calls_so_far FROM last), 0), observation
    FROM news
)
DELETE FROM call_ledger USING news
WHERE call_ledger.connection_id = $1 AND at < now - interval '2 minutes'
    AND at >= CASE WHEN last_noted_at > now - interval '1 minute' AND last_noted_at <= now
        THEN last_noted_at - interval '2 minutes' ELSE '-infinity' END
