-- What we know of a lead itself, and when it was merged into another: leads_key_key, leads_pkey, events_by_lead.
SELECT lead.id, lead.tenant_id, lead.connection_id, lead.fields::text, lead.opted_out_at, lead.erased_at, lead.created_at,
    survivor.key AS survivor,
    coalesce(
        (SELECT max(received_at) FROM events
         WHERE lead_key = survivor.key AND kind = 'contact.merged'
            AND lead.object_id = ANY (string_to_array(body #>> '{details,merged_ids}', ','))),
        lead.updated_at) AS merged_at
FROM leads AS lead LEFT JOIN leads AS survivor ON survivor.id = lead.merged_into
WHERE lead.key = $1
