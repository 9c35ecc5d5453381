# SPDX-License-Identifier: Apache-2.0
"""The aws plugin's requests and answers against botocore's: for operations
that read, parameters and answers are made up from their shapes, botocore
serialises and parses them, offline, and both must agree.

SCAN_ENGINE_TEST_AWS_ALL=1 takes all operations of all services.
"""
import base64
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
import urllib.parse
import xml.sax.saxutils
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from awswire import wire
from support import BUILD, SOURCE, unavailable
from test_aws_protocols import plain_body, plain_uri


DEBIAN = Path("/usr/lib/python3/dist-packages/botocore/data")


def data_folder():
    """Where the models came from that the plugin was built with."""
    try:
        text = (BUILD / "Makefile").read_text()
    except OSError:
        return DEBIAN
    found = re.search(r"^BOTOCORE_DATA = (.*)$", text, re.M)
    return Path(found.group(1)) if found else DEBIAN


DATA = data_folder()
try:  # the botocore that belongs to them, not another that came before
    sys.path.insert(0, str(DATA.parent.parent))
    import botocore.awsrequest
    import botocore.loaders
    import botocore.model
    import botocore.parsers
    import botocore.regions
    import botocore.serialize
except ImportError:
    botocore = None
finally:
    del sys.path[0]

SERVICES = """
    accessanalyzer account acm apigateway apigatewayv2 appsync athena
    autoscaling backup cloudformation cloudfront cloudtrail cloudwatch
    codebuild cognito-idp config dax dms dynamodb ec2 ecr ecs efs eks
    elasticache elasticbeanstalk elb elbv2 emr es events firehose fsx glacier
    glue guardduty iam inspector2 iot kafka kinesis kms lambda logs macie2 mq
    neptune network-firewall opensearch organizations rds redshift route53
    route53domains s3 s3control sagemaker secretsmanager securityhub ses sns
    sqs ssm sts transfer wafv2 workspaces""".split()
SAMPLE = 12  # operations of each, spread over all
ALL = os.environ.get("SCAN_ENGINE_TEST_AWS_ALL") == "1"
MOMENT = datetime(2024, 2, 29, 12, 34, 56, tzinfo=timezone.utc)


def load_mkmodel():
    path = str(SOURCE / "plugins/aws/mkmodel")
    loader = importlib.machinery.SourceFileLoader("mkmodel", path)
    spec = importlib.util.spec_from_loader("mkmodel", loader)
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = written
    return module


mkmodel = load_mkmodel()


@pytest.fixture(scope="module")
def loader():
    if not botocore:
        unavailable("botocore for Python: install python3-botocore")
    return botocore.loaders.Loader(extra_search_paths=[str(DATA)],
                                   include_default_search_paths=False)


def services(loader):
    return loader.list_available_services("service-2") if ALL else SERVICES


