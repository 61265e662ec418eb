-- Indexes: none; it reads the server's own lists.
--
-- Who keeps vacuum from removing the most: a session of this database or a standby that has a snapshot or a transaction
-- open, a prepared transaction, or a replication slot. Vacuums hold nothing back, whatever they show. Without the role
-- pg_read_all_stats, only sessions of one's own role are seen. `since` is unknown for standbys and slots in use.
SELECT holder, name, transactions, extract(epoch FROM clock_timestamp() - since)::float8 AS seconds
FROM (
    SELECT 'session' AS holder,
           concat_ws(', ', nullif(application_name, ''), 'process ' || pid, coalesce(state, backend_type)) AS name,
           greatest(age(backend_xmin), age(backend_xid)) AS transactions, xact_start AS since
    FROM pg_stat_activity
    WHERE (datname = current_database() OR backend_type = 'walsender')
        AND pid <> pg_backend_pid() AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
        AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    UNION ALL
    SELECT 'prepared transaction', gid, age(transaction), prepared
    FROM pg_prepared_xacts
    WHERE database = current_database()
    UNION ALL
    SELECT 'replication slot', slot_name, age(xmin), inactive_since
    FROM pg_replication_slots
    WHERE xmin IS NOT NULL
) AS held
ORDER BY transactions DESC, since
LIMIT 1
