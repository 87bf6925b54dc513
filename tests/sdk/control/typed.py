"""The typed models of the official Python SDKs: a flow log's whole life, and what is refused."""

import json

from alibabacloud_cbn20170912 import models as cen_models
from alibabacloud_cbn20170912.client import Client as Cen
from alibabacloud_smartag20180313 import models as sag_models
from alibabacloud_smartag20180313.client import Client as Sag
from alibabacloud_vpc20160428 import models as vpc_models
from alibabacloud_vpc20160428.client import Client as Vpc
from aliyunsdkcbn.request.v20170912 import CreateFlowlogRequest as core_cen
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdksmartag.request.v20180313 import CreateFlowLogRequest as core_sag
from aliyunsdkvpc.request.v20160428 import CreateFlowLogRequest as core_create
from aliyunsdkvpc.request.v20160428 import DeleteFlowLogRequest as core_delete
from aliyunsdkvpc.request.v20160428 import DescribeFlowLogsRequest as core_describe

from checks import KEY, PORT, SECRET, check, fresh, holds, same, until

REGION = "cn-hangzhou"


def refused(code, call, status=400):
    try:
        answer = call()
    except Exception as error:  # the SDKs have several kinds
        same((error.code, error.data["statusCode"]), (code, status))
        holds(error.data["RequestId"] and error.data["HostId"])
        return error.message
    raise AssertionError(f"{answer} instead of {code}")


@check("v3", "v1")
def vpc_life(tea):
    client, models = Vpc(tea.config), vpc_models
    resource = fresh("vpc")

    def create(**changed):
        wanted = dict(region_id=REGION, resource_type="VPC", resource_id=resource, traffic_type="All",
                      project_name="proj-1", log_store_name="store-1")
        return client.create_flow_log(models.CreateFlowLogRequest(**{**wanted, **changed})).body

    tag = models.CreateFlowLogRequestTag
    made = create(flow_log_name="a b+*~/中文", description="", aggregation_interval=1,
                  traffic_path=["internetGateway", "natGateway"], tag=[tag("k1", "v1"), tag("k2", "")])
    same(made.success, "true")
    one = dict(region_id=REGION, flow_log_id=made.flow_log_id)

    def shown():
        body = client.describe_flow_logs(models.DescribeFlowLogsRequest(**one)).body
        same((body.page_number, body.page_size, body.success), ("1", "20", "true"))
        return [flow_log.to_map() for flow_log in body.flow_logs.flow_log]

    def status():
        return shown()[0]["Status"]

    until("Active", status)
    it = shown()[0]
    same(it["FlowLogName"], "a b+*~/中文")
    same(it["TrafficPath"], {"TrafficPathList": ["internetGateway", "natGateway"]})
    same(it["AggregationInterval"], 1)
    same(it["Tags"]["Tag"], [{"Key": "k1", "Value": "v1"}, {"Key": "k2", "Value": ""}])
    same((it["FlowLogDeliverStatus"], it["BusinessStatus"]), ("SUCCESS", "Normal"))
    refused("InvalidResourceId.NotFound", create)
    refused("MissingParameter", lambda: create(resource_type=None))
    refused("IllegalParam.AggregationInterval", lambda: create(aggregation_interval=7))
    refused("IncorrectStatus.flowlog",
            lambda: client.active_flow_log(models.ActiveFlowLogRequest(**one)))
    client.deactive_flow_log(models.DeactiveFlowLogRequest(**one))
    until("Inactive", status)
    client.modify_flow_log_attribute(
        models.ModifyFlowLogAttributeRequest(flow_log_name="new", aggregation_interval=5, **one))
    until("Inactive", status)
    client.active_flow_log(models.ActiveFlowLogRequest(**one))
    until("Active", status)
    on = dict(region_id=REGION, resource_type="FLOWLOG", resource_id=[made.flow_log_id])
    client.tag_resources(models.TagResourcesRequest(
        tag=[models.TagResourcesRequestTag("a", "b")], **on))
    client.un_tag_resources(models.UnTagResourcesRequest(tag_key=["k1", "k2"], **on))
    tags = client.list_tag_resources(models.ListTagResourcesRequest(**on)).body
    same([(tag.tag_key, tag.tag_value) for tag in tags.tag_resources.tag_resource], [("a", "b")])
    client.move_resource_group(models.MoveResourceGroupRequest(
        **{**on, "resource_id": made.flow_log_id}, new_resource_group_id="rg-abc"))
    it = shown()[0]
    same((it["FlowLogName"], it["AggregationInterval"], it["ResourceGroupId"]), ("new", 5, "rg-abc"))
    client.delete_flow_log(models.DeleteFlowLogRequest(**one))
    until([], shown)
    refused("InvalidInstanceId.NotFound",
            lambda: client.delete_flow_log(models.DeleteFlowLogRequest(**one)))