def operations(loader, name):
    """(service model, what mkmodel knows, operations that read)"""
    raw = loader.load_service_model(name, "service-2")
    known = mkmodel.Service(name, raw, {}, [])
    if not known.protocol:
        return None, None, []
    reads = [operation for operation in sorted(raw["operations"])
             if known.verdict(operation, raw["operations"][operation]) ==
             mkmodel.READS]
    if not ALL and len(reads) > SAMPLE:
        reads = reads[::len(reads) // SAMPLE + 1]
    return botocore.model.ServiceModel(raw, name), known, reads


# --- making values up ------------------------------------------------------------


class Maker:
    """Values by shapes: the same for the same operation."""

    def __init__(self, answer):
        self.answer = answer  # or parameters
        self.count = 0

    def text(self, shape):
        where = shape.serialization.get("location")
        if shape.serialization.get("hostLabel"):
            return f"label{self.count}"
        if where in ("header", "headers"):
            return f"value {self.count}"
        if where == "uri":
            return f"a b/\u00e4+{self.count}"
        return f"t<{self.count}>&\"\u20ac' +"

    def scalar(self, shape):
        self.count += 1
        kind = shape.type_name
        if kind in ("integer", "long"):
            return self.count
        if kind in ("float", "double"):
            return self.count + 0.5
        if kind == "boolean":
            return self.count % 2 == 0
        if kind == "timestamp":
            return MOMENT + timedelta(seconds=self.count)
        if kind == "blob":
            return b"bytes %d" % self.count
        return self.text(shape)

    def make(self, shape, depth=0):
        kind = shape.type_name
        if getattr(shape, "is_document_type", False):
            return {"document": [1, "two", None]}
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            if depth > 4:
                return []
            if shape.serialization.get("location") == "header" and \
                    shape.member.type_name == "string":
                return ["one", "two"]
            return [self.make(shape.member, depth + 1)
                    for _ in range(1 + self.count % 2)]
        if kind == "map":
            if depth > 5:
                return {}
            return {self.key(shape, number): self.make(shape.value, depth + 1)
                    for number in range(1 + self.count % 2)}
        return self.scalar(shape)

    def key(self, shape, number):
        self.count += 1
        return f"k{number}-{self.count}"

    def structure(self, shape, depth):
        members = list(shape.members.items())
        if shape.is_tagged_union:
            members = members[:1]
        elif depth > 3:  # enough of it was seen
            members = [(name, member) for at, (name, member)
                       in enumerate(members) if name in shape.required_members
                       or (at < 4 and depth <= 6)]
        return {name: self.make(member, depth + 1)
                for name, member in members
                if member.serialization.get("location") != "headers" or
                not self.answer}


# --- parameters -------------------------------------------------------------------


def as_parameters(value):
    """As a rule would have it."""
    if isinstance(value, dict):
        return {key: as_parameters(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_parameters(item) for item in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return value.decode()
    return value


def botocore_request(known, operation, parameters):
    serializer = botocore.serialize.create_serializer(
        known.protocol, include_validation=False)
    made = serializer.serialize_to_request(parameters, operation)
    query = made["query_string"]
    pairs = []
    for key, value in (query.items() if isinstance(query, dict) else []):
        for item in value if isinstance(value, list) else [value]:
            pairs.append((key, item if isinstance(item, str) else str(item)
                          if not isinstance(item, bool) else
                          str(item).lower()))
    path = made["url_path"]
    if pairs:
        path += "&" if "?" in path else "?"
        path += urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)
    body = made["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(
            {key: str(value) for key, value in body.items()},
            quote_via=urllib.parse.quote)
    elif isinstance(body, bytes):
        body = body.decode()
    return made["method"], path, body, made["headers"], \
        made.get("host_prefix", "")


def parameters_of(known, name, operation):
    value = Maker(False).make(operation.input_shape) \
        if operation.input_shape else {}
    forced = mkmodel.FORCED.get(f"{known.name}:{name}")
    if forced:
        value[forced[0]] = forced[1]
    return value


def compare_request(known, theirs, ours):
    method, path, body, headers, prefix = theirs
    assert "error" not in ours, ours
    assert ours["method"] == method
    assert plain_uri(ours["url"]) == plain_uri(path)
    assert plain_body(known.protocol, ours["body"]) == \
        plain_body(known.protocol, body)
    mine = dict(line.split(": ", 1) for line in ours["headers"])
    mine = {key.lower(): value for key, value in mine.items()}
    for key, value in headers.items():
        value = value.decode() if isinstance(value, bytes) else value
        assert mine.get(key.lower()) == value, key
    assert urllib.parse.urlsplit(ours["url"]).netloc.startswith(prefix)


def test_requests_are_botocores(loader):
    wrong, right, lines, wanted = [], 0, [], []
    for service in services(loader):
        model, known, reads = operations(loader, service)
        for name in reads:
            operation = model.operation_model(name)
            value = parameters_of(known, name, operation)
            theirs = botocore_request(known, operation, value)
            wanted.append((known, name, theirs))
            # path style, which is what the serialiser makes
            lines.append({"do": "request", "service": service,
                          "operation": name, "region": "us-east-1",
                          "endpoint": "https://localhost" if service == "s3"
                          else None, "parameters": as_parameters(value)})
    for (known, name, theirs), ours in zip(wanted, wire(lines)):
        try:
            compare_request(known, theirs, ours)
            right += 1
        except (AssertionError, ValueError) as error:
            wrong.append(f"{known.name}:{name}: {error}\n  ours   {ours}\n"
                         f"  theirs {theirs}"[:3000])
    assert not wrong, f"{len(wrong)} wrong, {right} right\n" + "\n".join(wrong)
    assert right > 500


# --- answers ------------------------------------------------------------------------


def wire_scalar(value, shape, default):
    form = (shape.serialization.get("timestampFormat") or default).lower()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        if form == "unixtimestamp":
            return str(int(value.timestamp()))
        if form == "rfc822":
            return value.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def xml_name(shape, name):
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        inner = shape.member.serialization.get("name")
        if inner and not shape.serialization.get("name"):
            return inner
    return shape.serialization.get("name", name)


def xml_members(shape, value):
    """(attributes, elements) of a structure."""
    attributes, text = "", ""
    for name, member in shape.members.items():
        if name not in value or "location" in member.serialization:
            continue
        if member.serialization.get("xmlAttribute"):
            attributes += ' %s=%s' % (
                member.serialization["name"],
                xml.sax.saxutils.quoteattr(value[name]))
        else:
            text += xml_element(member, xml_name(member, name), value[name])
    if "xsi:" in attributes:
        attributes += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return attributes, text


def xml_element(shape, name, value):
    kind, flat = shape.type_name, shape.serialization.get("flattened")
    attributes, text = "", ""
    if kind == "structure":
        attributes, text = xml_members(shape, value)
    elif kind == "list":
        inner = shape.member.serialization.get("name", "member")
        items = [xml_element(shape.member, name if flat else inner, item)
                 for item in value]
        if flat:
            return "\n".join(items)
        text = "".join(items)
    elif kind == "map":
        keys = shape.key.serialization.get("name", "key")
        values = shape.value.serialization.get("name", "value")
        pairs = [f"<{keys}>{key}</{keys}>" +
                 xml_element(shape.value, values, item)
                 for key, item in value.items()]
        tag = name if flat else "entry"
        text = "".join(f"<{tag}>{pair}</{tag}>" for pair in pairs)
        if flat:
            return text
    else:
        text = xml.sax.saxutils.escape(wire_scalar(value, shape, "iso8601"))
    return f"<{name}{attributes}>{text}</{name}>"


def json_value(shape, value):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return value
    if kind == "structure":
        return {member.serialization.get("name", name):
                json_value(member, value[name])
                for name, member in shape.members.items()
                if name in value and "location" not in member.serialization}
    if kind == "list":
        return [json_value(shape.member, item) for item in value]
    if kind == "map":
        return {key: json_value(shape.value, item)
                for key, item in value.items()}
    if kind == "timestamp":
        text = wire_scalar(value, shape, "unixtimestamp")
        return int(text) if text.isdigit() else text
    if kind == "blob":
        return wire_scalar(value, shape, "")
    return value


def answer_headers(shape, value):
    headers = {}
    for name, member in shape.members.items():
        if member.serialization.get("location") != "header":
            continue
        item = value[name]
        if member.serialization.get("jsonvalue"):
            text = base64.b64encode(json.dumps({"a": item}).encode()).decode()
        elif member.type_name == "list":
            text = ", ".join(wire_scalar(part, member.member, "rfc822")
                             for part in item)
        else:
            text = wire_scalar(item, member, "rfc822")
        headers[member.serialization.get("name", name).lower()] = text
    return headers


def answer_body(known, operation, value):
    protocol, shape = known.protocol, operation.output_shape
    payload = shape.serialization.get("payload")
    if payload and protocol.startswith("rest"):
        shape, value = shape.members[payload], value[payload]
        if shape.type_name in ("string", "blob"):
            return value.decode() if isinstance(value, bytes) else value
    if protocol.endswith("json"):
        return json.dumps(json_value(shape, value))
    attributes, text = xml_members(shape, value) \
        if shape.type_name == "structure" else ("", "")
    wrapper = operation.output_shape.serialization.get("resultWrapper")
    if wrapper:
        text = (f"<{wrapper}>{text}</{wrapper}>\n<ResponseMetadata>"
                "<RequestId>1</RequestId></ResponseMetadata>")
    if protocol == "ec2":
        text = f"<requestId>1</requestId>{text}"
    return (f'<?xml version="1.0"?>\n<Root xmlns="https://example.com/"'
            f'{attributes}>{text}</Root>')


def as_ours(known, shape, value, parent="", name="", payload=False):
    """botocore's answer with texts for times and bytes, and what is sensitive
    hidden."""
    trait = {"type": shape.type_name,
             "sensitive": shape.metadata.get("sensitive")}
    if value is not None and known.is_secret(parent, name, trait):
        return "(sensitive)"
    if getattr(shape, "is_document_type", False) or value is None:
        return value
    if shape.type_name == "structure":
        return {key: as_ours(known, shape.members[key], item, shape.name, key,
                             shape.serialization.get("payload") == key)
                for key, item in value.items() if key in shape.members and
                shape.members[key].serialization.get("location") != "headers"}
    if shape.type_name == "list":
        return [as_ours(known, shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: as_ours(known, shape.value, item)
                for key, item in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return value.decode() if payload else base64.b64encode(value).decode()
    return value


# The region is the root's text; two members of one name, one of them a list.
SPECIAL = {"s3:GetBucketLocation", "s3:GetBucketNotification"}


def test_answers_are_botocores(loader):
    wrong, right, lines, wanted = [], 0, [], []
    for service in services(loader):
        model, known, reads = operations(loader, service)
        for name in reads:
            operation = model.operation_model(name)
            if not operation.output_shape or \
                    f"{service}:{name}" in SPECIAL:
                continue
            value = Maker(True).make(operation.output_shape)
            body = answer_body(known, operation, value)
            headers = answer_headers(operation.output_shape, value)
            parser = botocore.parsers.create_parser(known.protocol)
            theirs = parser.parse(
                {"status_code": 200,
                 "headers": botocore.awsrequest.HeadersDict(headers),
                 "body": body.encode(), "context": {}},
                operation.output_shape)
            wanted.append((known, name, body, as_ours(
                known, operation.output_shape, theirs)))
            lines.append({"do": "answer", "service": service,
                          "operation": name, "headers": headers,
                          "body": body})
    for (known, name, body, theirs), ours in zip(wanted, wire(lines)):
        if ours.get("value") == theirs:
            right += 1
            continue
        wrong.append(f"{known.name}:{name}:\n  ours   {json.dumps(ours)}\n"
                     f"  theirs {json.dumps(theirs)}\n  body   {body}"[:9000])
    assert not wrong, f"{len(wrong)} wrong, {right} right\n" + "\n".join(wrong)
    assert right > 500


# --- endpoints ------------------------------------------------------------------------


def test_endpoints_are_botocores(loader):
    resolver = botocore.regions.EndpointResolver(loader.load_data("endpoints"))
    lines, wanted, wrong = [], [], []
    for service in services(loader):
        model, known, reads = operations(loader, service)
        if not reads or service in mkmodel.AT_HOME or service == "s3":
            continue
        operation = next((name for name in reads if not model.operation_model(
            name).endpoint and not (model.operation_model(name).input_shape
                                    and model.operation_model(name)
                                    .input_shape.required_members)), None)
        if not operation:
            continue
        for region in ("us-east-1", "eu-central-1", "cn-north-1",
                       "us-gov-west-1"):
            place = resolver.construct_endpoint(
                model.metadata["endpointPrefix"], region)
            wanted.append((service, region, place))
            lines.append({"do": "request", "service": service,
                          "operation": operation, "region": region})
    for (service, region, place), ours in zip(wanted, wire(lines)):
        host = urllib.parse.urlsplit(ours.get("url", "")).netloc
        scope = place.get("credentialScope", {}).get("region", region)
        if (host, ours.get("region")) != (place["hostname"], scope):
            wrong.append(f"{service} {region}: {host} {ours.get('region')}, "
                         f"not {place['hostname']} {scope} {ours}")
    assert not wrong, "\n".join(wrong)
    assert len(wanted) > 100


# --- pages ----------------------------------------------------------------------------

TOKEN = re.compile(r"(next)?(page|continuation|pagination)?(token|marker)$|"
                   r"(is)?truncated$|hasmore|lastevaluated\w*(id|arn|name|key)$",
                   re.I)
# Answers without lists, or whose rest cannot be asked for: where such a token
# comes it is an error.
UNPAGED = """
    fms:GetProtectionStatus greengrass:GetCoreDefinitionVersion
    servicecatalog:ListProvisioningArtifacts swf:CountClosedWorkflowExecutions
    swf:CountOpenWorkflowExecutions swf:CountPendingActivityTasks
    swf:CountPendingDecisionTasks""".split()


def test_whatever_has_a_token_has_pages(loader):
    unknown, guessed = [], 0
    for service in loader.list_available_services("service-2"):
        raw, pages = mkmodel.read_service(str(DATA), service)
        known = mkmodel.Service(service, raw, pages, [])
        for name, operation in raw["operations"].items():
            if not known.protocol or name in pages or \
                    known.verdict(name, operation) != mkmodel.READS:
                continue
            told = known.members_of(operation.get("output"))
            guessed += bool(known.page(name))
            if any(TOKEN.match(key) for key in told) and not known.page(name):
                unknown.append(f"{service}:{name}")
    assert [name for name in unknown if name not in UNPAGED] == []
    assert guessed > 500
