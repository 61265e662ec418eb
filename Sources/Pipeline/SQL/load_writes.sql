-- Where some generations are to be written, and how often that was begun: write_backs_pkey.
SELECT generation_id, target, attempts FROM write_backs WHERE generation_id = ANY($1)
