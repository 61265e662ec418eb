"""Drives the Salesforce stand-in through simple-salesforce, and fails at the first difference.

usage: salesforce_client.py ADDRESS PRIVATE_KEY_FILE
"""

import sys
import warnings
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_soql

ADDRESS, KEY_FILE = sys.argv[1:3]
KEY = "sandbox-salesforce-consumer-key"
USER = "integration@leadwright.example"


class Redirect(HTTPAdapter):
    """The library writes https addresses of Salesforce's hosts; this sends them to the stand-in instead."""

    def send(self, request, **options):
        place = urlsplit(ADDRESS)
        parts = urlsplit(request.url)
        request.url = urlunsplit((place.scheme, place.netloc, parts.path, parts.query, ""))
        return super().send(request, **options)


def session():
    made = requests.Session()
    made.mount("https://", Redirect())
    return made


def login(**changes):
    arguments = {"username": USER, "consumer_key": KEY, "privatekey_file": KEY_FILE, "version": "67.0"} | changes
    return Salesforce(session=session(), **arguments)


def refused(kind, call, code=None):
    try:
        call()
    except kind as exception:
        assert code is None or exception.content[0]["errorCode"] == code, exception.content
        return exception
    raise AssertionError(f"a call was not refused with {kind.__name__}")


def logins():
    refused_login(lambda: login(domain="acme.my"), "audience is invalid")
    refused_login(lambda: login(consumer_key="other"), "client identifier invalid")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refused_login(lambda: login(username="other@acme.example"), "user hasn't approved this consumer")
    other = Salesforce(
        session=session(),
        domain="acme.my",
        consumer_key=KEY,
        consumer_secret="sandbox-salesforce-consumer-secret",
        version="67.0",
    )
    assert other.limits()["DailyApiRequests"]["Max"] == 100_000
    refused_login(
        lambda: Salesforce(session=session(), domain="acme.my", consumer_key=KEY, consumer_secret="wrong"),
        "invalid client credentials",
    )
    stale = Salesforce(session=session(), session_id="00Dxx!gone", instance="acme.my.salesforce.com", version="67.0")
    refused(SalesforceExpiredSession, lambda: stale.query("SELECT Id FROM Lead"), "INVALID_SESSION_ID")


def refused_login(call, message):
    try:
        call()
    except SalesforceAuthenticationFailed as exception:
        assert message in str(exception), str(exception)
        return
    raise AssertionError(f"a login was not refused: {message}")


def describes(force):
    names = [each["name"] for each in force.describe()["sobjects"]]
    assert {"Lead", "Contact", "Opportunity", "Leadwright_Content__c"} <= set(names), names
    fields = {field["name"]: field for field in force.Lead.describe()["fields"]}
    assert fields["LastName"]["nillable"] is False and fields["Email"]["type"] == "email"
    assert fields["HasOptedOutOfEmail"]["type"] == "boolean"
    assert [value["value"] for value in fields["Status"]["picklistValues"]][0] == "Open - Not Contacted"
    content = {field["name"]: field for field in force.Leadwright_Content__c.describe()["fields"]}
    assert any(field["externalId"] for field in content.values())
    assert force.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"
    refused(SalesforceResourceNotFound, lambda: force.Nope__c.describe(), "NOT_FOUND")


