"""Signatures, times, nonces, keys: who is believed, and in which order doubts are said."""

import base64
import hashlib
import time

from checks import KEY, PORT, SECRET, check, holds, message, same
from wire import ABSENT, FORM, Wire, encoded, joined, nonce, timestamp

REGION = [("RegionId", "cn-hangzhou")]
STATUS = {"InvalidAccessKeyId.NotFound": 404, "InvalidVersion": 404, "InvalidAction.NotFound": 404,
          "UnsupportedHTTPMethod": 403, "Forbidden.RAM": 403}
V1_MESSAGE = ("Specified signature is not matched with our calculation. "
              "server string to sign is:")
V3_MESSAGE = ("Specified signature does not match our calculation. "
              "server StringToSign is [ACS3-HMAC-SHA256 {}]")


def good(answer, *about):
    same(answer.status, 200, *about, answer.body)
    return answer.json


def wrong(answer, code, text=None, about=()):
    """An error with all that an error has."""
    body = answer.json
    same((answer.status, body["Code"]), (STATUS.get(code, 400), code), *about, answer.body)
    same(body["Message"], text or message("", code), *about)
    same(answer.headers["Content-Type"], "application/json;charset=utf-8")
    same(answer.headers["x-acs-request-id"], body["RequestId"])
    holds(body["HostId"])
    holds(code in body["Recommend"] and body["RequestId"] in body["Recommend"])
    return body


def v1(wire, action="DescribeFlowLogs", pairs=REGION, **more):
    return wire.v1("vpc", action, pairs, **more)


def v3(wire, action="DescribeFlowLogs", pairs=REGION, **more):
    return wire.v3("vpc", action, pairs, **more)


@check("wire")
def both_signatures_wherever_the_parameters_are(wire):
    for method in ("GET", "POST"):
        good(v1(wire, method=method))
        good(v3(wire, method=method))
    good(v1(wire, pairs=(), form=REGION))
    good(v1(wire, pairs=(), form=REGION, common_in_form=True))
    good(v1(wire, pairs=REGION, common_in_form=True))
    body = joined(REGION).encode()
    good(v3(wire, pairs=(), body=body, content_type=FORM))
    good(v3(wire, pairs=[("PageSize", "5")], body=body, content_type=FORM))


@check("wire")
def every_common_parameter_of_version_1_is_missed(wire):
    for name in ("Action", "Version", "AccessKeyId", "SignatureMethod", "SignatureVersion",
                 "SignatureNonce", "Timestamp"):
        text = f"{name} is mandatory for this action."
        for value in (ABSENT, ""):
            wrong(v1(wire, changed={name: value}), f"Missing{name}", text)
            wrong(v1(wire, pairs=(), form=REGION, common_in_form=True, changed={name: value}),
                  f"Missing{name}", text)
    for value in (None, ""):
        wrong(v1(wire, signature=value), "MissingSignature",
              "Signature is mandatory for this action.")


@check("wire")
def every_header_of_version_3_is_missed(wire):
    for header, name in (("x-acs-action", "Action"), ("x-acs-version", "Version"),
                         ("x-acs-signature-nonce", "SignatureNonce"), ("x-acs-date", "Timestamp")):
        for value in (ABSENT, ""):
            wrong(v3(wire, after={header: value}), f"Missing{name}",
                  f"{name} is mandatory for this action.")


@check("wire")
def a_key_is_known_and_counts(wire):
    for ask in (v1, v3):
        for key in ("nobody", "SDK-KEY", "sdk-key2", "x" * 500, "no body"):
            if " " not in key or ask is v1:
                wrong(ask(Wire(PORT, key, SECRET)), "InvalidAccessKeyId.NotFound")
        wrong(ask(Wire(PORT, "idle", SECRET)), "InvalidAccessKeyId.Inactive")
        # Also with a wrong secret, and at a wrong time: the key is looked at first.
        wrong(ask(Wire(PORT, "idle", "wrong")), "InvalidAccessKeyId.Inactive")


