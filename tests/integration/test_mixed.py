# SPDX-License-Identifier: Apache-2.0
"""One scan of a host, a cluster and three clouds: the second example of the
README. Every rule runs on the plugin and the target that it belongs to, the
groups at the same time, and there is one summary."""
import json
import subprocess
import sys
import threading

import pytest

import scap
from support import DONE, SLOW, SOURCE, Engine, module, unavailable

sys.path.insert(0, str(SOURCE / "tests/services"))
import azure_fake  # noqa: E402
import gcp_fake  # noqa: E402
import moto as played  # noqa: E402
from azure_estate import BAD as SUBSCRIPTION  # noqa: E402
from azure_estate import TENANT_BAD  # noqa: E402
from azure_fake import AzureFake  # noqa: E402
from gcp_estate import BAD as PROJECT  # noqa: E402
from gcp_fake import GcpFake  # noqa: E402

PLUGINS = ("oscap", "kubernetes", "aws", "azure", "gcp")
HOST = "xccdf_org.ssgproject.content_rule_file_permissions_etc_passwd"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {hostNetwork: true, containers: [{name: web, image: "web:1"}]}
"""
POD_RULE = """
rule_id: pods-no-host-network
title: Pods do not use the host's network
severity: high
scanner_type: kubernetes
check_content:
  resource_type: pods
  yamlpath: .spec.hostNetwork
  condition: not_equals
  expected_value: true
"""
# rule, target, verdict
EXPECTED = {
    (HOST, "host"): "pass",
    ("pods-no-host-network", "cluster"): "fail",
    ("aws-iam-password-length", "aws"): "fail",
    ("aws-s3-tls-only", "aws"): "fail",
    ("azure-storage-tls", "azure"): "fail",
    ("gcp-network-ssh", "gcp"): "fail",
}


@pytest.fixture
def places(tmp_path):
    """The five targets, and the environment with their credentials."""
    if not played.venv():
        unavailable("no moto: pip install moto, or `quickstart test`")
    chroot = scap.chroot()
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "pod.yaml").write_text(POD)
    key = tmp_path / "gcp.key"
    with played.Moto(tmp_path) as moto, AzureFake() as azure, \
            GcpFake(key_of(key)) as gcp:
        moto.seed(bucket(tmp_path))
        account = tmp_path / "gcp.json"
        account.write_text(json.dumps(gcp.service_account()))
        account.chmod(0o600)
        yield [
            {**json.loads(scap.target("debian11", chroot)), "name": "host"},
            {"name": "cluster", "type": "kubernetes_dump",
             "path": str(manifests)},
            {"name": "aws", "type": "aws_account", "regions": ["us-east-1"]},
            azure.target(name="azure", subscriptions=[SUBSCRIPTION],
                         tenant=TENANT_BAD),
            gcp.target(name="gcp", projects=[PROJECT],
                       credentials={"file": str(account)}),
        ], {**moto.environment(), "AZURE_CLIENT_ID": azure_fake.CLIENT,
            "AZURE_CLIENT_SECRET": azure_fake.SECRET}


def key_of(path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:2048", "-out", path], check=True,
                   capture_output=True)
    return path


def bucket(folder):
    program = folder / "bucket.py"
    program.write_text("import boto3\nboto3.client('s3').create_bucket("
                       "Bucket='open')\nprint('null')\n")
    return program


@pytest.fixture
def met(monkeypatch):
    """Who met the other: each cloud's first answer waits until the other one
    is asked, too, which it never is unless both are scanned at once."""
    asked = {"azure": threading.Event(), "gcp": threading.Event()}
    out = set()

    def waiting(handler, name, other):
        plain = handler.do_POST

        def do_post(self):
            asked[name].set()
            if asked[other].wait(60 * SLOW):
                out.add(name)
            plain(self)
        monkeypatch.setattr(handler, "do_POST", do_post)

    waiting(azure_fake.Handler, "azure", "gcp")
    waiting(gcp_fake.Handler, "gcp", "azure")
    return out


def test_one_scan_of_a_host_a_cluster_and_three_clouds(tmp_path, met, places):
    targets, env = places
    for each in PLUGINS:
        if not module(each).exists():
            unavailable(f"built without {each}")
    # a cloud that waits to be met by the other is silent that long
    patient = {"stall_timeout": 120 * SLOW, "timeout": 600 * SLOW}
    engine = Engine(tmp_path / "engine", plugins=PLUGINS,
                    options={"azure": patient, "gcp": patient})
    engine.run("import", scap.datastream("debian11"), code=DONE)
    (tmp_path / "pod-rule.yaml").write_text(POD_RULE)
    engine.run("import", tmp_path / "pod-rule.yaml",
               *(SOURCE / "conf/rules" / each
                 for each in ("aws", "azure", "gcp")), code=DONE)
    scan = engine.scan(
        *(word for each in targets
          for word in ("--target", json.dumps(each))),
        *(word for rule, _ in EXPECTED for word in ("--rule", rule)),
        env=env, timeout=300 * SLOW)
    assert scan.document, repr(scan.result)
    found = {(each["rule_id"], each["target"]): each
             for each in scan["results_by_rule"]}
    assert {key: found[key]["status"] for key in found} == EXPECTED
    assert scan["status"] == "completed" and scan["total_rules"] == 6
    assert set(scan["scanner_metadata"]) == set(PLUGINS)
    assert all(each["origin"] == "plugin" for each in found.values())
    assert met == {"azure", "gcp"}, "one waited for the other in vain"
