// What the npm SDK can do, done against the Logstore; ends with status 1 at the first difference.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const dns = require('node:dns');
const path = require('node:path');

// `PROJECT.localhost` is this machine, whatever the resolver thinks of it.
const resolve = dns.lookup;
dns.lookup = (host, options, done) =>
  resolve(host.endsWith('.localhost') ? '127.0.0.1' : host, options, done);

const Client = require(path.join(process.env.SLS_MODULES, '@alicloud/log'));

const sls = new Client({
  accessKeyId: process.env.SLS_KEY,
  accessKeySecret: process.env.SLS_SECRET,
  endpoint: `localhost:${process.env.SLS_PORT}`,
});
const fresh = (what) => `${what}-${crypto.randomBytes(6).toString('hex')}`;
const refused = (code, call) => assert.rejects(call, (error) => {
  assert.equal(error.code, code);
  assert.ok(error.requestid, 'no request id');
  return true;
});

async function until(holds) {
  for (const end = Date.now() + 60000; Date.now() < end;) {
    const value = await holds();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`never: ${holds}`);
}

async function main() {
  const project = fresh('node');
  const logstore = fresh('store');
  await sls.createProject(project, { description: 'what the npm SDK does' });
  assert.equal((await sls.getProject(project)).projectName, project);
  await sls.createLogStore(project, logstore, { ttl: 3, shardCount: 2 });
  await sls.updateLogStore(project, logstore, { ttl: 5, shardCount: 2 });
  assert.equal((await sls.getLogStore(project, logstore)).ttl, 5);
  assert.deepEqual((await sls.listLogStore(project, {})).logstores, [logstore]);
  const token = [',', ' ', '/', ':'];
  const text = { type: 'text', token, caseSensitive: false, chn: false, doc_value: true };
  const long = { type: 'long', doc_value: true };
  await sls.createIndex(project, logstore, {
    ttl: 5, line: { token, caseSensitive: false, chn: false }, keys: { n: long, note: text },
  });
  assert.deepEqual(Object.keys((await sls.getIndexConfig(project, logstore)).keys).sort(),
    ['n', 'note']);
  await sls.updateIndex(project, logstore, {
    ttl: 5, line: { token, caseSensitive: false, chn: false },
    keys: { n: long, note: text, bytes: long },
  });

  const now = Math.floor(Date.now() / 1000);
  for (const first of [0, 10]) {
    const logs = [...Array(10).keys()].map((n) => ({
      timestamp: now, timestampNsPart: 5,
      content: { n: `${first + n}`, bytes: `${100 * n}`, note: n % 2 ? 'Größe 流' : 'plain' },
    }));
    await sls.postLogStoreLogs(project, logstore,
      { logs, tags: [{ host: 'exp-1' }], topic: `topic-${first}`, source: '192.0.2.7' });
  }

  const [from, to] = [new Date((now - 600) * 1000), new Date((now + 600) * 1000)];
  const get = (query, more = {}) => sls.getLogs(project, logstore, from, to, { query, ...more });
  await until(async () => (await get('*', { line: 100 })).length === 20);
  const [row] = await get('n: 13');
  assert.deepEqual(
    { ...row },
    { n: '13', bytes: '300', note: 'Größe 流', __time__: `${now}`, __topic__: 'topic-10',
      __source__: '192.0.2.7', '__tag__:host': 'exp-1',
      ...('__time_ns_part__' in row ? { __time_ns_part__: row.__time_ns_part__ } : {}) });
  assert.equal((await get('note: "流" and n < 10', { line: 100, reverse: true })).length, 5);
  assert.deepEqual((await get('* | select count(*) as c, sum(bytes) as b')).map((r) => ({ ...r })),
    [{ c: '20', b: '9000' }]);
  const parts = await sls.getHistograms(project, logstore, from, to, { query: 'n >= 5' });
  assert.equal(parts.reduce((sum, part) => sum + part.count, 0), 15);
  const sql = `select count(*) as c from "${logstore}" where __time__ >= ${now - 600} and __time__ < ${now + 600}`;
  assert.equal((await sls.getProjectLogs(project, { query: sql }))[0].c, '20');

  await refused('ProjectAlreadyExist', sls.createProject(project, { description: '' }));
  await refused('LogStoreNotExist', sls.getLogStore(project, fresh('nothing')));
  await refused('ProjectNotExist', sls.getProject(fresh('nobody')));
  await refused('ParameterInvalid', get('n > and'));
  const stranger = new Client({ accessKeyId: process.env.SLS_KEY, accessKeySecret: 'wrong',
    endpoint: `localhost:${process.env.SLS_PORT}` });
  await refused('SignatureNotMatch', stranger.getProject(project));

  await sls.deleteIndex(project, logstore);
  await refused('IndexConfigNotExist', sls.getIndexConfig(project, logstore));
  await sls.deleteLogStore(project, logstore);
  await sls.deleteProject(project);
  await refused('ProjectNotExist', sls.getProject(project));
  console.log('ok     npm SDK');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
