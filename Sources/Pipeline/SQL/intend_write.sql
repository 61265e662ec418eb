-- The intent, committed before any call: write_backs_pkey.
INSERT INTO write_backs (generation_id, target, connection_id, fingerprint)
VALUES ($1, $2, $3, $4)
ON CONFLICT (generation_id, target) DO NOTHING
