"""Drives the HubSpot stand-in through HubSpot's own client for Python, and fails at the first difference.

usage: hubspot_client.py ADDRESS
"""

import http.server
import json
import queue
import sys
import threading
import urllib.request

from hubspot import HubSpot
from hubspot.crm import associations, contacts, deals, pipelines, properties
from hubspot.crm.associations import v4 as associations_v4
from hubspot.oauth import ApiException as OAuthException
from hubspot.utils.signature import Signature
from hubspot.webhooks import SubscriptionCreateRequest

ADDRESS = sys.argv[1]
TOKEN = "pat-sandbox-hubspot-token"
SECRET = "sandbox-hubspot-client-secret"
APP = 445566


def client(token=TOKEN, **options):
    return HubSpot(access_token=token, host=ADDRESS, **options)


def administer(path, body):
    request = urllib.request.Request(
        f"{ADDRESS}/sandbox/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def refused(error, status, code=None):
    """Runs `error`'s call and checks that it is refused in HubSpot's form."""
    kind, call = error
    try:
        call()
    except kind as exception:
        assert exception.status == status, (exception.status, exception.body)
        body = json.loads(exception.body)
        assert body["status"] == "error" and body["correlationId"] and body["message"], body
        assert code is None or body["category"] == code, body
        return body
    raise AssertionError(f"a call was not refused with {status}")


def one_record(hubspot):
    api = hubspot.crm.contacts.basic_api
    created = api.create(
        contacts.SimplePublicObjectInputForCreate(
            properties={"email": "mira@fjord.example", "firstname": "Mira", "lifecyclestage": "lead"}, associations=[]
        )
    )
    assert created.id.isdigit() and created.archived is False and created.created_at is not None
    assert created.properties["email"] == "mira@fjord.example"

    read = api.get_by_id(created.id, properties=["email", "lifecyclestage", "jobtitle"])
    assert read.properties["lifecyclestage"] == "lead" and read.properties["jobtitle"] is None
    by_email = api.get_by_id("MIRA@fjord.example", id_property="email")
    assert by_email.id == created.id

    changed = api.update(
        created.id, contacts.SimplePublicObjectInput(properties={"lifecyclestage": "marketingqualifiedlead"})
    )
    assert changed.properties["lifecyclestage"] == "marketingqualifiedlead"
    assert changed.updated_at >= created.created_at

    body = refused(
        (
            contacts.ApiException,
            lambda: api.update(created.id, contacts.SimplePublicObjectInput(properties={"nope": "1"})),
        ),
        400,
        "VALIDATION_ERROR",
    )
    assert body["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST", body
    assert body["errors"][0]["context"]["propertyName"] == ["nope"], body
    body = refused(
        (
            contacts.ApiException,
            lambda: api.create(
                contacts.SimplePublicObjectInputForCreate(properties={"email": "mira@fjord.example"}, associations=[])
            ),
        ),
        409,
        "CONFLICT",
    )
    assert body["message"] == f"Contact already exists. Existing ID: {created.id}", body
    refused((contacts.ApiException, lambda: api.get_by_id("999999")), 404, "OBJECT_NOT_FOUND")

    other = api.create(
        contacts.SimplePublicObjectInputForCreate(properties={"email": "gone@fjord.example"}, associations=[])
    )
    api.archive(other.id)
    refused((contacts.ApiException, lambda: api.get_by_id(other.id)), 404)
    assert api.get_by_id(other.id, archived=True).archived is True
    return created.id


def batches(hubspot):
    api = hubspot.crm.contacts.batch_api
    made = api.create(
        contacts.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                contacts.SimplePublicObjectBatchInputForCreate(
                    properties={"email": f"lead{n}@site.example", "firstname": f"Lead {n}"}, associations=[]
                )
                for n in range(100)
            ]
        )
    )
    assert made.status == "COMPLETE" and len(made.results) == 100 and made.started_at is not None
    ids = [record.id for record in made.results]

    read = api.read(
        contacts.BatchReadInputSimplePublicObjectId(
            inputs=[contacts.SimplePublicObjectId(id=id) for id in ids[:3] + ["999999"]],
            properties=["email"],
            properties_with_history=[],
        )
    )
    assert type(read).__name__ == "BatchResponseSimplePublicObjectWithErrors", type(read)
    assert len(read.results) == 3 and read.num_errors == 1
    assert read.errors[0].category == "OBJECT_NOT_FOUND" and read.errors[0].context["ids"] == ["999999"]

    by_email = api.read(
        contacts.BatchReadInputSimplePublicObjectId(
            id_property="email",
            inputs=[contacts.SimplePublicObjectId(id="lead7@site.example")],
            properties=["firstname"],
            properties_with_history=[],
        )
    )
    assert by_email.results[0].properties["firstname"] == "Lead 7"

    updated = api.update(
        contacts.BatchInputSimplePublicObjectBatchInput(
            inputs=[contacts.SimplePublicObjectBatchInput(id=id, properties={"jobtitle": "Engineer"}) for id in ids]
        )
    )
    assert len(updated.results) == 100 and updated.results[0].properties["jobtitle"] == "Engineer"

    upserted = api.upsert(
        contacts.BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                contacts.SimplePublicObjectBatchInputUpsert(
                    id="lead1@site.example", id_property="email", properties={"city": "Turku"}
                ),
                contacts.SimplePublicObjectBatchInputUpsert(
                    id="new@site.example", id_property="email", properties={"city": "Oslo"}
                ),
            ]
        )
    )
    assert [record.new for record in upserted.results] == [False, True], upserted.results
    assert upserted.results[0].id == ids[1]
    assert upserted.results[1].properties["email"] == "new@site.example"

    body = refused(
        (
            contacts.ApiException,
            lambda: api.upsert(
                contacts.BatchInputSimplePublicObjectBatchInputUpsert(
                    inputs=[contacts.SimplePublicObjectBatchInputUpsert(id="x", id_property="city", properties={})]
                )
            ),
        ),
        400,
    )
    assert "non-unique" in body["message"], body
    refused(
        (
            contacts.ApiException,
            lambda: api.read(
                contacts.BatchReadInputSimplePublicObjectId(
                    inputs=[contacts.SimplePublicObjectId(id=str(n)) for n in range(101)],
                    properties=[],
                    properties_with_history=[],
                )
            ),
        ),
        400,
        "VALIDATION_ERROR",
    )

    api.archive(
        contacts.BatchInputSimplePublicObjectId(inputs=[contacts.SimplePublicObjectId(id=id) for id in ids[90:]])
    )

    pages = hubspot.crm.contacts.get_all(properties=["email"])
    assert len(pages) == 92, len(pages)
    assert len({page.id for page in pages}) == 92


