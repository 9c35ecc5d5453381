# SPDX-License-Identifier: Apache-2.0
"""AWS's chain of credentials against services that check what they are sent
(tests/services/aws_fake.py), by way of tests/unit/aws_keys."""
import datetime
import hashlib
import json
import os
import subprocess
import sys

import pytest

from support import BUILD, SLOW, SOURCE, unavailable

sys.path.insert(0, str(SOURCE / "tests/services"))

KEYS = BUILD / "tests/unit/aws_keys"
SECRET = "planted-static-secret/+0123456789"
ROLE = "arn:aws:iam::123456789012:role/scan"


@pytest.fixture
def fake():
    try:
        import aws_fake
    except ImportError:
        unavailable("no botocore: install python3-botocore")
    if not KEYS.exists():
        unavailable("built without the aws plugin")
    with aws_fake.AwsFake() as server:
        server.keys["AKIDSTATIC"] = (SECRET, None)
        yield server


class Home:
    """A user with files, and what runs as them."""

    def __init__(self, folder, fake):
        self.folder, self.fake = folder, fake
        (folder / ".aws").mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder),
                    "AWS_REGION": "eu-west-1",
                    "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_ENDPOINT_URL_STS": fake.url,
                    **{name: value for name, value in os.environ.items()
                       if name.endswith("SAN_OPTIONS")}}

    def write(self, name, text):
        path = self.folder / ".aws" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def static(self):
        self.env.update(AWS_ACCESS_KEY_ID="AKIDSTATIC",
                        AWS_SECRET_ACCESS_KEY=SECRET)

    def keys(self, *arguments, **env):
        """What each command gave; no secret may be in an error or the log."""
        result = subprocess.run([KEYS, *arguments], env={**self.env, **env},
                                capture_output=True, text=True,
                                timeout=60 * SLOW, check=False)
        assert result.returncode in (0, 1), result.stderr
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        said = result.stderr + "".join(
            str(line.get(each)) for line in lines
            for each in ("error", "hint", "source"))
        assert "planted" not in said, said
        self.log = result.stderr
        return lines

    def key(self, *arguments, **env):
        line, = self.keys(*arguments, **env)
        return line


@pytest.fixture
def home(tmp_path, fake):
    return Home(tmp_path, fake)


def is_good(fake, line):
    """Keys that the fake gave last, whole."""
    assert "error" not in line, line["error"]
    assert fake.keys[line["id"]] == (line["secret"], line["token"])
    return True


# ---- roles -------------------------------------------------------------------

def test_a_role_is_assumed_with_the_keys_of_its_profile(home, fake):
    home.write("credentials", "[base]\naws_access_key_id = AKIDSTATIC\n"
               f"aws_secret_access_key = {SECRET}\n")
    home.write("config", f"[profile prod]\nrole_arn = {ROLE}\n"
               "source_profile = base\nexternal_id = ext/1 2\n"
               "role_session_name = me@here\nduration_seconds = 900\n")
    assert is_good(fake, home.key("--profile", "prod"))
    request, = fake.requests
    assert request.form == {
        "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": ROLE,
        "RoleSessionName": "me@here", "DurationSeconds": "900",
        "ExternalId": "ext/1 2"}
    assert request.scope[1:] == ["eu-west-1", "sts"]


def test_roles_stand_on_roles(home, fake):
    home.write("config", "[profile a]\nrole_arn = arn:aws:iam::1:role/a\n"
               "source_profile = b\n[profile b]\n"
               "role_arn = arn:aws:iam::2:role/b\n"
               "credential_source = Environment\n")
    home.static()
    assert is_good(fake, home.key("--profile", "a"))
    assert [each.form["RoleArn"][-1] for each in fake.requests] == ["b", "a"]
    # the second is signed with the session that the first gave
    assert "x-amz-security-token" not in fake.requests[0].headers
    assert "x-amz-security-token" in fake.requests[1].headers


def test_a_role_of_the_target_is_assumed(home, fake):
    home.static()
    assert is_good(fake, home.key("--role", ROLE, "--external-id", "e"))
    assert fake.requests[0].form["ExternalId"] == "e"
    assert fake.requests[0].form["RoleSessionName"] == "scan-engine"


def test_a_denied_role_says_what_is_missing(home, fake):
    home.static()
    fake.trust = lambda form, who: False
    line = home.key("--role", ROLE)
    assert "AccessDenied, 403" in line["error"]
    assert ROLE in line["error"] and "127.0.0.1" in line["error"]
    assert "sts:AssumeRole" in line["hint"] and "trust" in line["hint"]
    assert len(fake.requests) == 1