@check("v3", "v1")
def vpc_service(tea):
    client, models = Vpc(tea.config), vpc_models
    status = models.GetFlowLogServiceStatusRequest(region_id=REGION)
    same(client.get_flow_log_service_status(status).body.enabled, True)
    opened = client.open_flow_log_service(models.OpenFlowLogServiceRequest(region_id=REGION)).body
    same((opened.code, opened.message), ("200", "successful"))
    regions = client.describe_regions(models.DescribeRegionsRequest()).body.regions.region
    same([region.region_id for region in regions], ["cn-hangzhou", "cn-shanghai"])


@check("v3", "v1")
def who_asks(tea):
    regions = vpc_models.DescribeRegionsRequest()
    wrong = Vpc(tea.like(KEY, "wrong").config)
    message = refused("SignatureDoesNotMatch", lambda: wrong.describe_regions(regions))
    holds("wrong" not in message, message)
    unknown = Vpc(tea.like("nobody", SECRET).config)
    refused("InvalidAccessKeyId.NotFound", lambda: unknown.describe_regions(regions), 404)


@check("v3", "v1")
def cen_life(tea):
    client, models = Cen(tea.config), cen_models
    request = models.CreateFlowlogRequest(
        region_id=REGION, cen_id=fresh("cen"), project_name="proj-1", log_store_name="cen-1",
        interval=60, log_format_string="${srcaddr}${dstaddr}${bytes}", transit_router_id="tr-1",
        client_token=fresh("token"), tag=[models.CreateFlowlogRequestTag("k", "v")])
    made = client.create_flowlog(request).body
    again = client.create_flowlog(request).body
    same(again.flow_log_id, made.flow_log_id)
    holds(again.request_id != made.request_id)
    request.interval = 600
    refused("IdempotentParameterMismatch", lambda: client.create_flowlog(request))
    request.client_token = None
    refused("InvalidFlowlogId.exist", lambda: client.create_flowlog(request))
    one = dict(region_id=REGION, flow_log_id=made.flow_log_id)

    def shown():
        body = client.describe_flowlogs(models.DescribeFlowlogsRequest(**one)).body
        return [flow_log.to_map() for flow_log in body.flow_logs.flow_log]

    def status():
        return shown()[0]["Status"]

    until("Active", status)
    it = shown()[0]
    same((it["Interval"], it["FlowLogVersion"], it["TransitRouterId"]), (60, "3", "tr-1"))
    refused("InvalidFlowlogId.NotFound",
            lambda: client.deactive_flow_log(models.DeactiveFlowLogRequest(cen_id="cen-x", **one)))
    client.deactive_flow_log(models.DeactiveFlowLogRequest(**one))
    until("Inactive", status)
    client.modify_flow_log_attribute(models.ModifyFlowLogAttributeRequest(interval=600, **one))
    until("Inactive", status)
    client.active_flow_log(models.ActiveFlowLogRequest(cen_id=request.cen_id, **one))
    until("Active", status)
    client.delete_flowlog(models.DeleteFlowlogRequest(**one))
    until([], shown)
    regions = models.DescribeChildInstanceRegionsRequest()
    regions = client.describe_child_instance_regions(regions).body.regions.region
    same([region.region_id for region in regions], ["cn-hangzhou", "cn-shanghai"])


