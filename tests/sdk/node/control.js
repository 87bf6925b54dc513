// The npm SDKs of VPC, CEN and SAG against the control API: what `../control/cases.json` says, and a
// flow log's life.
//
//     control.js get|post|v3|v1
//
// `get` and `post` are pop-core, which puts everything into the request line or into the form; `v3`
// and `v1` are the newer generation under its two signatures. Ends with status 1 at the first
// difference.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const load = (name) => require(path.join(process.env.SLS_MODULES, name));
const read = (name) => JSON.parse(fs.readFileSync(path.join(__dirname, '../control', name)));
const Pop = load('@alicloud/pop-core');
const { default: OpenApi, $OpenApiUtil, OpenApiUtil } = load('@alicloud/openapi-core');
const { RuntimeOptions } = load('@darabonba/typescript');
const vpc = load('@alicloud/vpc20160428');

const CASES = read('cases.json');
const MESSAGES = read('messages.json');
const VERSIONS = { vpc: '2016-04-28', cen: '2017-09-12', sag: '2018-03-13' };
const LIST = {
  vpc: ['DescribeFlowLogs', 'FlowLog'], cen: ['DescribeFlowlogs', 'FlowLog'],
  sag: ['DescribeFlowLogs', 'FlowLogSetType'],
};
const DELETE = { vpc: 'DeleteFlowLog', cen: 'DeleteFlowlog', sag: 'DeleteFlowLog' };
const REQUEST_ID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;
const HOST = `127.0.0.1:${process.env.CONTROL_PORT}`;
const KEY = { accessKeyId: process.env.SLS_KEY, accessKeySecret: process.env.SLS_SECRET };
const generation = process.argv[2];

// Each client is a function of product, action and parameters; its answer is status and body.
const given = (parameters) =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== null));

// Each client keeps a connection of its own.
const clients = new Map();
function popClient(product, key) {
  const name = JSON.stringify([product, key]);
  if (!clients.has(name)) {
    const more = { endpoint: `http://${HOST}`, apiVersion: VERSIONS[product], opts: { timeout: 60000 } };
    clients.set(name, new Pop({ ...key, ...more }, true));
  }
  return clients.get(name);
}

const pop = (method) => async (product, action, parameters, key = KEY) => {
  const client = popClient(product, key);
  try {
    const [body, entry] = await client.request(action, given(parameters), { method });
    // Its objects have no prototype.
    return [entry.response.statusCode, JSON.parse(JSON.stringify(body))];
  } catch (error) {
    if (!error.entry) throw error;
    assert.equal(error.code, error.data.Code);
    return [error.entry.response.statusCode, error.data];
  }
};

const config = (key, more) =>
  new $OpenApiUtil.Config({ ...key, endpoint: HOST, protocol: 'http', regionId: 'cn-hangzhou', ...more });

const newer = (more) => async (product, action, parameters, key = KEY) => {
  const params = new $OpenApiUtil.Params({
    action, version: VERSIONS[product], protocol: 'HTTP', pathname: '/', method: 'POST',
    authType: 'AK', style: 'RPC', reqBodyType: 'formData', bodyType: 'json',
  });
  const request = new $OpenApiUtil.OpenApiRequest({ query: OpenApiUtil.query(given(parameters)) });
  try {
    const answer = await new OpenApi(config(key, more)).callApi(params, request, new RuntimeOptions({}));
    return [answer.statusCode, answer.body];
  } catch (error) {
    if (!error.data) throw error;
    const { statusCode = error.statusCode, ...body } = error.data;
    assert.equal(error.code, body.Code);
    return [statusCode, body];
  }
};

const CLIENTS = {
  get: pop('GET'), post: pop('POST'), v3: newer({}), v1: newer({ signatureAlgorithm: 'v2' }),
};
const call = CLIENTS[generation];

