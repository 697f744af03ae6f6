/** What EMS has encrypted can be read in Temporal's own tools, by those who may read the evidence, and by no others. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { CookieBrowser } from '../support/cookie-browser.js';
import { keySet, newDataKey } from '../support/data-keys.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR, IT, type Hired } from '../support/world.js';

const WEB_UI = 'https://temporal.acme.example';
const operator = { email: IT, name: 'Ivo IT', roles: ['operator'], scope: 'exits:read exits:report' };

describe('the codec for the tools of Temporal', () => {
  let world: ConsoleWorld;
  let issuer: TokenIssuer;
  let server: HttpServer;
  let nora: Hired;
  before(async () => {
    [world, issuer] = await Promise.all([
      startConsoleWorld({ env: { EMS_DATA_KEYS: keySet(newDataKey('2026')) } }),
      startTokenIssuer(),
    ]);
    server = await startHttpServer(world, issuer.issuer, undefined, 10_000, {
      EMS_TEMPORAL_UI_URL: `${WEB_UI}/`,
    });
    nora = await world.hire({ on: ['payroll'], displayName: 'Nora Nightingale' });
    await world.application.open({ employeeId: nora.employeeId }, 'orchestrated');
    await world.untilIn('awaiting-decision', nora);
  });
  after(async () => {
    const decision = { outcome: 'retained' as const, decidedBy: HR };
    await world.application.decide({ employeeId: nora.employeeId }, decision);
    await world.untilIn('closed', nora);
    await server.stop();
    await issuer.stop();
    await world.stop();
  });

  /** The memo of the exit, as the Web UI sends it. */
  async function encrypted(): Promise<object[]> {
    const { workflowExecutionInfo } = await world.client.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution: { workflowId: `exit-${nora.employeeId}` },
    });
    const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');
    return Object.values(workflowExecutionInfo!.memo!.fields!).map(({ metadata, data }) => ({
      metadata: Object.fromEntries(Object.entries(metadata!).map(([name, value]) => [name, base64(value)])),
      data: base64(data!),
    }));
  }
  const ask = (name: string, payloads: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}/temporal-codec/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ payloads }),
    });
  async function cookieOf(email: string): Promise<Record<string, string>> {
    const browser = new CookieBrowser(world.url);
    await browser.login(email);
    return { cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  }
  const textIn = async (answer: Response): Promise<string> => {
    const { payloads } = (await answer.json()) as { payloads: { data: string }[] };
    return payloads.map(({ data }) => Buffer.from(data, 'base64').toString()).join();
  };

  it('decrypts for a session of the console, and lets pages of the Web UI read the answer', async () => {
    const payloads = await encrypted();
    assert.doesNotMatch(await textIn(Response.json({ payloads })), /payroll/);
    const preflight = await fetch(`${server.url}/temporal-codec/decode`, {
      method: 'OPTIONS',
      headers: {
        origin: WEB_UI,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-namespace',
      },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'content-type,x-namespace');
    const answer = await ask('decode', payloads, { ...(await cookieOf(IT)), origin: WEB_UI });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), WEB_UI);
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
    assert.match(await textIn(answer), /payroll/);
  });

  it('lets no other page read the answer', async () => {
    const answer = await ask('decode', [], { ...(await cookieOf(IT)), origin: 'https://evil.example' });
    assert.notEqual(answer.headers.get('access-control-allow-origin'), 'https://evil.example');
  });

  it('refuses who is not logged in, who may not read evidence, and a token without the scope', async () => {
    const payloads = await encrypted();
    const bearer = async (claims: object) => ({
      authorization: `Bearer ${await issuer.token({ ...operator, ...claims }, server.audience)}`,
    });
    for (const [headers, status] of [
      [{}, 401],
      [{ cookie: 'ems-session=rubbish' }, 401],
      [{ authorization: 'Bearer rubbish' }, 401],
      [await cookieOf('dana.fox@acme.example'), 403],
      [await bearer({ scope: 'exits:read' }), 403],
      [await bearer({ roles: [] }), 403],
    ] as const) {
      const answer = await ask('decode', payloads, headers);
      assert.equal(answer.status, status, JSON.stringify(headers));
      assert.doesNotMatch(await answer.text(), /payroll/);
    }
  });

  it('encrypts what the Web UI sends, and refuses what is no list of payloads', async () => {
    const cookie = await cookieOf(IT);
    const plain = {
      metadata: { encoding: Buffer.from('json/plain').toString('base64') },
      data: Buffer.from('"Nora"').toString('base64'),
    };
    const sealed = await ask('encode', [plain], cookie);
    const { payloads } = (await sealed.json()) as { payloads: object[] };
    assert.doesNotMatch(JSON.stringify(payloads), new RegExp(plain.data));
    assert.deepEqual(await (await ask('decode', payloads, cookie)).json(), { payloads: [plain] });
    for (const wrong of ['text', [{ data: 7 }], [{ data: '*' }], [null]])
      assert.equal((await ask('decode', wrong, cookie)).status, 400, JSON.stringify(wrong));
  });

  it('marks what was changed, and names a key that is missing', async () => {
    const cookie = await cookieOf(IT);
    const [payload] = (await encrypted()) as [{ data: string; metadata: object }];
    const [header = '', ...rest] = Buffer.from(payload.data, 'base64').toString().split('.');
    const withHeader = (text: string) => ({
      ...payload,
      data: Buffer.from([text, ...rest].join('.')).toString('base64'),
    });
    const { kid, ...other } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    assert.equal(kid, '2026');
    const forged = withHeader(Buffer.from(JSON.stringify({ kid, ...other })).toString('base64url'));
    const encoding = Buffer.from('binary/changed').toString('base64');
    assert.deepEqual(await (await ask('decode', [forged], cookie)).json(), {
      payloads: [{ metadata: { encoding }, data: forged.data }],
    });
    const unknown = withHeader(Buffer.from(JSON.stringify({ ...other, kid: '2020' })).toString('base64url'));
    const answer = await ask('decode', [unknown], cookie);
    assert.equal(answer.status, 422);
    assert.match(await answer.text(), /by the key \\"2020\\", which EMS_DATA_KEYS does not have/);
  });

  it('serves the temporal command with a bearer token', async () => {
    const token = await issuer.token(operator, server.audience);
    const query = ['workflow', 'query', '--workflow-id', `exit-${nora.employeeId}`, '--type', 'status'];
    const codec = ['--codec-endpoint', `${server.url}/temporal-codec`, '--codec-auth', `Bearer ${token}`];
    const run = async (...args: string[]): Promise<string> => {
      const at = ['--address', world.server.address];
      const { stdout } = await promisify(execFile)(world.program, [...args, ...at], { maxBuffer: 1e8 });
      return stdout;
    };
    assert.doesNotMatch(await run(...query), /awaiting-decision/);
    assert.match(await run(...query, ...codec), /awaiting-decision/);
  });
});