@check("wire")
def temporary_keys_want_their_token(wire):
    for ask in (v1, v3):
        good(ask(Wire(PORT, "STS.key", SECRET, "tok/en==")))
        mismatch = "The specified parameter SecurityToken does not match the AccessKey."
        for token in (None, "other", ""):
            answer = ask(Wire(PORT, "STS.key", SECRET, token))
            wrong(answer, "InvalidSecurityToken.MismatchWithAccessKey", mismatch)
        wrong(ask(Wire(PORT, "STS.old", SECRET, "tok/en==")), "InvalidSecurityToken.Expired",
              "Specified SecurityToken is expired.")
        answer = ask(Wire(PORT, "STS.key", "wrong", "tok/en=="))
        same(answer.json["Code"], "SignatureDoesNotMatch")
        # A permanent key needs none.
        good(ask(Wire(PORT, KEY, SECRET, "whatever")))


@check("wire")
def times_are_well_formed(wire):
    for text in ("yesterday", "2026-11-20", "2026-11-20 14:40:58", "2026-11-20T14:40:58",
                 "2026-11-20T14:40:58+00:00", "2026-11-20T14:40:58.000Z", "2026-02-30T00:00:00Z",
                 "2026-13-01T00:00:00Z", "2026-11-20T25:00:00Z", "2026-11-20T14:60:00Z",
                 "20261120T144058Z", "2026-11-20t14:40:58z", str(int(time.time())),
                 "Fri, 20 Nov 2026 14:40:58 GMT", "0000-00-00T00:00:00Z", "x" * 1000):
        wrong(v1(wire, changed={"Timestamp": text}), "InvalidTimeStamp.Format", about=(text,))
        wrong(v3(wire, changed={"x-acs-date": text}), "InvalidTimeStamp.Format", about=(text,))


