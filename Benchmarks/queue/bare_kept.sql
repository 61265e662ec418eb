WITH taken AS (
    UPDATE bare SET state = 'running'
    WHERE id IN (SELECT id FROM bare WHERE state = 'ready' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)
    RETURNING id, payload
)
SELECT coalesce(array_agg(id), '{}') AS ids, count(payload) AS jobs FROM taken \gset
WITH ended AS (DELETE FROM bare WHERE id = ANY (:ids::bigint[]) RETURNING id, payload)
INSERT INTO bare_history (id, payload) SELECT id, payload FROM ended;