def test_wrong_keys_are_told_without_what_was_signed(home, fake):
    home.static()
    line = home.key("--role", ROLE, AWS_SECRET_ACCESS_KEY="planted-wrong",
                    AWS_SESSION_TOKEN="planted-session-token")
    assert "InvalidClientTokenId" in line["error"]
    fake.keys["AKIDSTATIC"] = (SECRET, "planted-session-token")
    line = home.key("--role", ROLE, AWS_SECRET_ACCESS_KEY="planted-wrong",
                    AWS_SESSION_TOKEN="planted-session-token")
    assert "SignatureDoesNotMatch" in line["error"]
    assert "check access key id" in line["hint"]


def test_a_throttled_or_broken_sts_is_asked_again(home, fake):
    home.static()
    fake.faults = [(400, "Throttling"), (503, "ServiceUnavailable")]
    assert is_good(fake, home.key("--role", ROLE))
    assert len(fake.requests) == 3


def test_the_clock_is_corrected_once(home, fake):
    home.static()
    fake.skew = 7200
    assert is_good(fake, home.key("--role", ROLE))
    assert len(fake.requests) == 2
    assert "clock" in home.log


def test_keys_are_kept_and_renewed(home, fake):
    home.static()
    lines = home.keys("--role", ROLE, "get", "get")
    assert lines[0]["id"] == lines[1]["id"]
    assert len(fake.requests) == 1
    # half of their life over: renewed, though they still last
    fake.lifetime = 8
    lines = home.keys("--role", ROLE, "get", "5500", "get")
    assert lines[0]["id"] != lines[1]["id"]
    assert is_good(fake, lines[1])


def test_keys_that_were_refused_are_replaced(home, fake):
    home.static()
    lines = home.keys("--role", ROLE, "get", "refused", "5500", "refused")
    # what was refused while fresh keys came does not count
    assert lines[0]["id"] == lines[1]["id"] != lines[2]["id"]


def test_expired_keys_are_no_keys(home, fake):
    home.static()
    fake.lifetime = -10
    assert "expired" in home.key("--role", ROLE)["error"]


# ---- web identity ------------------------------------------------------------

@pytest.mark.parametrize("by", ["environment", "profile"])
def test_a_web_identity_is_shown_unsigned(home, fake, by):
    path = home.write("token", "planted-web-identity\n")
    fake.web_token = "planted-web-identity"
    if by == "environment":
        line = home.key(AWS_WEB_IDENTITY_TOKEN_FILE=str(path),
                        AWS_ROLE_ARN=ROLE, AWS_ROLE_SESSION_NAME="pod")
    else:
        home.write("config", f"[default]\nrole_arn = {ROLE}\n"
                   "web_identity_token_file = ~/.aws/token\n"
                   "role_session_name = pod\n")
        line = home.key()
    assert is_good(fake, line)
    assert fake.requests[0].form["RoleSessionName"] == "pod"
    # a token that is not accepted is not repeated
    path.write_text("planted-other")
    line = home.key(AWS_WEB_IDENTITY_TOKEN_FILE=str(path), AWS_ROLE_ARN=ROLE)
    assert "InvalidIdentityToken" in line["error"]
    path.unlink()
    line = home.key(AWS_WEB_IDENTITY_TOKEN_FILE=str(path), AWS_ROLE_ARN=ROLE)
    assert str(path) in line["error"]


# ---- containers and instances ------------------------------------------------

def test_a_container_shows_its_token(home, fake):
    home.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = fake.url + "/container"
    line = home.key()
    assert "403" in line["error"] and "container" in line["error"]
    assert is_good(fake, home.key(
        AWS_CONTAINER_AUTHORIZATION_TOKEN=fake.container_token))
    path = home.write("pod-token", fake.container_token + "\n")
    assert is_good(fake, home.key(
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(path)))


@pytest.mark.parametrize("url", [
    "http://example.com/container", "ftp://127.0.0.1/", "file:///etc/passwd",
    "http://169.254.1.1/", "http://planted@127.0.0.1/", "nothing"])
def test_keys_are_asked_of_no_other_host(home, url):
    line = home.key(AWS_CONTAINER_CREDENTIALS_FULL_URI=url)
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in line["error"]


@pytest.fixture
def instance(home, fake):
    del home.env["AWS_EC2_METADATA_DISABLED"]
    home.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = fake.url + "/"
    return home


def test_an_instance_is_asked_with_a_token(instance, fake):
    line = instance.key()
    assert is_good(fake, line)
    assert line["source"] == "the instance's role"
    assert [(each.method, each.path.rsplit("/", 1)[1])
            for each in fake.requests] == [
        ("PUT", "token"), ("GET", ""), ("GET", "instance-role")]


def test_an_instance_without_a_role_says_so(instance, fake):
    fake.role = ""
    assert "404" in instance.key()["error"]
    fake.role = "../../other"
    assert "no role" in instance.key()["error"]