@check("wire")
def times_are_within_fifteen_minutes(wire):
    for away in (-890, -60, 60, 890):
        good(v1(wire, changed={"Timestamp": timestamp(away)}))
        good(v3(wire, changed={"x-acs-date": timestamp(away)}))
    for away in (-910, 910, -86400, 86400):
        wrong(v1(wire, changed={"Timestamp": timestamp(away)}), "InvalidTimeStamp.Expired")
        wrong(v3(wire, changed={"x-acs-date": timestamp(away)}), "InvalidTimeStamp.Expired")
    for text in ("1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        wrong(v1(wire, changed={"Timestamp": text}), "InvalidTimeStamp.Expired")
        wrong(v3(wire, changed={"x-acs-date": text}), "InvalidTimeStamp.Expired")


@check("wire")
def a_wrong_signature_of_version_1_is_answered_with_what_was_to_be_signed(wire):
    liar = Wire(PORT, KEY, "wrong")
    fixed = {"SignatureNonce": nonce(), "Timestamp": timestamp()}
    pairs = [("RegionId", "cn-hangzhou"), ("FlowLogName", "a:b +*~/中文!'()")]
    common = [("Action", "DescribeFlowLogs"), ("Version", "2016-04-28"), ("Format", "JSON"),
              ("AccessKeyId", KEY), ("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0"),
              *fixed.items()]
    for method in ("GET", "POST"):
        text = V1_MESSAGE + liar.string_to_sign(method, pairs + common)
        same(text.count(":"), 1)
        body = wrong(v1(liar, pairs=pairs, changed=fixed, method=method), "SignatureDoesNotMatch",
                     text)
        holds(SECRET not in body["Message"].replace(KEY, ""))
    for signature in ("x", "AAAA", base64.b64encode(b"x" * 20).decode(), "流"):
        answer = v1(wire, pairs=pairs, changed=fixed, signature=signature)
        wrong(answer, "SignatureDoesNotMatch", V1_MESSAGE + wire.string_to_sign("POST", pairs + common))
    # Nothing of that has used the nonce.
    good(v1(wire, pairs=pairs, changed=fixed))


@check("wire")
def a_wrong_signature_of_version_3_is_answered_with_the_digest(wire):
    liar = Wire(PORT, KEY, "wrong")
    answer = v3(liar)
    wrong(answer, "SignatureDoesNotMatch", V3_MESSAGE.format(answer.hash))
    for signature in ("0" * 64, "x", "g" * 64, "0" * 63, "0" * 66):
        answer = v3(wire, authorization=lambda it: it.partition("Signature=")[0]
                    + f"Signature={signature}")
        wrong(answer, "SignatureDoesNotMatch", V3_MESSAGE.format(answer.hash))


@check("wire")
def what_is_signed_cannot_be_changed(wire):
    changed = {"x-acs-action": "DeleteFlowLog", "x-acs-version": "2018-03-13",
               "x-acs-date": timestamp(5), "x-acs-signature-nonce": nonce(), "host": "127.0.0.1"}
    for name, value in changed.items():
        same(v3(wire, after={name: value}).json["Code"], "SignatureDoesNotMatch", name)
    same(v3(wire, more=[("user-agent", "a")], after={"user-agent": "b"}).json["Code"],
         "SignatureDoesNotMatch")
    same(v3(wire, target="/?RegionId=cn-shanghai").json["Code"], "SignatureDoesNotMatch")
    same(v3(wire, target="/").json["Code"], "SignatureDoesNotMatch")
    # The body is held against its digest, even an unused one.
    body = b"RegionId=cn-hangzhou"
    for other in (b"RegionId=cn-shanghai", b"", body + b"&X=1"):
        answer = v3(wire, pairs=(), body=body, content_type=FORM, sent_body=other)
        wrong(answer, "SignatureDoesNotMatch", V3_MESSAGE.format(answer.hash))
    answer = v3(wire, sent_body=b"{}")
    wrong(answer, "SignatureDoesNotMatch", V3_MESSAGE.format(answer.hash))
    for digest in ("0" * 64, "UNSIGNED-PAYLOAD", hashlib.sha256(b"").hexdigest().upper()):
        answer = v3(wire, changed={"x-acs-content-sha256": digest})
        wrong(answer, "SignatureDoesNotMatch", V3_MESSAGE.format(answer.hash))


@check("wire")
def an_authorization_that_cannot_be_read_is_incomplete(wire):
    changes = [
        lambda it: it.replace("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"),
        lambda it: it.replace("ACS3-HMAC-SHA256", "ACS3-RSA-SHA256"),
        lambda it: it.replace("ACS3-HMAC-SHA256 ", "ACS3-HMAC-SHA256"),
        lambda it: "ACS3-HMAC-SHA256",
        lambda it: "ACS3-HMAC-SHA256 ",
        lambda it: "ACS3-HMAC-SHA256 nothing",
        lambda it: "ACS3-",
        lambda it: it.replace("Credential=sdk-key,", ""),
        lambda it: it.replace("Credential=sdk-key,", "Credential=,"),
        lambda it: it.replace(",Signature=", ",Seal="),
        lambda it: it.partition(",Signature=")[0] + ",Signature=",
        lambda it: it.replace("SignedHeaders=", "Headers="),
    ]
    for place, change in enumerate(changes):
        wrong(v3(wire, authorization=change), "IncompleteSignature", about=(place,))
    all_of_them = ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date",
                   "x-acs-signature-nonce", "x-acs-version"]
    for name in all_of_them:
        signed = [other for other in all_of_them if other != name]
        wrong(v3(wire, signed=signed), "IncompleteSignature", about=(name,))
    good(v3(wire, signed=all_of_them))


@check("wire")
def other_ways_to_sign_version_1_are_incomplete(wire):
    for changed in ({"SignatureMethod": "HMAC-SHA256"}, {"SignatureMethod": "RSA"},
                    {"SignatureVersion": "2.0"}, {"SignatureVersion": "1"},
                    {"SignatureType": "BEARERTOKEN"}, {"SignatureType": "PRIVATEKEY"}):
        wrong(v1(wire, changed=changed), "IncompleteSignature", about=(changed,))
    for kind in ("", "HMAC", "HMAC-SHA1"):
        good(v1(wire, changed={"SignatureType": kind}))


