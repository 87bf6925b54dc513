"""The clients, made alike: `call(product, action, parameters)` is status and answer.

`v3` and `v1` are the newer SDKs under their two signatures, `core` is the older generation with GET
and POST in turn, `terraform` sends what its provider sends: version 1, what is common in the request
line and the rest in the form.
"""

import importlib
import itertools
import json
import re

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from alibabacloud_tea_openapi.client import Client as OpenApi
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from alibabacloud_tea_util.models import RuntimeOptions
from Tea.exceptions import TeaException

from wire import VERSIONS, Wire, flat

PACKAGES = {"vpc": "vpc20160428", "cen": "cbn20170912", "sag": "smartag20180313"}
CORE = {"vpc": ("vpc", "v20160428"), "cen": ("cbn", "v20170912"), "sag": ("smartag", "v20180313")}


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Tea:
    """The newer SDKs: their typed models where these have what is to be sent."""

    def __init__(self, port, key, secret, token=None, *, signature="v3"):
        self.port, self.signature = port, signature
        more = {"signature_algorithm": "v2"} if signature == "v1" else {}
        if token is not None:
            more.update(security_token=token, type="sts")
        self.config = Config(access_key_id=key, access_key_secret=secret, protocol="http",
                             endpoint=f"127.0.0.1:{port}", region_id="cn-hangzhou", **more)
        self.generic = OpenApi(self.config)
        self.typed = {}
        for product, name in PACKAGES.items():
            module = importlib.import_module(f"alibabacloud_{name}.client")
            models = importlib.import_module(f"alibabacloud_{name}.models")
            self.typed[product] = (module.Client(self.config), models)

    def like(self, key, secret, token=None):
        return Tea(self.port, key, secret, token, signature=self.signature)

    def call(self, product, action, parameters):
        parameters = {name: value for name, value in parameters.items() if value is not None}
        client, models = self.typed[product]
        model = getattr(models, f"{action}Request", None)
        request = model().from_map(parameters) if model else None
        try:
            if request is not None and request.to_map() == parameters:
                body = getattr(client, snake(action))(request).body.to_map()
            else:
                body = self.call_generic(product, action, parameters)
        except TeaException as error:
            data = dict(error.data)
            status = data.pop("statusCode")
            assert error.code == data["Code"], (error.code, data)
            return status, data
        return 200, body

    def call_generic(self, product, action, parameters, method="POST"):
        params = Params(action=action, version=VERSIONS[product], protocol="HTTP", pathname="/",
                        method=method, auth_type="AK", style="RPC", req_body_type="formData",
                        body_type="json")
        request = OpenApiRequest(query=dict(flat(parameters)))
        return self.generic.call_api(params, request, RuntimeOptions())["body"]


class Core:
    """The older SDK: its requests where these have what is to be sent."""

    def __init__(self, port, key, secret, token=None):
        self.port = port
        self.client = AcsClient(key, secret, "cn-hangzhou", port=port)
        if token is not None:
            credential = StsTokenCredential(key, secret, token)
            self.client = AcsClient(region_id="cn-hangzhou", port=port, credential=credential)
        self.methods = itertools.cycle(["POST", "GET"])

    def like(self, key, secret, token=None):
        return Core(self.port, key, secret, token)

    def call(self, product, action, parameters):
        request = self.request(product, action, parameters)
        request.set_endpoint("127.0.0.1")
        request.set_protocol_type("http")
        request.set_method(next(self.methods))
        request.set_accept_format("JSON")
        try:
            return 200, json.loads(self.client.do_action_with_exception(request))
        except ServerException as error:
            answer = {"Code": error.error_code, "Message": error.message,
                      "RequestId": error.request_id}
            return error.http_status, answer

    def request(self, product, action, parameters):
        package, version = CORE[product]
        parameters = {name: value for name, value in parameters.items() if value is not None}
        # The client adds the region by itself where there is none.
        try:
            module = importlib.import_module(f"aliyunsdk{package}.request.{version}.{action}Request")
            request = getattr(module, f"{action}Request")()
            setters = {name: getattr(request, f"set_{name}{'s' * isinstance(value, list)}")
                       for name, value in parameters.items() if name != "RegionId"}
        except (ImportError, AttributeError):
            return self.common_request(product, action, parameters)
        if "RegionId" in parameters:
            request.add_query_param("RegionId", parameters["RegionId"])
        for name, setter in setters.items():
            setter(parameters[name])
        return request

    def common_request(self, product, action, parameters):
        request = CommonRequest(domain="127.0.0.1", version=VERSIONS[product], action_name=action)
        for name, value in flat(parameters):
            request.add_query_param(name, value)
        return request


class Terraform:
    """What the provider of Terraform sends."""

    def __init__(self, port, key, secret, token=None):
        self.wire = Wire(port, key, secret, token)

    def call(self, product, action, parameters):
        changed = {"Format": "json"}
        answer = self.wire.v1(product, action, form=flat(parameters), changed=changed)
        return answer.status, answer.json


GENERATIONS = {
    "v3": Tea,
    "v1": lambda *of: Tea(*of, signature="v1"),
    "core": Core,
    "terraform": Terraform,
}