def one_record(force):
    made = force.Lead.create(
        {"FirstName": "Mira", "LastName": "Åkesson", "Company": "Fjord & Fell", "Email": "mira@fjord.example"}
    )
    assert made["success"] is True and made["errors"] == [] and len(made["id"]) == 18 and made["id"][:3] == "00Q"
    read = force.Lead.get(made["id"])
    assert read["Name"] == "Mira Åkesson" and read["Status"] == "Open - Not Contacted"
    assert read["attributes"]["type"] == "Lead" and read["HasOptedOutOfEmail"] is False
    assert force.Lead.get(made["id"][:15])["Id"] == made["id"]
    assert force.Lead.update(made["id"], {"Status": "Working - Contacted", "Title": "Chef"}) == 204
    assert force.Lead.update(made["id"], {"Title": None}) == 204
    assert force.Lead.get(made["id"])["Title"] is None
    assert force.api_usage["api-usage"].total == 100_000

    lead = force.Lead
    refused(SalesforceMalformedRequest, lambda: lead.create({"LastName": "X"}), "REQUIRED_FIELD_MISSING")
    refused(SalesforceMalformedRequest, lambda: lead.update(made["id"], {"Nope__c": 1}), "INVALID_FIELD")
    refused(SalesforceMalformedRequest, lambda: lead.update(made["id"], {"FirstName": "x" * 41}), "STRING_TOO_LONG")
    refused(SalesforceMalformedRequest, lambda: lead.get("nope"), "MALFORMED_ID")
    refused(SalesforceResourceNotFound, lambda: lead.get("00Q7Q00000zzzzzUAB"), "NOT_FOUND")

    gone = lead.create({"LastName": "Gone", "Company": "Gone"})["id"]
    assert lead.delete(gone) == 204
    refused(SalesforceResourceNotFound, lambda: lead.get(gone), "ENTITY_IS_DELETED")
    return made["id"]


def keys(force, lead):
    content = force.Leadwright_Content__c
    key = "Leadwright_Key__c/hubspot%3A811%3A151"
    values = {"Lead__c": lead, "Subject__c": "A quieter rollout", "Body__c": "…" * 2000}
    # The library returns the status; 201 says created, 200 or 204 says changed.
    assert content.upsert(key, values) == 201
    assert content.upsert(key, values | {"Subject__c": "Another"}) in (200, 204)
    read = content.get_by_custom_id("Leadwright_Key__c", "hubspot:811:151")
    assert read["Subject__c"] == "Another" and read["Lead__c"] == lead
    refused(
        SalesforceMalformedRequest,
        lambda: content.create({"Leadwright_Key__c": "hubspot:811:151"}),
        "DUPLICATE_VALUE",
    )
    refused(
        SalesforceResourceNotFound, lambda: content.get_by_custom_id("Leadwright_Key__c", "nothing"), "NOT_FOUND"
    )
    return read["Id"]


