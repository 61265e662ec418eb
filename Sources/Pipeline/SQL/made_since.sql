-- Whether this playbook already made something for the lead in this stage after that time: generations_by_lead.
SELECT EXISTS (
    SELECT FROM generations
    WHERE lead_id = $1 AND playbook = $2 AND stage = $3 AND planned_at >= $4 AND state <> 'failed')
