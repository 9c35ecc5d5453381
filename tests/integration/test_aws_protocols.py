# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of AWS's protocols: botocore's own test vectors.
test_aws_botocore.py has botocore itself as the other opinion."""
import base64
import json
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from datetime import datetime

import pytest

from awswire import wire
from support import SOURCE

VECTORS = SOURCE / "tests/fixtures/aws-protocols"

# What is different here, and why.
INPUT_SKIPPED = {
    # A body's compression and checksum, which no reading operation has.
    "SDKAppliedContentEncoding", "SDKAppendsGzipAndIgnores",
    "SDKAppendedGzipAfterProvidedEncoding", "HttpChecksumRequired",
    "NullAndEmptyHeaders",  # empty headers are sent
    "MediaTypeHeaderInputBase64",  # as botocore has it: JSON in base64
    # The names of XML payloads that are named after shapes: all of them write.
    "BodyWithXmlName", "RestXmlHttpPayloadWithUnion",
    "HttpPayloadWithXmlName", "XmlAttributesOnPayload",
}
OUTPUT_SKIPPED = {
    "HttpPrefixHeaders",  # headers are asked for by name
    "QuotedStringHeaders",  # they come as they are
    "MediaTypeHeaderOutputBase64",
    # As in botocore: an empty payload is there, and a null in a map.
    "HttpPayloadTraitsWithNoBlobBody", "DeserializesDenseSetMapAndSkipsNull",
}


def cases(kind):
    """(id, suite, case), of all protocols."""
    for path in sorted(VECTORS.glob(kind + "-*.json")):
        for number, suite in enumerate(json.loads(path.read_text())):
            for case in suite["cases"]:
                name = case.get("id", f"{number}")
                yield f"{path.stem}-{name}", suite, case


def service(suite, case):
    given = dict(case["given"])
    output = dict(given.get("output") or {})
    metadata = dict(suite["metadata"])
    metadata.setdefault("endpointPrefix", "test")
    if metadata["protocol"] == "query" and output and \
            suite["shapes"][output["shape"]].get("members"):
        output["resultWrapper"] = given["name"] + "Result"
    if output:
        given["output"] = output
    return {"metadata": metadata, "shapes": suite["shapes"],
            "operations": {given["name"]: given}}


@pytest.fixture(scope="module", params=["input", "output"])
def vectors(request, tmp_path_factory):
    """The vectors as services of a model of their own."""
    folder = tmp_path_factory.mktemp(request.param)
    all_cases = list(cases(request.param))
    models = {f"test{number}": service(suite, case)
              for number, (_, suite, case) in enumerate(all_cases)}
    (folder / "models.json").write_text(json.dumps(models))
    subprocess.run([sys.executable, str(SOURCE / "plugins/aws/mkmodel"),
                    str(folder / "models.json"), str(folder / "model")],
                   check=True)
    return request.param, folder / "model", all_cases


def is_skipped(name, skipped):
    return any(part in name for part in skipped)


# --- what is compared ---------------------------------------------------------


def plain_xml(element):
    """Order among elements of different names does not matter."""
    return (element.tag, sorted(element.attrib.items()),
            (element.text or "").strip(),
            sorted(map(plain_xml, element), key=repr))


def plain_body(protocol, body):
    if not body:
        return None
    if protocol in ("query", "ec2"):
        return sorted(urllib.parse.parse_qsl(body, keep_blank_values=True,
                                             strict_parsing=True))
    try:
        if protocol.endswith("json"):
            return json.loads(body)
        return plain_xml(ElementTree.fromstring(body))
    except (ValueError, ElementTree.ParseError):
        return body


def plain_uri(url):
    parts = urllib.parse.urlsplit(url)
    return parts.path, sorted(urllib.parse.parse_qsl(
        parts.query, keep_blank_values=True))


UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                  r"[0-9a-f]{12}")
FILLED = "00000000-0000-4000-8000-000000000000"


def check_input(case, protocol, ours):
    wanted = case["serialized"]
    assert "error" not in ours, ours
    assert ours["method"] == wanted.get("method", "POST")
    assert plain_uri(ours["url"]) == plain_uri(wanted["uri"])
    if "host" in wanted:
        prefix = wanted["host"].split("example.com")[0]
        assert urllib.parse.urlsplit(ours["url"]).netloc.startswith(prefix)
    if "body" in wanted and protocol in ("json", "rest-json"):
        assert plain_body(protocol, ours["body"]) in (
            plain_body(protocol, wanted["body"]),
            {} if not wanted["body"] else None)
    elif "body" in wanted:
        assert plain_body(protocol, ours["body"]) == \
            plain_body(protocol, wanted["body"])
    headers = {}
    for line in ours["headers"]:
        name, value = line.split(": ", 1)
        headers[name.lower()] = value
    for name, value in wanted.get("headers", {}).items():
        if name.lower() == "content-type" and not ours["body"]:
            continue
        mine = headers.get(name.lower())
        if name.lower() == "content-type":
            mine = (mine or value).split(";")[0]
            value = value.split(";")[0]
            if value in ("application/octet-stream", "text/plain"):
                continue
        assert mine is not None, name
        assert mine.replace(", ", ",") == value.replace(", ", ",")
    for name in wanted.get("forbidHeaders", []):
        assert name.lower() not in headers


def seconds(text):
    form = "%Y-%m-%dT%H:%M:%S.%f%z" if "." in text else "%Y-%m-%dT%H:%M:%S%z"
    return datetime.strptime(text.replace("Z", "+0000"), form).timestamp()


def as_vector(value, shapes, ref, payload=False):
    """Our answer as the vectors have it: seconds, blobs as texts, and without
    the members that no model has."""
    shape = dict(shapes[ref["shape"]])
    shape.update(ref)
    kind = shape["type"]
    if value is None or shape.get("document"):
        return value
    if kind == "structure":
        return {name: as_vector(value[name], shapes, member,
                                shape.get("payload") == name)
                for name, member in shape["members"].items() if name in value}
    if kind == "list":
        return [as_vector(item, shapes, shape["member"]) for item in value]
    if kind == "map":
        return {key: as_vector(item, shapes, shape["value"])
                for key, item in value.items()}
    if kind == "timestamp":
        return seconds(value)
    if kind == "blob" and not payload:
        return base64.b64decode(value).decode()
    return value


def check_output(suite, case, ours):
    assert "error" not in ours, ours
    if "error" in case:
        assert ours["code"] == case.get("errorCode", "")
        if case.get("errorMessage"):
            assert ours["message"] == case["errorMessage"]
        return
    output = case["given"].get("output")
    mine = as_vector(ours["value"], suite["shapes"], output) if output else {}
    assert mine == case.get("result", {})


# --- tests ----------------------------------------------------------------------


def input_lines(all_cases):
    for number, (name, suite, case) in enumerate(all_cases):
        endpoint = suite.get("clientEndpoint") if "HostWithPath" in name else None
        yield {"do": "request", "endpoint": endpoint, "service": f"test{number}",
               "operation": case["given"]["name"],
               "parameters": case["params"], "region": "us-east-1"}


def output_lines(all_cases):
    for number, (_, suite, case) in enumerate(all_cases):
        answer = case["response"]
        body = answer.get("body", "")
        if not body and suite["metadata"]["protocol"] == "query":
            body = "<xml/>"
        yield {"do": "failure" if "error" in case else "answer",
               "service": f"test{number}",
               "operation": case["given"]["name"],
               "status": answer["status_code"],
               "headers": answer.get("headers", {}), "body": body}


def test_are_those_of_the_vectors(vectors):
    kind, model, all_cases = vectors
    lines = input_lines if kind == "input" else output_lines
    wrong, right, skipped = [], 0, 0
    for (name, suite, case), ours in zip(
            all_cases, wire(list(lines(all_cases)), model)):
        if is_skipped(name, INPUT_SKIPPED if kind == "input"
                      else OUTPUT_SKIPPED):
            skipped += 1
            continue
        try:
            if kind == "input":
                if "TokenAutoFill" in name and "IsSet" not in name:
                    ours = json.loads(UUID.sub(FILLED, json.dumps(ours)))
                check_input(case, suite["metadata"]["protocol"], ours)
            else:
                check_output(suite, case, ours)
            right += 1
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            wrong.append(f"{name}: {error!r}\n  {json.dumps(ours)[:2000]}\n"
                         f"  {json.dumps(case)[:2000]}")
    assert not wrong, f"{len(wrong)} wrong, {right} right\n" + "\n".join(wrong)
    assert right > 200 and skipped < right / 8, (right, skipped)
