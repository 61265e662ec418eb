-- Which events some messages still wait for: quiet_messages_pkey. $1 leads, $2 playbooks, one element a message.
SELECT quiet.lead_id, quiet.playbook, quiet.event_id
FROM unnest($1::bigint[], $2::text[]) AS asked (lead_id, playbook)
JOIN quiet_messages AS quiet USING (lead_id, playbook)