def test_nobody_at_the_metadata_address_is_no_instance(instance, fake):
    line = instance.key(AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1")
    assert "no AWS credentials" in line["error"]
    assert "AWS_ACCESS_KEY_ID" in line["error"]
    assert not fake.requests


def test_the_metadata_service_may_be_left_alone(instance, fake):
    line = instance.key(AWS_EC2_METADATA_DISABLED="true")
    assert "no AWS credentials" in line["error"]
    assert not fake.requests


def test_a_role_stands_on_the_instance(instance, fake):
    instance.write("config", f"[default]\nrole_arn = {ROLE}\n"
                   "credential_source = Ec2InstanceMetadata\n")
    assert is_good(fake, instance.key())
    assert len(fake.requests) == 4


# ---- programs and SSO --------------------------------------------------------

def test_a_program_gives_keys_when_it_may(home):
    program = home.write("give", "#!/bin/sh\nprintf '{\"Version\": 1, "
                         "\"AccessKeyId\": \"%s\", \"SecretAccessKey\": "
                         "\"planted-x\", \"Expiration\": "
                         "\"2099-01-01T00:00:00Z\"}' \"$1\"\n")
    program.chmod(0o755)
    home.write("config", "[default]\ncredential_process = "
               f"\"{program}\" 'KEY WITH'\"SPACE\"\\$x\n")
    assert "not allowed" in home.key()["error"]
    line = home.key("--process")
    assert "access key id" in line["error"]  # what is no id is not taken
    home.write("config", f"[default]\ncredential_process = {program} K\\EY\n")
    line = home.key("--process")
    assert line["id"] == "KEY" and line["secret"] == "planted-x"


@pytest.mark.parametrize("script, words", [
    ("exit 3", "code 3"), ("echo planted", "no JSON"),
    ("echo '{\"Version\": 2}'", "Version 1"),
    ("echo '{\"Version\": 1, \"AccessKeyId\": \"planted\"}'",
     "SecretAccessKey"), ("kill -9 $$", "signal 9")])
def test_what_a_program_gets_wrong_is_said(home, script, words):
    program = home.write("give", f"#!/bin/sh\necho planted >&2\n{script}\n")
    program.chmod(0o755)
    home.write("config", f"[default]\ncredential_process = {program}\n")
    assert words in home.key("--process")["error"]


@pytest.fixture
def portal(home, fake):
    home.env["AWS_ENDPOINT_URL_SSO"] = fake.url
    home.write("config", "[profile me]\nsso_session = corp\n"
               "sso_account_id = 123456789012\nsso_role_name = Auditor\n"
               "[sso-session corp]\nsso_region = eu-west-1\n"
               "sso_start_url = https://corp.awsapps.com/start\n")

    def log_in(token, minutes, zone="Z"):
        end = (datetime.datetime.now(datetime.timezone.utc)
               + datetime.timedelta(minutes=minutes))
        name = hashlib.sha1(b"corp").hexdigest()
        home.write(f"sso/cache/{name}.json", json.dumps({
            "accessToken": token, "region": "eu-west-1",
            "expiresAt": end.strftime("%Y-%m-%dT%H:%M:%S") + zone}))
    home.log_in = log_in
    return home


def test_a_log_in_gives_keys_when_it_may(portal, fake):
    portal.log_in(fake.sso_token, 10)
    assert "not allowed" in portal.key("--profile", "me")["error"]
    assert is_good(fake, portal.key("--profile", "me", "--sso"))
    portal.log_in(fake.sso_token, 10, zone="UTC")  # of older programs
    assert is_good(fake, portal.key("--profile", "me", "--sso"))


def test_a_log_in_that_has_ended_says_so(portal, fake):
    line = portal.key("--profile", "me", "--sso")
    assert "nobody has logged in" in line["error"]
    assert "aws sso login --profile me" in line["hint"]
    portal.log_in(fake.sso_token, -1)
    assert "has ended" in portal.key("--profile", "me", "--sso")["error"]
    portal.log_in("planted-other", 5)
    assert "does not accept" in portal.key("--profile", "me", "--sso")["error"]


# ---- endpoints and files -----------------------------------------------------

def test_a_file_sends_no_keys_anywhere(home):
    del home.env["AWS_ENDPOINT_URL_STS"]
    home.static()
    home.write("config", "[default]\nendpoint_url = http://example.com\n")
    line = home.key("--role", ROLE)
    assert "endpoint_url of sts" in line["error"]
    assert "example.com" in line["error"]


def test_a_file_may_name_a_server_of_this_machine(home, fake):
    del home.env["AWS_ENDPOINT_URL_STS"]
    home.static()
    home.write("config", "[default]\nservices = here\n[services here]\n"
               f"sts =\n  endpoint_url = {fake.url}\n")
    assert is_good(fake, home.key("--role", ROLE))


def test_a_broken_file_is_named_with_its_line(home):
    path = home.write("credentials", "[default]\nplanted-secret\n")
    line = home.key()
    assert f"{path}:2:" in line["error"]
    assert "AWS_SHARED_CREDENTIALS_FILE" in line["hint"]