@check("wire")
def authorizations_are_read_generously(wire):
    good(v3(wire, authorization=lambda it: it.replace(",", ", ")))
    good(v3(wire, more=[("accept", "application/json"), ("user-agent", "a b (c; d)")]))
    good(v3(wire, more=[("x-acs-credentials-provider", "static_ak"), ("x-acs-retry-attempts", "1")]))
    good(v3(wire, more=[("x-acs-extra", "b"), ("x-acs-extra", "a")]))
    good(v3(wire, more=[("x-acs-extra", "  padded  ")]))
    good(v3(wire, more=[("accept", "*/*")], signed=["host", "x-acs-action", "x-acs-content-sha256",
                                                    "x-acs-date", "x-acs-signature-nonce",
                                                    "x-acs-version"]))


@check("wire")
def encodings_that_mean_the_same_are_the_same(wire):
    name = "a b+c*~!'()/中 %41"
    pairs = REGION + [("FlowLogName", name)]
    for spelled in (encoded(name), encoded(name).replace("%20", "+"),
                    encoded(name).replace("%2A", "*").replace("%21", "!").replace("%27", "'")
                    .replace("%28", "(").replace("%29", ")"),
                    encoded(name).lower(), encoded(name).replace("~", "%7E"),
                    "".join(f"%{octet:02X}" for octet in name.encode())):
        target = f"/?FlowLogName={spelled}&RegionId=cn-hangzhou"
        good(v3(wire, pairs=pairs, target=target), spelled)
    good(v3(wire, target="/?&RegionId=cn-hangzhou&&"))
    good(v3(wire, pairs=REGION + [("Empty", "")], target="/?RegionId=cn-hangzhou&Empty"))


@check("wire")
def a_nonce_counts_once(wire):
    for ask, name, at in ((v1, "SignatureNonce", "Timestamp"),
                          (v3, "x-acs-signature-nonce", "x-acs-date")):
        for kind in ("", "n-", "x" * 450, "中文 &=+")[:4 if ask is v1 else 3]:
            used = kind + nonce()
            good(ask(wire, changed={name: used}))
            wrong(ask(wire, changed={name: used}), "SignatureNonceUsed")
            # Later, about something else, too.
            wrong(ask(wire, changed={name: used, at: timestamp(60)}), "SignatureNonceUsed")
            wrong(ask(wire, "CreateFlowLog", changed={name: used}), "SignatureNonceUsed")
            # It is the key's.
            good(ask(Wire(PORT, "reader", SECRET), changed={name: used}))
        # A signature that is wrong uses none, an operation that fails does.
        used = nonce()
        same(ask(Wire(PORT, KEY, "wrong"), changed={name: used}).status, 400)
        answer = ask(wire, pairs=[("RegionId", "cn-nowhere")], changed={name: used})
        same(answer.json["Code"], "InvalidRegionId.NotFound")
        wrong(ask(wire, changed={name: used}), "SignatureNonceUsed")
        for failing in ({"action": "Nothing"}, {"pairs": ()}):
            used = nonce()
            same(ask(wire, **failing, changed={name: used}).json["Code"] != "SignatureNonceUsed",
                 True)
            wrong(ask(wire, changed={name: used}), "SignatureNonceUsed")
    used = nonce()
    good(v1(wire, changed={"SignatureNonce": used}))
    wrong(v3(wire, changed={"x-acs-signature-nonce": used}), "SignatureNonceUsed")


