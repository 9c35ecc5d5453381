# SPDX-License-Identifier: Apache-2.0
"""What kube_fake.py does wrong when it is told to.

A fault is a function of the request, a function that gives the healthy reply,
and options; it returns a Reply. FAULTS names them all, with how often in a row
each happens by itself (None: always) and whether only to requests that go on
with a list.
"""
import json
import zlib

from kube_fake_api import Reply, dumps, status, token, token_start
from kube_objects import stored_pod

FAULTS = {}
MOST = 4 << 30  # bytes: endless ends here, should a client read that far
MIB = 1 << 20

HEAD = (b'{"kind":"PodList","apiVersion":"v1","metadata":'
        b'{"resourceVersion":"1"},"items":[')
ITEM = b'{"metadata":{"name":"a","namespace":"team-00","uid":"1"},"spec":'


def fault(times=None, going_on=False):
    def register(function):
        FAULTS[function.__name__] = function, times, going_on
        return function
    return register


def whole(reply):
    body = reply.body
    return body if isinstance(body, bytes) else b"".join(body)


# ---- what servers do on a bad day --------------------------------------------

@fault(times=1, going_on=True)
def gone(request, normal, fresh=True):
    """The continue token has expired; the remainder is offered, or not."""
    start = token_start(request.query.get("continue", "")) or 0
    return status(410, "Expired", "The provided continue parameter is too old "
                  "to display a consistent list result. You can start a new "
                  "list without the continue parameter, or use the continue "
                  "token in this response to retrieve the remainder of the "
                  "results.", {"continue": token(start, True)} if fresh
                  else {})


@fault(times=2)
def throttled(request, normal, retry_after="1"):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Reply(429, b"Too many requests, please try again later.\n",
                 "text/plain; charset=utf-8", headers)


@fault()
def forbidden(request, normal):
    return status(403, "Forbidden", "pods is forbidden: User \"test\" cannot "
                  "list resource \"pods\" in API group \"\" at the cluster "
                  "scope")


@fault()
def not_found(request, normal):
    return status(404, "NotFound", "the server could not find the requested "
                  "resource")


@fault(times=1)
def unauthorized(request, normal):
    return status(401, "Unauthorized", "Unauthorized")


@fault(times=2)
def failing(request, normal):
    return status(500, "InternalError", "Internal error occurred: etcdserver: "
                  "leader changed")


@fault(times=2)
def unavailable(request, normal):
    return Reply(503, b"service unavailable\n", "text/plain")


@fault()
def redirected(request, normal, to="https://127.0.0.1:1"):
    """Elsewhere: credentials must not go there."""
    return Reply(307, headers={"Location": to + request.target})


@fault()
def login_page(request, normal):
    return Reply(200, b"<html><body>Please log in</body></html>\n",
                 "text/html")


# ---- connections -------------------------------------------------------------

@fault()
def slow(request, normal, size=1000, pause=0.05):
    body = whole(normal())

    def drip():
        for start in range(0, len(body), size):
            yield body[start:start + size]
            if request.pause(pause):
                return
    return Reply(200, drip(), gzip=False, length=len(body))


@fault()
def silent(request, normal):
    """Takes the request and says nothing until the other end has gone."""
    request.pause(None)
    return Reply(None)