let compared = 0;
function same(found, expected, about) {
  compared += 1;
  assert.deepEqual(found, expected, about && `${JSON.stringify(about)}: `
    + `${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}

const fresh = (what) => `${what}-${crypto.randomBytes(6).toString('hex')}`;

// A value of the tables as it is sent: `{"x": 3}` is `xxx`, `vpc-*` is new every time.
function spelled(value) {
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value === 'string') return value.endsWith('-*') ? fresh(value.slice(0, -2)) : value;
  if (value === null || typeof value !== 'object') return value;
  const parts = Object.entries(value);
  if (parts.length && parts.every(([, times]) => typeof times === 'number')) {
    return parts.map(([text, times]) => text.repeat(times)).join('');
  }
  return Object.fromEntries(parts.map(([name, part]) => [name, spelled(part)]));
}

async function refused(product, action, parameters, code, status = 400, key = KEY) {
  const about = [product, action, parameters];
  const [found, body] = await call(product, action, parameters, key);
  same([found, body.Code], [status, code], about);
  const missing = `${code.replace(/^Missing/, '')} is mandatory for this action.`;
  same(body.Message, MESSAGES[product][code] ?? MESSAGES.all[code] ?? missing, about);
  assert.match(body.RequestId, REQUEST_ID);
  same(body.HostId, HOST);
  return body;
}

async function done(product, action, parameters) {
  const [status, body] = await call(product, action, parameters);
  same(status, 200, [product, action, parameters, body]);
  assert.match(body.RequestId, REQUEST_ID);
  return body;
}

async function rows(product, one) {
  const [action, item] = LIST[product];
  return (await done(product, action, one)).FlowLogs[item];
}

async function until(holds) {
  for (const end = Date.now() + 60000; Date.now() < end;) {
    const value = await holds();
    if (value) return value;
    await new Promise((after) => setTimeout(after, 10));
  }
  throw new Error(`never: ${holds}`);
}

const settled = (product, one) => until(async () => {
  const [row] = await rows(product, one);
  return ['Active', 'Inactive'].includes(row.Status) && row;
});

async function remove(product, one) {
  await done(product, DELETE[product], one);
  await until(async () => (await rows(product, one)).length === 0);
}

async function everyRefusal() {
  for (const { product, action, good, cases } of CASES.refused) {
    for (const [code, changes] of cases) {
      await refused(product, action, spelled({ ...good, ...changes }), code);
    }
  }
}

async function everythingAcceptedIsShown() {
  for (const { product, action, good, cases } of CASES.accepted) {
    for (const [changes, expected] of cases) {
      const wanted = spelled({ ...good, ...changes });
      const one = { RegionId: wanted.RegionId };
      one.FlowLogId = (await done(product, action, wanted)).FlowLogId;
      const row = await settled(product, one);
      for (const [name, value] of Object.entries(expected)) {
        same(row[name], spelled(value), [name, wanted]);
      }
      await remove(product, one);
    }
  }
}

async function statesFollowEachOther() {
  const good = Object.fromEntries(CASES.accepted.map((table) => [table.product, table]));
  for (const product of Object.keys(VERSIONS)) {
    const wanted = spelled(good[product].good);
    const made = await done(product, good[product].action, wanted);
    const one = { RegionId: wanted.RegionId, FlowLogId: made.FlowLogId };
    same((await settled(product, one)).Status, 'Active');
    const status = product === 'sag' ? 'IncorrectStatus.FlowLog' : 'IncorrectStatus.flowlog';
    await refused(product, 'ActiveFlowLog', one, status);
    await done(product, 'DeactiveFlowLog', one);
    same((await settled(product, one)).Status, 'Inactive');
    await refused(product, 'DeactiveFlowLog', one, status);
    const name = product === 'sag' ? 'Name' : 'FlowLogName';
    await done(product, 'ModifyFlowLogAttribute', { ...one, [name]: "a b+c*~/!'()中文" });
    const row = await settled(product, one);
    same([row[name], row.Status], ["a b+c*~/!'()中文", 'Inactive']);
    same((await rows(product, { ...one, FlowLogName: row[name] })).length, 1);
    await done(product, 'ActiveFlowLog', one);
    same((await settled(product, one)).Status, 'Active');
    await remove(product, one);
  }
}

async function aTokenMakesOneFlowLog() {
  const wanted = spelled({ RegionId: 'cn-hangzhou', CenId: 'cen-*', ClientToken: 'token-*' });
  const made = await done('cen', 'CreateFlowlog', wanted);
  same((await done('cen', 'CreateFlowlog', wanted)).FlowLogId, made.FlowLogId);
  await refused('cen', 'CreateFlowlog', { ...wanted, Interval: '60' }, 'IdempotentParameterMismatch');
  const one = { RegionId: wanted.RegionId, FlowLogId: made.FlowLogId };
  await settled('cen', one);
  await remove('cen', one);
}

async function longRequestsAreRead() {
  const Tag = [...Array(20).keys()].map((n) => ({ Key: `${'流'.repeat(120)}${n}`, Value: '量'.repeat(128) }));
  const table = CASES.accepted.find(({ product }) => product === 'vpc');
  const wanted = spelled({ ...table.good, Tag, Description: { 述: 256 } });
  const made = await done('vpc', 'CreateFlowLog', wanted);
  const one = { RegionId: wanted.RegionId, FlowLogId: made.FlowLogId };
  same((await settled('vpc', one)).Tags.Tag, Tag);
  await remove('vpc', one);
}

async function whoAsks() {
  const region = { RegionId: 'cn-hangzhou' };
  const secret = { accessKeySecret: process.env.SLS_SECRET };
  const read = ['vpc', 'DescribeFlowLogs', region];
  await refused(...read, 'InvalidAccessKeyId.NotFound', 404, { accessKeyId: 'nobody', ...secret });
  await refused(...read, 'InvalidAccessKeyId.Inactive', 400, { accessKeyId: 'idle', ...secret });
  await refused('vpc', 'DeleteFlowLog', { ...region, FlowLogId: 'fl-x' }, 'Forbidden.RAM', 403,
    { accessKeyId: 'reader', ...secret });
  const [status, body] = await call(...read, { ...KEY, accessKeySecret: 'wrong' });
  same([status, body.Code], [400, 'SignatureDoesNotMatch']);
  const begins = generation === 'v3'
    ? 'Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256 '
    : 'Specified signature is not matched with our calculation. server string to sign is:';
  assert.ok(body.Message.startsWith(begins), body.Message);
  const temporary = { accessKeyId: 'STS.key', ...secret, securityToken: 'tok/en==' };
  same((await call(...read, temporary))[0], 200);
}

// The typed models of VPC, the only ones of the three that there are for Node.
async function typedModels() {
  const more = generation === 'v1' ? { signatureAlgorithm: 'v2' } : {};
  const client = new vpc.default(config(KEY, more));
  const regionId = 'cn-hangzhou';
  const wanted = {
    regionId, resourceType: 'VPC', resourceId: fresh('vpc'), trafficType: 'All', projectName: 'proj-1',
    logStoreName: 'store-1', flowLogName: "a b+c*~!'()/中", aggregationInterval: 5,
    trafficPath: ['internetGateway', 'natGateway'],
    tag: [new vpc.CreateFlowLogRequestTag({ key: 'k', value: 'v' })],
  };
  const { body: made } = await client.createFlowLog(new vpc.CreateFlowLogRequest(wanted));
  same(made.success, 'true');
  const one = { regionId, flowLogId: made.flowLogId };
  const shown = async () =>
    (await client.describeFlowLogs(new vpc.DescribeFlowLogsRequest(one))).body.flowLogs.flowLog;
  const row = await until(async () => (await shown()).find(({ status }) => status === 'Active'));
  same([row.flowLogName, row.aggregationInterval, row.trafficPath.trafficPathList, row.tags.tag.length],
    [wanted.flowLogName, 5, wanted.trafficPath, 1]);
  await client.deactiveFlowLog(new vpc.DeactiveFlowLogRequest(one));
  await until(async () => (await shown())[0].status === 'Inactive');
  await client.deleteFlowLog(new vpc.DeleteFlowLogRequest(one));
  await until(async () => (await shown()).length === 0);
  const status = new vpc.GetFlowLogServiceStatusRequest({ regionId });
  same((await client.getFlowLogServiceStatus(status)).body.enabled, true);
}

async function main() {
  const checks = [everyRefusal, everythingAcceptedIsShown, statesFollowEachOther,
    aTokenMakesOneFlowLog, longRequestsAreRead, whoAsks];
  if (['v3', 'v1'].includes(generation)) checks.push(typedModels);
  for (const check of checks) {
    const before = compared;
    await check();
    console.log(`npm ${generation} ${check.name}: ${compared - before} good`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
