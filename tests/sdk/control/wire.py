"""Requests of the control API, written and signed by hand: what no SDK would send."""

import base64
import hashlib
import hmac
import http.client
import json
import time
import urllib.parse
import uuid

VERSIONS = {"vpc": "2016-04-28", "cen": "2017-09-12", "sag": "2018-03-13"}
FORM = "application/x-www-form-urlencoded"
ABSENT = object()


def encoded(text):
    return urllib.parse.quote(str(text), safe="-_.~")


def joined(pairs):
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs)


def flat(parameters):
    """`{"Tag": [{"Key": "k"}]}` as pairs `("Tag.1.Key", "k")`; what is `None` is left out."""
    pairs = []
    for name, value in parameters.items():
        if isinstance(value, list):
            numbered = {f"{name}.{place}": item for place, item in enumerate(value, 1)}
            pairs += flat(numbered)
        elif isinstance(value, dict):
            pairs += flat({f"{name}.{field}": item for field, item in value.items()})
        elif value is not None:
            pairs.append((name, str(value)))
    return pairs


def timestamp(away=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + away))


def nonce():
    return uuid.uuid4().hex


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Wire:
    """Where a daemon is, and the key that signs."""

    def __init__(self, port, key, secret, token=None):
        self.port, self.key, self.secret, self.token = port, key, secret, token

    def send(self, method, target, headers=(), body=b""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            try:
                connection.endheaders(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # It need not take all of a body that is too large, but answers.
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def v1(self, product, action, pairs=(), *, form=(), method="POST", common_in_form=False,
           changed=None, signature=ABSENT, headers=None, host=None, path="/"):
        """`changed` replaces common parameters, or leaves them out where it says `ABSENT`."""
        common = {"Action": action, "Version": VERSIONS.get(product, product), "Format": "JSON",
                  "AccessKeyId": self.key, "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
                  "SignatureNonce": nonce(), "Timestamp": timestamp()}
        if self.token is not None:
            common["SecurityToken"] = self.token
        common.update(changed or {})
        signature = common.pop("Signature", signature)
        common = [(name, value) for name, value in common.items() if value is not ABSENT]
        query, form = list(pairs), list(form)
        (form if common_in_form else query).extend(common)
        if signature is ABSENT:
            signature = self.signature_v1(method, query + form)
        if signature is not None:
            (form if common_in_form else query).append(("Signature", signature))
        body = joined(form).encode()
        sent = [("Host", host or f"127.0.0.1:{self.port}")]
        if headers is None and form:
            headers = [("Content-Type", FORM)]
        target = f"{path}?{joined(query)}" if query else path
        return self.send(method, target, sent + list(headers or []), body)

    def string_to_sign(self, method, pairs):
        return "&".join([method, "%2F", encoded(joined(sorted(pairs)))])

    def signature_v1(self, method, pairs):
        text = self.string_to_sign(method, pairs).encode()
        digest = hmac.new(f"{self.secret}&".encode(), text, hashlib.sha1).digest()
        return base64.b64encode(digest).decode()

    def v3(self, product, action, pairs=(), *, body=b"", content_type=None, method="POST",
           changed=None, more=(), signed=None, authorization=None, sent_body=None, target=None,
           after=()):
        """`changed` replaces headers before they are signed, `after` sends others instead of them."""
        headers = {"host": f"127.0.0.1:{self.port}", "x-acs-action": action,
                   "x-acs-version": VERSIONS.get(product, product), "x-acs-date": timestamp(),
                   "x-acs-signature-nonce": nonce(),
                   "x-acs-content-sha256": hashlib.sha256(body).hexdigest()}
        if content_type:
            headers["content-type"] = content_type
        if self.token is not None:
            headers["x-acs-security-token"] = self.token
        headers.update(changed or {})
        pairs_sent = [(name, value) for name, value in headers.items() if value is not ABSENT]
        pairs_sent += list(more)
        names = signed or sorted({name for name, _ in pairs_sent})
        hashed = self.canonical_hash(method, list(pairs), pairs_sent, names)
        signature = self.signature_v3(hashed)
        fields = (f"ACS3-HMAC-SHA256 Credential={self.key},SignedHeaders={';'.join(names)},"
                  f"Signature={signature}")
        if authorization is not None:
            fields = authorization(fields)
        replaced = dict(after)
        pairs_sent = [(name, replaced.get(name, value)) for name, value in pairs_sent]
        pairs_sent = [pair for pair in pairs_sent if pair[1] is not ABSENT]
        pairs_sent.append(("Authorization", fields))
        target = target or (f"/?{joined(pairs)}" if pairs else "/")
        answer = self.send(method, target, pairs_sent, body if sent_body is None else sent_body)
        answer.hash = hashed
        return answer

    def canonical_hash(self, method, pairs, headers, names):
        def value(name):
            values = sorted(value.strip() for known, value in headers if known == name)
            return f"{name}:{','.join(values)}\n"
        digest = next((value for name, value in headers if name == "x-acs-content-sha256"), "")
        text = "\n".join([method, "/", joined(sorted(pairs)), "".join(map(value, names)),
                          ";".join(names), digest])
        return hashlib.sha256(text.encode()).hexdigest()

    def signature_v3(self, hashed):
        text = f"ACS3-HMAC-SHA256\n{hashed}".encode()
        return hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()