def collections(force, lead, content):
    records = [
        {"attributes": {"type": "Lead"}, "LastName": f"Lead {n}", "Company": "Site", "Email": f"l{n}@site.example"}
        for n in range(200)
    ]
    made = force.restful("composite/sobjects", method="POST", json={"allOrNone": False, "records": records})
    assert len(made) == 200 and all(result["success"] for result in made)

    mixed = [
        {"attributes": {"type": "Lead"}, "Id": made[0]["id"], "Title": "Engineer"},
        {"attributes": {"type": "Lead"}, "Id": made[1]["id"], "Nope__c": "x"},
    ]
    results = force.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": mixed})
    assert [result["success"] for result in results] == [True, False], results
    assert results[1]["errors"][0]["statusCode"] == "INVALID_FIELD", results
    results = force.restful("composite/sobjects", method="PATCH", json={"allOrNone": True, "records": mixed})
    assert results[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK", results

    upserted = force.restful(
        "composite/sobjects/Leadwright_Content__c/Leadwright_Key__c",
        method="PATCH",
        json={
            "allOrNone": False,
            "records": [
                {"attributes": {"type": "Leadwright_Content__c"}, "Leadwright_Key__c": key, "Lead__c": lead}
                for key in ("hubspot:811:151", "new:1")
            ],
        },
    )
    assert [result["created"] for result in upserted] == [False, True], upserted
    assert upserted[0]["id"] == content

    read = force.restful("composite/sobjects/Lead", params={"ids": made[0]["id"], "fields": "Id,Title"})
    assert read[0]["Title"] == "Engineer"
    gone = force.restful(
        "composite/sobjects", method="DELETE", params={"ids": f"{made[198]['id']},{made[199]['id']}"}
    )
    assert all(result["success"] for result in gone)
    refused(
        SalesforceMalformedRequest,
        lambda: force.restful(
            "composite/sobjects", method="POST", json={"records": records + records[:1]}
        ),
    )

    answer = force.restful(
        "composite",
        method="POST",
        json={
            "allOrNone": True,
            "compositeRequest": [
                {
                    "method": "POST",
                    "url": "/services/data/v67.0/sobjects/Account",
                    "referenceId": "account",
                    "body": {"Name": "Fjord"},
                },
                {
                    "method": "POST",
                    "url": "/services/data/v67.0/sobjects/Contact",
                    "referenceId": "contact",
                    "body": {"LastName": "Åkesson", "AccountId": "@{account.id}"},
                },
            ],
        },
    )["compositeResponse"]
    assert [part["httpStatusCode"] for part in answer] == [201, 201], answer


def queries(force, lead):
    result = force.query("SELECT Id, Name FROM Lead WHERE Email = 'mira@fjord.example'")
    assert result["totalSize"] == 1 and result["done"] is True and result["records"][0]["Id"] == lead
    first = force.query("SELECT Id FROM Lead")
    assert first["done"] is False and len(first["records"]) == 50 and first["totalSize"] == 199
    everything = force.query_all("SELECT Id, Email FROM Lead ORDER BY Email NULLS LAST")
    assert everything["totalSize"] == 199 and len({row["Id"] for row in everything["records"]}) == 199
    assert force.query_all("SELECT Id FROM Lead", include_deleted=True)["totalSize"] == 202
    assert force.query("SELECT COUNT() FROM Lead WHERE Company = 'Site' AND Email LIKE 'l1%@site.example'")[
        "totalSize"
    ] == len([n for n in range(198) if str(n).startswith("1")])
    text = format_soql("SELECT Id FROM Lead WHERE Company IN {} OR LastName = {}", ["Fjord & Fell"], "O'Neil")
    assert force.query(text)["totalSize"] == 1
    row = force.query("SELECT Subject__c, Lead__r.Email FROM Leadwright_Content__c WHERE Lead__c != null LIMIT 1")
    assert row["records"][0]["Lead__r"]["Email"] == "mira@fjord.example", row
    assert force.query("SELECT ApiName FROM LeadStatus WHERE IsConverted = true")["totalSize"] == 1
    assert force.is_sandbox() is True
    refused(SalesforceMalformedRequest, lambda: force.query("SELECT FROM Lead"), "MALFORMED_QUERY")
    refused(SalesforceMalformedRequest, lambda: force.query("SELECT Nope FROM Lead"), "INVALID_FIELD")
    refused(SalesforceMalformedRequest, lambda: force.query("SELECT Id FROM Nope"), "INVALID_TYPE")


def faults(force, lead):
    def set_fault(**values):
        requests.post(f"{ADDRESS}/sandbox/faults", json=values, timeout=10).raise_for_status()

    set_fault(locked_rows=1)
    refused(SalesforceMalformedRequest, lambda: force.Lead.update(lead, {"Title": "x"}), "UNABLE_TO_LOCK_ROW")
    set_fault(rate_limits=1)
    refused(SalesforceRefusedRequest, lambda: force.Lead.get(lead), "REQUEST_LIMIT_EXCEEDED")
    assert force.Lead.update(lead, {"Title": "x"}) == 204
    requests.post(f"{ADDRESS}/sandbox/sessions/expire", timeout=10).raise_for_status()
    # The library meets INVALID_SESSION_ID, signs in again, and repeats the call.
    before = force.session_id
    assert force.Lead.get(lead)["Id"] == lead and force.session_id != before


def main():
    logins()
    force = login()
    describes(force)
    lead = one_record(force)
    content = keys(force, lead)
    collections(force, lead, content)
    queries(force, lead)
    faults(force, lead)
    print("ok")


main()
