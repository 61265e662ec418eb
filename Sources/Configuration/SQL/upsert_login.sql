-- logins_pkey.
INSERT INTO logins (connection_id, key_id, nonce, ciphertext, expires_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (connection_id) DO UPDATE
SET key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext,
    expires_at = excluded.expires_at, renewed_at = now();