@fault()
def stalled(request, normal):
    """Stops in the middle, and leaves the connection open."""
    body = whole(normal())

    def half():
        yield body[:len(body) // 2]
        request.pause(None)
    return Reply(200, half(), length=len(body), gzip=False, cut=True)


@fault()
def truncated(request, normal):
    body = whole(normal())
    return Reply(200, body[:len(body) // 2], length=len(body), cut=True,
                 gzip=False)


@fault()
def truncated_chunks(request, normal):
    body = whole(normal())
    return Reply(200, iter([body[:len(body) // 2]]), cut=True, gzip=False)


@fault()
def short_length(request, normal):
    """More than Content-Length: what follows is no answer to anything."""
    body = whole(normal())
    return Reply(200, body, length=len(body) // 2, gzip=False)


@fault(times=1)
def closed(request, normal):
    """No answer at all."""
    return Reply(None)


@fault(times=1)
def closed_after(request, normal):
    """A good answer; then the connection is closed without a warning."""
    reply = normal()
    reply.close = True
    return reply


# ---- bodies without an end ---------------------------------------------------

def endlessly(first, piece):
    yield first
    for _ in range(MOST // len(piece)):
        yield piece


@fault()
def endless(request, normal):
    pod = dumps(stored_pod(0))
    return Reply(200, endlessly(HEAD + pod, (b"," + pod) * 8))


@fault()
def endless_string(request, normal):
    return Reply(200, endlessly(HEAD + ITEM + b'"', b"x" * 65536), gzip=False)


@fault()
def endless_space(request, normal):
    return Reply(200, endlessly(HEAD, b" " * 65536), gzip=False)


@fault()
def endless_pages(request, normal):
    """Each page has one item and a new token."""
    start = token_start(request.query.get("continue", "")) or 0
    return Reply(200, dumps({
        "kind": "PodList", "apiVersion": "v1", "metadata":
        {"resourceVersion": "1", "continue": token(start + 1),
         "remainingItemCount": 1}, "items": [stored_pod(start)]}))


@fault()
def same_page(request, normal):
    """The token of a page leads to the same page."""
    return Reply(200, dumps({
        "kind": "PodList", "apiVersion": "v1", "metadata":
        {"resourceVersion": "1", "continue": token(1)},
        "items": [stored_pod(0)]}))


@fault()
def empty_pages(request, normal):
    """Nothing in them, but always more to come."""
    start = token_start(request.query.get("continue", "")) or 0
    return Reply(200, dumps({
        "kind": "PodList", "apiVersion": "v1", "metadata":
        {"continue": token(start + 1)}, "items": []}))


# ---- too much of one thing ---------------------------------------------------

def item_reply(*spec):
    """A list of one item whose spec is these bytes."""
    return Reply(200, iter([HEAD, ITEM, *spec, b"}]}\n"]), gzip=False)


@fault()
def deep(request, normal, depth=100000):
    return item_reply(b'{"a":' * depth + b"1" + b"}" * depth)


@fault()
def deep_arrays(request, normal, depth=100000):
    return item_reply(b"[" * depth + b"]" * depth)


@fault()
def huge_string(request, normal, mib=64):
    return item_reply(b'{"text":"', *[b"x" * MIB] * mib, b'"}')


@fault()
def huge_number(request, normal, digits=100000):
    return item_reply(b'{"replicas":' + b"9" * digits + b',"share":1e99999}')


@fault()
def huge_item(request, normal, keys=2000000):
    """Many small parts: 40 MB of them."""
    return item_reply(b'{"key":1', *(
        b"".join(b',"k%07d":"%07d"' % (number, number)
                 for number in range(first, first + 1000))
        for first in range(0, keys, 1000)), b"}")


@fault()
def gzip_bomb(request, normal, mib=1024):
    """A megabyte that becomes a thousand."""
    def squeezed():
        encoder = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield encoder.compress(HEAD + ITEM + b'"')
        piece = b"x" * MIB
        for _ in range(mib):
            yield encoder.compress(piece)
        yield encoder.compress(b'"}]}') + encoder.flush()
    return Reply(200, filter(None, squeezed()), gzip=False,
                 headers={"Content-Encoding": "gzip"})


# ---- other than it should be -------------------------------------------------

def changed(reply, **changes):
    return Reply(200, dumps({**json.loads(whole(reply)), **changes}))


@fault()
def items_object(request, normal):
    return changed(normal(), items={"a": {"metadata": {"name": "a"}}})


@fault()
def items_string(request, normal):
    return changed(normal(), items="none")


@fault()
def items_null(request, normal):
    """How an empty list looks to some servers: no error."""
    return changed(normal(), items=None)


@fault()
def items_missing(request, normal):
    document = json.loads(whole(normal()))
    del document["items"]
    return Reply(200, dumps(document))


@fault()
def items_twice(request, normal):
    return Reply(200, HEAD + ITEM + b"1}]," + b'"items":[' + ITEM + b"2}]}")


@fault()
def item_scalars(request, normal):
    return changed(normal(), items=[1, "two", None, True, [], {}])


@fault()
def item_metadata(request, normal):
    """Names and namespaces that are none."""
    return changed(normal(), items=[
        {"metadata": []}, {"metadata": {"name": 1, "namespace": {}}},
        {"metadata": {"name": "", "namespace": None, "uid": [1]}}])


@fault()
def list_metadata(request, normal):
    return changed(normal(), metadata=["continue"])


@fault()
def token_number(request, normal):
    return changed(normal(), metadata={"continue": 7})


@fault()
def top_array(request, normal):
    return Reply(200, dumps([json.loads(whole(normal()))]))


@fault()
def top_scalar(request, normal):
    return Reply(200, b"true\n")


@fault()
def status_instead(request, normal):
    """A failure with the code of a success."""
    return Reply(200, status(500, "InternalError", "something is wrong").body)


@fault()
def other_kind(request, normal):
    return changed(normal(), kind="Pod", items=[])


@fault()
def malformed(request, normal):
    body = whole(normal())
    middle = len(body) // 2
    return Reply(200, body[:middle] + b'}"]:' + body[middle:])


@fault()
def trailing(request, normal):
    return Reply(200, whole(normal()) + b'{"more":1}')


@fault()
def bad_utf8(request, normal):
    return item_reply(b'{"text":"\xff\xfe\xc3\x28"}')


@fault()
def nul_in_names(request, normal):
    return Reply(200, HEAD + b'{"metadata":{"name":"a\\u0000b","namespace":'
                 b'"\\u0000"},"spec":{"\\u0000":1}}]}')


@fault()
def empty_body(request, normal):
    return Reply(200)


@fault()
def no_content(request, normal):
    return Reply(204)


@fault()
def other_type(request, normal):
    return Reply(200, b"k8s\x00\n\x0a\n\x02v1\x12\x04List",
                 "application/vnd.kubernetes.protobuf")


@fault()
def bad_gzip(request, normal):
    return Reply(200, b"\x1f\x8b\x08\x00 this is not gzip",
                 headers={"Content-Encoding": "gzip"}, gzip=False)


@fault()
def cut_gzip(request, normal):
    data = zlib.compressobj(1, zlib.DEFLATED, 31)
    data = data.compress(whole(normal())) + data.flush()
    return Reply(200, data[:len(data) // 2], gzip=False,
                 headers={"Content-Encoding": "gzip"})


@fault()
def other_encoding(request, normal):
    return Reply(200, whole(normal()), gzip=False,
                 headers={"Content-Encoding": "x-none-such"})
