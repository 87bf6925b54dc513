"""`cases.json`: what is refused, and with which of two refusals where both are due; what is accepted,
and how it is shown."""

import itertools
import json

from checks import HERE, TIME, check, delete, done, holds, refused, same, settled, spelled

CASES = json.loads((HERE / "cases.json").read_text())
ALL = ("v3", "v1", "core", "terraform")


@check(*ALL)
def every_refusal(client):
    for table in CASES["refused"]:
        for code, changes in table["cases"]:
            wanted = spelled({**table["good"], **changes})
            refused(client, table["product"], table["action"], wanted, code)


@check("terraform")
def of_two_refusals_the_first_is_said(client):
    """All pairs of refusals that are about different parameters."""
    for table in CASES["refused"]:
        product, action = table["product"], table["action"]
        for (first, one), (_, other) in itertools.combinations(table["cases"], 2):
            if one and other and not one.keys() & other.keys() and not excluded(one, other):
                wanted = spelled({**table["good"], **one, **other})
                refused(client, product, action, wanted, first)


def excluded(one, other):
    """Pairs that together are something else than each alone."""
    together = {**one, **other}
    nowhere = not together.get("ProjectName", "x") and not together.get("LogStoreName", "x")
    no_sls = together.get("OutputType") == "netflow"
    no_netflow = together.get("OutputType") == "sls"
    ids = {"ResourceType", "ResourceId"} <= together.keys()
    routers = {"CenId", "TransitRouterId"} <= together.keys()
    return nowhere or no_sls or no_netflow or ids or routers


@check(*ALL)
def everything_accepted_is_shown(client):
    for table in CASES["accepted"]:
        product = table["product"]
        for changes, expected in table["cases"]:
            wanted = spelled({**table["good"], **changes})
            made = done(client, product, table["action"], wanted)
            row = settled(client, product, made["FlowLogId"], wanted["RegionId"])
            shown = {name: row.get(name) for name in expected}
            same(shown, {name: spelled(value) for name, value in expected.items()}, wanted)
            for name in ("ResourceId", "CenId"):
                if name in wanted:
                    same(row[name], wanted[name])
            if product != "sag":
                holds(TIME.fullmatch(row["CreationTime"]), row)
            delete(client, product, made["FlowLogId"], wanted["RegionId"])
