-- credentials_pkey.
INSERT INTO credentials (connection_id, name, key_id, nonce, ciphertext) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (connection_id, name) DO UPDATE
SET key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext, updated_at = now();