@check("wire")
def doubts_are_said_in_their_order(wire):
    """Each request has everything wrong that comes later."""
    liar, nobody = Wire(PORT, KEY, "wrong"), Wire(PORT, "nobody", "wrong")
    old = {"Timestamp": "1970-01-01T00:00:00Z", "Version": "1999-01-01"}
    broken = {"Timestamp": "never", "Version": "1999-01-01"}
    wrong(v1(nobody, "Nothing", method="PUT", changed={"SignatureNonce": ABSENT, **broken}),
          "UnsupportedHTTPMethod")
    wrong(v1(nobody, "Nothing", changed={"SignatureNonce": ABSENT, **broken}),
          "MissingSignatureNonce", "SignatureNonce is mandatory for this action.")
    wrong(v1(nobody, "Nothing", changed=broken), "InvalidAccessKeyId.NotFound")
    wrong(v1(liar, "Nothing", changed=broken), "InvalidTimeStamp.Format")
    wrong(v1(liar, "Nothing", changed=old), "InvalidTimeStamp.Expired")
    used = {"SignatureNonce": nonce()}
    good(v1(wire, changed=used))
    answer = v1(liar, "Nothing", changed={**used, "Version": "1999-01-01"})
    same(answer.json["Code"], "SignatureDoesNotMatch")
    wrong(v1(wire, "Nothing", changed={**used, "Version": "1999-01-01"}), "SignatureNonceUsed")
    wrong(v1(wire, "Nothing", changed={"Version": "1999-01-01"}), "InvalidVersion")
    wrong(v1(wire, "Nothing"), "InvalidAction.NotFound")
    nothing = Wire(PORT, "nothing", SECRET)
    wrong(v1(nothing, "Nothing"), "InvalidAction.NotFound")
    wrong(v1(nothing, "CreateFlowLog", pairs=()), "Forbidden.RAM")
    wrong(v1(wire, "CreateFlowLog", pairs=()), "MissingParameter", "Missing mandatory parameter")
    broken = {"x-acs-date": "never", "x-acs-version": "1999-01-01"}
    old = {"x-acs-date": "1970-01-01T00:00:00Z", "x-acs-version": "1999-01-01"}
    wrong(v3(nobody, "Nothing", method="DELETE", changed=broken), "UnsupportedHTTPMethod")
    wrong(v3(nobody, "Nothing", changed=broken), "InvalidAccessKeyId.NotFound")
    wrong(v3(liar, "Nothing", changed=broken), "InvalidTimeStamp.Format")
    wrong(v3(liar, "Nothing", changed=old), "InvalidTimeStamp.Expired")
    wrong(v3(wire, "Nothing", changed={"x-acs-version": "1999-01-01"}), "InvalidVersion")
    wrong(v3(wire, "Nothing"), "InvalidAction.NotFound")


@check("wire")
def versions_and_actions_are_known(wire):
    for version in ("2016-04-29", "2014-05-26", "latest", "2016-04-28 ", "x" * 300):
        wrong(wire.v1(version, "DescribeFlowLogs", REGION), "InvalidVersion", about=(version,))
    for version in ("2016-04-29", "2014-05-26"):
        wrong(wire.v3(version, "DescribeFlowLogs", REGION), "InvalidVersion")
    unknown = {"vpc": ["describeflowlogs", "DescribeFlowlogs", "CreateFlowlog", "DescribeVpcs",
                       "AssociateFlowLog", "DescribeFlowLogSags", "x" * 1000],
               "cen": ["CreateFlowLog", "DeleteFlowLog", "DescribeFlowLogs", "ActiveFlowlog",
                       "DeactiveFlowlog", "ModifyFlowlogAttribute", "DescribeCens"],
               "sag": ["CreateFlowlog", "UpdateFlowLogAttribute", "DescribeFlowlogs",
                       "GetFlowLogServiceStatus"]}
    for product, actions in unknown.items():
        for action in actions:
            wrong(wire.v1(product, action, REGION), "InvalidAction.NotFound", about=(action,))
            wrong(wire.v3(product, action, REGION), "InvalidAction.NotFound", about=(action,))
    # Of version 1 the parameters count, not the headers that come along.
    headers = [("x-acs-action", "DeleteFlowLog"), ("x-acs-version", "2018-03-13")]
    good(v1(wire, headers=headers))