def search(hubspot):
    found = hubspot.crm.contacts.search_api.do_search(
        contacts.PublicObjectSearchRequest(
            filter_groups=[
                contacts.FilterGroup(
                    filters=[contacts.Filter(property_name="email", operator="EQ", value="lead5@site.example")]
                ),
                contacts.FilterGroup(filters=[contacts.Filter(property_name="city", operator="HAS_PROPERTY")]),
            ],
            properties=["email", "city"],
            limit=2,
            sorts=["email"],
        )
    )
    assert found.total == 3 and len(found.results) == 2 and found.paging.next.after == "2", found


def definitions(hubspot):
    groups = hubspot.crm.properties.groups_api
    core = hubspot.crm.properties.core_api
    groups.create("contacts", properties.PropertyGroupCreate(name="leadwright", label="Leadwright", display_order=-1))
    refused(
        (
            properties.ApiException,
            lambda: groups.create(
                "contacts", properties.PropertyGroupCreate(name="leadwright", label="Leadwright", display_order=-1)
            ),
        ),
        409,
    )
    assert "leadwright" in [group.name for group in groups.get_all("contacts").results]
    wanted = properties.PropertyCreate(
        name="leadwright_body", label="Body", type="string", field_type="textarea", group_name="leadwright"
    )
    assert core.create("contacts", wanted).name == "leadwright_body"
    refused((properties.ApiException, lambda: core.create("contacts", wanted)), 409)
    read = core.get_by_name("contacts", "leadwright_body")
    assert read.group_name == "leadwright" and read.field_type == "textarea"
    stages = [option.value for option in core.get_by_name("contacts", "lifecyclestage").options]
    assert "marketingqualifiedlead" in stages
    assert len(core.get_all("contacts").results) > 20
    refused((properties.ApiException, lambda: core.get_by_name("contacts", "nope")), 404)

    stages = {
        stage.id: stage.metadata for stage in hubspot.crm.pipelines.pipelines_api.get_all("deals").results[0].stages
    }
    assert stages["closedwon"] == {"probability": "1.0", "isClosed": "true"}, stages
    assert stages["closedlost"]["probability"] == "0.0"