@check("v3", "v1")
def sag_life(tea):
    client, models, region = Sag(tea.config), sag_models, "cn-shanghai"
    made = client.create_flow_log(models.CreateFlowLogRequest(
        region_id=region, name="n", output_type="all", netflow_server_ip="192.168.0.2",
        sls_region_id=region, project_name="proj-1", logstore_name="sag-1")).body
    one = dict(region_id=region, flow_log_id=made.flow_log_id)

    def shown():
        body = client.describe_flow_logs(models.DescribeFlowLogsRequest(**one)).body
        same((body.page_number, body.page_size), (1, 10))
        return [flow_log.to_map() for flow_log in body.flow_logs.flow_log_set_type]

    it = shown()[0]
    same((it["Status"], it["ActiveAging"], it["InactiveAging"]), ("Active", 300, 15))
    same((it["NetflowServerPort"], it["NetflowVersion"], it["TotalSagNum"]), ("9995", "V9", 0))
    unbound = models.DescribeUnbindFlowLogSagsRequest(region_id=region)
    body = client.describe_unbind_flow_log_sags(unbound).body
    here = ["sag-old", "sag-one", "sag-two"]
    same((body.count, [sag.smart_agid for sag in body.sags.sag]), (3, here))
    pair = dict(smart_agid="sag-one", **one)
    client.associate_flow_log(models.AssociateFlowLogRequest(**pair))
    body = client.describe_flow_log_sags(models.DescribeFlowLogSagsRequest(**one)).body
    same([(sag.smart_agid, sag.name) for sag in body.sags.sag], [("sag-one", "branch")])
    same(client.describe_unbind_flow_log_sags(unbound).body.count, 2)
    refused("DependencyViolation.FlowLog",
            lambda: client.delete_flow_log(models.DeleteFlowLogRequest(**one)))
    refused("IncorrectStatus.FlowLog",
            lambda: client.active_flow_log(models.ActiveFlowLogRequest(**one)))
    refused("IllegalParam.ActiveAging", lambda: client.modify_flow_log_attribute(
        models.ModifyFlowLogAttributeRequest(active_aging=1, **one)))
    client.modify_flow_log_attribute(models.ModifyFlowLogAttributeRequest(name="m", **one))
    client.deactive_flow_log(models.DeactiveFlowLogRequest(**one))
    same([(it["Name"], it["Status"]) for it in shown()], [("m", "Inactive")])
    client.disassociate_flow_log(models.DisassociateFlowLogRequest(**pair))
    client.delete_flow_log(models.DeleteFlowLogRequest(**one))
    same(shown(), [])


def core(request, secret=SECRET, **parameters):
    for name, value in parameters.items():
        getattr(request, f"set_{name}")(value)
    request.set_endpoint("127.0.0.1")
    request.set_protocol_type("http")
    client = AcsClient(KEY, secret, REGION, port=PORT)
    return json.loads(client.do_action_with_exception(request))


def core_refused(code, status, call):
    try:
        answer = call()
    except ServerException as error:
        same((error.error_code, error.http_status), (code, status))
        return
    raise AssertionError(f"{answer} instead of {code}")


@check("core")
def core_life(_):
    new = dict(ResourceType="VPC", ResourceId=fresh("vpc"), TrafficType="All", ProjectName="proj-1",
               LogStoreName="store-1", FlowLogName="a b+*~/中文", TrafficPaths=["all"])
    made = core(core_create.CreateFlowLogRequest(), **new)
    core_refused("InvalidResourceId.NotFound", 400,
                 lambda: core(core_create.CreateFlowLogRequest(), **new))

    def shown():
        answer = core(core_describe.DescribeFlowLogsRequest(), FlowLogId=made["FlowLogId"])
        return answer["FlowLogs"]["FlowLog"]

    until("Active", lambda: shown()[0]["Status"])
    same(shown()[0]["FlowLogName"], "a b+*~/中文")
    core(core_delete.DeleteFlowLogRequest(), FlowLogId=made["FlowLogId"])
    until([], shown)


@check("core")
def core_other_products(_):
    made = core(core_cen.CreateFlowlogRequest(), CenId=fresh("cen"), ClientToken=fresh("token"))
    holds(made["FlowLogId"].startswith("flowlog-"))
    core_refused("MissingParam.NetflowServerIp", 400,
                 lambda: core(core_sag.CreateFlowLogRequest(), OutputType="netflow"))


@check("core")
def core_wrong_secret(_):
    # The client finds what it has signed in the message, and so knows that the secret is wrong.
    core_refused("InvalidAccessKeySecret", 400,
                 lambda: core(core_describe.DescribeFlowLogsRequest(), secret="wrong"))