def links(hubspot, contact):
    deal = hubspot.crm.deals.basic_api.create(
        deals.SimplePublicObjectInputForCreate(
            properties={"dealname": "Fjord rollout", "dealstage": "appointmentscheduled", "pipeline": "default"},
            associations=[],
        )
    )
    made = hubspot.crm.associations.v4.basic_api.create(
        "contacts",
        contact,
        "deals",
        deal.id,
        [associations_v4.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=4)],
    )
    assert str(made.from_object_id) == contact and str(made.to_object_id) == deal.id
    page = hubspot.crm.associations.v4.basic_api.get_page("contacts", contact, "deals")
    assert [str(link.to_object_id) for link in page.results] == [deal.id]
    assert page.results[0].association_types[0].type_id == 4
    batch = hubspot.crm.associations.v4.batch_api.get_page(
        "deals",
        "contacts",
        associations_v4.BatchInputPublicFetchAssociationsBatchRequest(
            inputs=[associations_v4.PublicFetchAssociationsBatchRequest(id=deal.id)]
        ),
    )
    assert str(batch.results[0].to[0].to_object_id) == contact
    older = hubspot.crm.associations.batch_api.read(
        "deals",
        "contacts",
        associations.BatchInputPublicObjectId(inputs=[associations.PublicObjectId(id=deal.id)]),
    )
    assert older.results[0].to[0].id == contact and older.results[0].to[0].type == "deal_to_contact"
    won = hubspot.crm.deals.basic_api.update(deal.id, deals.SimplePublicObjectInput(properties={"dealstage": "closedwon"}))
    assert won.id == deal.id
    read = hubspot.crm.deals.basic_api.get_by_id(deal.id, properties=["hs_is_closed_won"], associations=["contacts"])
    assert read.properties["hs_is_closed_won"] == "true"
    assert read.associations["contacts"].results[0].id == contact


def credentials(hubspot):
    refused(
        (contacts.ApiException, lambda: client("wrong").crm.contacts.basic_api.get_page()), 401, "INVALID_AUTHENTICATION"
    )
    tokens = hubspot.oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id="sandbox-hubspot-client-id",
        client_secret=SECRET,
        refresh_token="sandbox-hubspot-refresh-token",
    )
    assert tokens.expires_in == 1800 and len(tokens.access_token) >= 200
    assert client(tokens.access_token).crm.contacts.basic_api.get_page(limit=1).results
    try:
        hubspot.oauth.tokens_api.create(
            grant_type="refresh_token",
            client_id="sandbox-hubspot-client-id",
            client_secret=SECRET,
            refresh_token="wrong",
        )
        raise AssertionError("a wrong refresh token was taken")
    except OAuthException as exception:
        assert exception.status == 400


def webhooks(hubspot):
    received = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.put((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target = f"http://127.0.0.1:{server.server_port}/webhooks/acme"
    administer("configure", {"target_url": target, "subscriptions": []})

    developer = client(api_key="sandbox-hubspot-developer-key").webhooks.subscriptions_api
    made = developer.create(APP, SubscriptionCreateRequest(event_type="contact.creation", active=True))
    assert made.active is True and made.event_type == "contact.creation"
    developer.create(
        APP,
        SubscriptionCreateRequest(event_type="contact.propertyChange", property_name="lifecyclestage", active=True),
    )
    assert len(developer.get_all(APP).results) == 2

    created = administer("leads", {"leads": [{"email": "åsa@fjord.example", "first_name": "Åsa"}]})
    lead = int(created["leads"][0]["id"])
    headers, body = received.get(timeout=10)
    check_signature(headers, body, target)
    event = json.loads(body)[0]
    assert event["subscriptionType"] == "contact.creation" and event["objectId"] == lead, event
    assert event["changeFlag"] == "CREATED" and event["changeSource"] == "CRM_UI", event
    assert event["portalId"] == 8112233 and event["appId"] == APP and event["attemptNumber"] == 0, event

    hubspot.crm.contacts.basic_api.update(
        str(lead), contacts.SimplePublicObjectInput(properties={"lifecyclestage": "opportunity"})
    )
    headers, body = received.get(timeout=10)
    check_signature(headers, body, target)
    event = json.loads(body)[0]
    assert event["propertyName"] == "lifecyclestage" and event["propertyValue"] == "opportunity", event
    assert event["changeSource"] == "INTEGRATION" and event["sourceId"] == str(APP), event
    server.shutdown()


def check_signature(headers, body, target):
    def verdict(text):
        return Signature.is_valid(
            signature=headers["X-HubSpot-Signature-v3"],
            client_secret=SECRET,
            request_body=text,
            http_uri=target,
            http_method="POST",
            signature_version="v3",
            timestamp=headers["X-HubSpot-Request-Timestamp"],
        )

    assert verdict(body), "the client refuses the signature"
    assert not verdict(body.replace("contact", "Contact")), "the signature does not cover the body"
    assert Signature.is_valid(
        signature=headers["X-HubSpot-Signature"], client_secret=SECRET, request_body=body, signature_version="v1"
    )


def preferences(hubspot):
    status = hubspot.communication_preferences.status_api.get_email_status("mira@fjord.example")
    assert status.subscription_statuses[0].status == "SUBSCRIBED", status


def main():
    hubspot = client()
    contact = one_record(hubspot)
    batches(hubspot)
    search(hubspot)
    definitions(hubspot)
    links(hubspot, contact)
    credentials(hubspot)
    preferences(hubspot)
    webhooks(hubspot)
    print("ok")


main()
