import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { JWTPayload } from 'jose';
import { forms, type Form } from '../../src/client/forms.js';
import type { ExitStatus } from '../../src/exit/status.js';
import type { Problem } from '../../src/http/http-problem.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { eventually } from '../support/eventually.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR, IT, type Hired } from '../support/world.js';

const ALL = 'exits:read exits:open exits:decide exits:resolve exits:interview exits:report';
const hr = { email: HR, name: 'Hanna HR', roles: ['hr'], scope: ALL };
const operator = { email: IT, name: 'Ivo IT', roles: ['operator'], scope: ALL };
const auditor = { email: 'audit@acme.example', name: 'Ada Audit', roles: ['auditor'], scope: ALL };
const program = { sub: 'hris', client_id: 'hris', scope: 'exits:open exits:read' };

const event = { specversion: '1.0', id: 'a1', source: '/hris', type: 'employee.resigned' };

interface Answered<T> {
  status: number;
  headers: Headers;
  body: T;
}

describe('the HTTP API', () => {
  let world: BothFormsWorld;
  let issuer: TokenIssuer;
  let server: HttpServer;
  before(async () => {
    [world, issuer] = await Promise.all([startBothForms(), startTokenIssuer()]);
    server = await startHttpServer(world, issuer.issuer);
  });
  afterEach(() => world.mend());
  after(async () => {
    await server.stop();
    await issuer.stop();
    await world.stop();
  });

  async function ask<T>(
    who: JWTPayload | string | undefined,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered<T>> {
    const token = typeof who === 'object' ? await issuer.token(who, server.audience) : who;
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as T };
  }

  async function refused(
    status: number,
    code: string,
    asking: Promise<Answered<Problem>>,
  ): Promise<Answered<Problem>> {
    const answer = await asking;
    const { body } = answer;
    assert.deepEqual([answer.status, body.status, body.code], [status, status, code], body.detail);
    assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
    assert.equal(body.type, `urn:ems:problem:${code}`);
    return answer;
  }

  async function opened(form: Form = 'orchestrated', hire = {}): Promise<Hired & { exitId: string }> {
    const nora = await world.hire({ on: ['payroll'], ...hire });
    const { body } = await ask<{ exitId: string }>(hr, 'POST', '/exits', {
      employeeId: nora.employeeId,
      form,
    });
    return { ...nora, exitId: body.exitId };
  }

  for (const form of forms)
    it(`opens, follows, decides and reports an exit of the ${form} form, in the name of the token`, async () => {
      const nora = await world.hire({ on: ['payroll'] });
      const { employeeId } = nora;
      const begun = await ask<{ exitId: string }>(hr, 'POST', '/exits', { employeeId, form });
      assert.equal(begun.status, 201);
      const { exitId } = begun.body;
      assert.equal(begun.headers.get('location'), `/api/v1/exits/${exitId}`);
      const status = await eventually('the block', async () => {
        const { body } = await ask<ExitStatus>(hr, 'GET', `/exits/${exitId}`);
        return body.phase === 'awaiting-decision' ? body : undefined;
      });
      assert.deepEqual([status.employeeId, status.form], [employeeId, form]);
      const moved = await eventually('the interview', async () => {
        const answer = await ask(hr, 'POST', `/exits/${exitId}/interview`, { next: true });
        return answer.status === 200 ? answer : undefined;
      });
      assert.equal(moved.status, 200);
      const decided = await ask<{ decidedBy: string }>(hr, 'POST', `/exits/${exitId}/decision`, {
        outcome: 'retained',
      });
      assert.deepEqual([decided.status, decided.body.decidedBy], [200, HR]);
      await world.untilIn('closed', nora);
      const report = await ask<{ outcome: string; submittedBy: string }>(
        auditor,
        'GET',
        `/exits/${exitId}/report`,
      );
      assert.deepEqual([report.body.outcome, report.body.submittedBy], ['retained', HR]);
    });

  it('finds an exit by its id alone, also after a restart of the server', async () => {
    for (const form of forms) {
      const { exitId, employeeId } = await opened(form);
      const second = await startHttpServer(world, issuer.issuer);
      const token = await issuer.token(auditor, second.audience);
      const found = await eventually('the exit in the index', async () => {
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(`${second.url}/api/v1/exits/${exitId}`, { headers });
        return response.status === 200 ? ((await response.json()) as ExitStatus) : undefined;
      });
      await second.stop();
      assert.equal(found.employeeId, employeeId);
    }
    await refused(404, 'no-exit', ask(auditor, 'GET', `/exits/${randomUUID()}`));
    await refused(404, 'no-exit', ask(auditor, 'GET', `/exits/no%20id'%20OR%20''='`));
  });

  it('refuses a token that is absent, expired, of another audience, issuer or key, and says so', async () => {
    const tokens: [string, string | undefined][] = [
      ['absent', undefined],
      ['not a token', 'guessed'],
      ['unsigned', `${btoa('{"alg":"none"}')}.${btoa('{"sub":"a"}')}.`.replaceAll('=', '')],
      ['expired', await issuer.token(hr, server.audience, { expiresIn: -60 })],
      ['of another audience', await issuer.token(hr, server.audience, { audience: 'ems-console' })],
      ['of another issuer', await issuer.token(hr, server.audience, { issuer: 'http://127.0.0.1:1' })],
      ['of another key', await issuer.token(hr, server.audience, { byStranger: true })],
    ];
    for (const [what, token] of tokens)
      for (const [method, path] of routes) {
        const answer = await refused(401, 'unauthenticated', ask(token, method, path, bodyOf(method)));
        assert.match(answer.headers.get('www-authenticate')!, /^Bearer /, what);
      }
  });

  it('names where a client gets a token, and whose a token is', async () => {
    const { headers } = await ask(undefined, 'GET', '/me');
    const [, address] = /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate')!)!;
    assert.equal(address, `${server.url}/.well-known/oauth-protected-resource/api`);
    const metadata = (await (await fetch(address)).json()) as Record<string, string[]>;
    assert.deepEqual(
      [metadata['resource'], metadata['authorization_servers']],
      [server.audience, [issuer.issuer]],
    );
    assert.ok(metadata['scopes_supported']!.includes('exits:amend'));
    const { body } = await ask({ ...hr, scope: 'exits:read' }, 'GET', '/me');
    assert.deepEqual(body, { name: hr.name, email: HR, roles: ['hr'], acts: ['read'] });
  });

  it('finds the exit of an employee for those who may read it, in the form that is asked for', async () => {
    const nora = await opened('choreographed');
    const path = `/exits/find?employeeId=${nora.employeeId}`;
    const found = { employeeId: nora.employeeId, exitId: nora.exitId, form: 'choreographed' };
    assert.deepEqual((await ask(auditor, 'GET', `${path}&form=choreographed`)).body, found);
    assert.deepEqual((await ask({ email: nora.manager, scope: 'exits:read' }, 'GET', path)).body, found);
    await refused(404, 'no-exit', ask(auditor, 'GET', `${path}&form=orchestrated`));
    await refused(404, 'no-exit', ask(auditor, 'GET', `${path}&exitId=another`));
    await refused(403, 'forbidden', ask({ email: nora.email, scope: 'exits:read' }, 'GET', path));
  });

  const routes = [
    ['GET', '/exits', 'read'],
    ['POST', '/exits', 'open'],
    ['POST', '/cloudevents', 'open'],
    ['GET', '/people?name=no', 'open'],
    ['GET', '/company', 'report'],
    ['GET', '/exits/find?employeeId=E-none', 'read'],
    ['POST', '/exits/preview', 'open'],
    ['POST', '/table/preview', 'open'],
    ['POST', '/table', 'open'],
    ['GET', '/openings', 'read'],
    ['POST', '/openings/confirmation', 'decide'],
    ['POST', '/openings/rejection', 'decide'],
    ['GET', '/exits/an-exit', 'read'],
    ['GET', '/exits/an-exit/report', 'report'],
    ['POST', '/exits/an-exit/decision', 'decide'],
    ['POST', '/exits/an-exit/decision/preview', 'decide'],
    ['POST', '/exits/an-exit/confirmation', 'decide', 'resolve'],
    ['POST', '/exits/an-exit/rejection', 'decide', 'resolve'],
    ['POST', '/exits/an-exit/amendment', 'amend'],
    ['POST', '/exits/an-exit/hand-over', 'amend'],
    ['POST', '/hand-over', 'amend'],
    ['POST', '/exits/an-exit/resolve', 'resolve'],
    ['POST', '/exits/an-exit/resolve/preview', 'resolve'],
    ['POST', '/exits/an-exit/interview', 'interview'],
  ] as const;
  const bodyOf = (method: string) => (method === 'POST' ? {} : undefined);
  const bodies: Record<string, object> = {
    '/exits': { employeeId: 'E-none' },
    '/exits/preview': { employeeId: 'E-none' },
    '/cloudevents': { ...event, data: { employeeId: 'E-none' } },
    '/table/preview': { csv: 'employeeId\nE-none' },
    '/table': { csv: 'employeeId\nE-none', confirm: 1 },
    '/openings/confirmation': { employeeIds: ['E-none'] },
    '/openings/rejection': { employeeIds: ['E-none'] },
    '/exits/an-exit/decision': { outcome: 'leaving' },
    '/exits/an-exit/decision/preview': { outcome: 'leaving' },
    '/exits/an-exit/confirmation': { number: 1 },
    '/exits/an-exit/rejection': { number: 1 },
    '/exits/an-exit/amendment': { lastWorkingDay: '2999-01-31' },
    '/exits/an-exit/hand-over': { to: 'hr@acme.example' },
    '/hand-over': { from: 'old@acme.example', to: 'hr@acme.example' },
    '/exits/an-exit/resolve': { step: 'notify-manager', action: 'retry' },
    '/exits/an-exit/resolve/preview': { step: 'notify-manager', action: 'retry' },
    '/exits/an-exit/interview': { next: true },
  };

  it('lets each role, and each scope, do its own acts only', async () => {
    const may: [JWTPayload, string[]][] = [
      [hr, ['read', 'open', 'decide', 'interview', 'report']],
      [operator, ['read', 'resolve', 'report']],
      [auditor, ['read', 'report']],
      [program, ['read', 'open']],
      [{ ...hr, scope: 'exits:read exits:report' }, ['read', 'report']],
      [{ sub: 'hris', client_id: 'hris', scope: ALL }, ['read', 'open', 'report']],
      [{ ...program, scope: '' }, []],
      // Neither a person nor a known program.
      [{ ...hr, email_verified: false }, []],
      [{ ...hr, email: undefined }, []],
      [{ ...program, client_id: 'another' }, []],
      [{ ...hr, roles: 'auditor' }, ['read', 'report']],
    ];
    for (const [who, allowed] of may)
      for (const [method, path, ...acts] of routes) {
        const { status } = await ask(who, method, path, method === 'POST' ? bodies[path] : undefined);
        const what = `${JSON.stringify(who)}: ${path}`;
        assert.equal(
          status !== 403,
          acts.some((act) => allowed.includes(act)),
          what,
        );
        assert.notEqual(status, 500, what);
        assert.notEqual(status, 400, what);
      }
  });

  it('refuses a body that names the person who acts, and names the member', async () => {
    const { exitId, employeeId } = await opened();
    const as = async (path: string, body: object, member: string): Promise<void> => {
      const { body: problem } = await refused(400, 'invalid', ask(hr, 'POST', path, body));
      assert.match(problem.detail, new RegExp(member));
    };
    await as(`/exits/${exitId}/decision`, { outcome: 'leaving', decidedBy: 'ceo@acme.example' }, 'decidedBy');
    await as('/exits', { employeeId, submittedBy: 'ceo@acme.example' }, 'submittedBy');
    await as('/exits', { employeeId, overrideBy: 'ceo@acme.example' }, 'overrideBy');
  });

  it('shows a manager the exits of the own reports, and no other', async () => {
    const mine = await opened();
    const other = await opened();
    const manager = { email: mine.manager.toUpperCase(), name: 'Maria Boss', scope: 'exits:read' };
    const seen = await ask<ExitStatus>(manager, 'GET', `/exits/${mine.exitId}`);
    assert.equal(seen.body.employeeId, mine.employeeId);
    await refused(403, 'forbidden', ask(manager, 'GET', `/exits/${other.exitId}`));
    // Whether an exit exists is not told either.
    await refused(403, 'forbidden', ask(manager, 'GET', `/exits/${randomUUID()}`));
    await refused(403, 'forbidden', ask(manager, 'GET', `/exits/${mine.exitId}/report`));
    await refused(
      403,
      'forbidden',
      ask(manager, 'POST', `/exits/${mine.exitId}/decision`, bodies['/exits/an-exit/decision']),
    );
    const ids = await eventually('the list', async () => {
      const { body } = await ask<{ exits: { exitId: string }[] }>(manager, 'GET', '/exits');
      return body.exits.length > 0 ? body.exits.map(({ exitId }) => exitId) : undefined;
    });
    assert.deepEqual(ids, [mine.exitId]);
  });

  it('shows no exits to HR’s stand-in for a missing manager, who is not the manager', async () => {
    const { exitId } = await opened('orchestrated', { manager: null });
    await refused(403, 'forbidden', ask({ email: HR, scope: 'exits:read' }, 'GET', `/exits/${exitId}`));
  });

  it('says that it cannot tell whose report an employee is, while the directory is down', async () => {
    const { exitId, manager } = await opened();
    await world.takeDown('directory');
    const cold = await startHttpServer(world, issuer.issuer);
    const token = await issuer.token({ email: manager, scope: 'exits:read' }, cold.audience);
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${cold.url}/api/v1/exits/${exitId}`, { headers });
    const { detail } = (await response.json()) as Problem;
    const list = await fetch(`${cold.url}/api/v1/exits`, { headers });
    const { exits, problems } = (await list.json()) as { exits: unknown[]; problems: string[] };
    await cold.stop();
    assert.equal(response.status, 503);
    assert.match(detail, /^Whether the employee reports to you cannot be told: /);
    assert.deepEqual(exits, []);
    assert.match(problems.join(), /the directory has not told who \d+ of the employees are/);
  });

  it('lets no employee act on their own exit, whatever their role', async () => {
    const nora = await opened();
    await world.untilIn('awaiting-decision', nora);
    const self = { email: nora.email.toUpperCase(), name: 'Nora', roles: ['hr', 'operator'], scope: ALL };
    const path = `/exits/${nora.exitId}`;
    await refused(409, 'not-allowed', ask(self, 'POST', `${path}/decision`, { outcome: 'retained' }));
    await refused(403, 'forbidden', ask(self, 'POST', `${path}/interview`, { next: true }));
    const skip = { step: 'notify-manager', action: 'skip' };
    await refused(403, 'forbidden', ask(self, 'POST', `${path}/resolve`, skip));
    const again = { employeeId: nora.employeeId, override: true };
    await refused(403, 'forbidden', ask(self, 'POST', '/exits', again));
  });

  it('records an operator who mends a stuck step', async () => {
    await world.takeDown('mail');
    const nora = await world.hire({ on: ['payroll'] });
    const { body } = await ask<{ exitId: string }>(program, 'POST', '/exits', {
      employeeId: nora.employeeId,
    });
    const path = `/exits/${body.exitId}`;
    const skipped = await eventually('the step', async () => {
      const skip = { step: 'notify-manager', action: 'skip', evidence: 'told by phone' };
      const answer = await ask<{ by: string }>(operator, 'POST', `${path}/resolve`, skip);
      return answer.status === 200 ? answer.body : undefined;
    });
    assert.equal(skipped.by, IT);
  });

  it('answers the repetition of a request with an Idempotency-Key as it answered the request', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    const key = { 'idempotency-key': randomUUID() };
    const [first, second] = await Promise.all([
      ask(program, 'POST', '/exits', { employeeId }, key),
      ask(program, 'POST', '/exits', { employeeId }, key),
    ]);
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.deepEqual(first.body, second.body);
    // A server that starts anew remembers no key; the exit does.
    const restarted = await startHttpServer(world, issuer.issuer);
    const response = await fetch(`${restarted.url}/api/v1/exits`, {
      method: 'POST',
      headers: {
        ...key,
        authorization: `Bearer ${await issuer.token(program, restarted.audience)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ employeeId }),
    });
    await restarted.stop();
    assert.deepEqual([response.status, await response.json()], [201, first.body]);
    const other = { employeeId, reason: 'another' };
    await refused(422, 'idempotency-key-reused', ask(program, 'POST', '/exits', other, key));
    // Without the key, and with the same one of another caller, it is a second exit.
    await refused(409, 'already-open', ask(program, 'POST', '/exits', { employeeId }));
    await refused(409, 'already-open', ask({ ...program, sub: 'b' }, 'POST', '/exits', { employeeId }, key));
  });

  it('opens one exit for one CloudEvent, in binary and structured mode, however often it comes', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    const source = '/hris/Zürich';
    const binary = {
      ...{ 'ce-specversion': '1.0', 'ce-type': 'employee.resigned', 'ce-id': 'r 1' },
      'ce-source': encodeURIComponent(source),
    };
    const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    const data = { employeeId, form: 'choreographed', reason: 'moves away' };
    const first = await ask<{ exitId: string }>(program, 'POST', '/cloudevents', data, binary);
    assert.equal(first.status, 201, JSON.stringify(first.body));
    assert.equal(first.headers.get('location'), `/api/v1/exits/${first.body.exitId}`);
    const same = { ...event, id: 'r 1', source, time: '2026-11-26T00:00:00Z', data };
    const again = await ask(program, 'POST', '/cloudevents', same, structured);
    assert.deepEqual([again.status, again.body], [201, first.body]);
    const { body: problem } = await refused(
      409,
      'already-open',
      ask(program, 'POST', '/cloudevents', { ...same, id: 'r 2' }, structured),
    );
    assert.equal(problem.facts['exitId'], first.body.exitId);
  });

  it('refuses what is no CloudEvent of a resignation, and names the attribute', async () => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    const data = { employeeId: 'E-none' };
    const wrong: [object, RegExp][] = [
      [{ ...event, data, specversion: '0.3' }, /^specversion: must be 1\.0/],
      [{ ...event, data, id: '' }, /^id: must be set/],
      [{ ...event, data, source: undefined }, /^source: must be set/],
      [{ ...event, data, type: 'employee.hired' }, /^type: must be employee\.resigned/],
      [{ ...event, data: { employeeId: 'E 1' } }, /^data\.employeeId: must be/],
      [{ ...event, data: { ...data, submittedBy: 'ceo@acme.example' } }, /submittedBy/],
    ];
    for (const [body, sentence] of wrong) {
      const answer = await refused(400, 'invalid', ask(program, 'POST', '/cloudevents', body, headers));
      assert.match(answer.body.detail, sentence);
    }
    const garbled = { 'ce-specversion': '1.0', 'ce-id': '%' };
    await refused(400, 'invalid', ask(program, 'POST', '/cloudevents', data, garbled));
    const batch = { 'content-type': 'application/cloudevents-batch+json' };
    await refused(415, 'invalid', ask(program, 'POST', '/cloudevents', [], batch));
  });

  it('pages through the list by cursor, with each exit once, also where one is opened meanwhile', async () => {
    const all: string[] = [];
    for (let i = 0; i < 4; i++) all.push((await opened('choreographed')).exitId);
    interface Page {
      exits: { exitId: string }[];
      next?: string;
    }
    const seen: string[] = [];
    let cursor = '';
    do {
      const path = `/exits?open=true&form=choreographed&limit=3${cursor && `&cursor=${cursor}`}`;
      const { body }: Answered<Page> = await ask<Page>(auditor, 'GET', path);
      assert.ok(body.exits.length <= 3);
      seen.push(...body.exits.map(({ exitId }) => exitId));
      if (seen.length === 3) await opened('choreographed');
      cursor = body.next ?? '';
    } while (cursor);
    assert.equal(new Set(seen).size, seen.length);
    for (const exitId of all) assert.ok(seen.includes(exitId));
    await refused(400, 'invalid', ask(auditor, 'GET', '/exits?cursor=guessed'));
    await refused(400, 'invalid', ask(auditor, 'GET', '/exits?limit=0'));
    await refused(400, 'invalid', ask(auditor, 'GET', '/exits?opne=true'));
  });

  it('publishes a valid OpenAPI 3.1 document with each of its endpoints', async () => {
    const { body } = await ask<{ openapi: string; paths: Record<string, object> }>(
      undefined,
      'GET',
      '/openapi.json',
    );
    const { valid, errors } = await new Validator().validate(structuredClone(body));
    assert.ok(valid, JSON.stringify(errors));
    assert.match(body.openapi, /^3\.1/);
    const documented = Object.entries(body.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const known = [
      ...routes.map(
        ([method, path]) => `${method} ${path.replace('an-exit', '{exitId}').replace(/\?.*/, '')}`,
      ),
      'GET /me',
      'POST /webhooks/{source}',
    ];
    assert.deepEqual(documented.toSorted(), known.toSorted());
  });

  it('refuses what it does not know, a name that is not its own, and a body that is too large', async () => {
    await refused(404, 'unknown-page', ask(hr, 'GET', '/employees'));
    await refused(400, 'invalid', ask(hr, 'POST', '/exits', { employeeId: 'E 1' }));
    const reason = 'x'.repeat(100_000);
    await refused(413, 'invalid', ask(hr, 'POST', '/exits', { employeeId: 'E-1', reason }));
    const long = { csv: `employeeId\n${'E 1\n'.repeat(400)}${'\n'.repeat(90_000)}` };
    const { status, headers } = await ask(hr, 'POST', '/table/preview', long);
    assert.equal(status, 200, 'a table may be longer');
    assert.equal(headers.get('location'), null, 'a preview opens nothing');
    const elsewhere = new URL(`${server.url}/api/v1/exits`);
    elsewhere.hostname = 'localhost';
    assert.equal((await fetch(elsewhere)).status, 421);
  });

  it('refuses an address that asks too often, but never a probe', async () => {
    const slow = await startHttpServer(world, issuer.issuer, undefined, 2);
    const statuses: number[] = [];
    for (const path of ['/api/v1/exits', '/api/v1/openapi.json', '/api/v1/exits', '/', '/healthz'])
      statuses.push((await fetch(`${slow.url}${path}`)).status);
    await slow.stop();
    assert.deepEqual(statuses, [401, 200, 429, 429, 200]);
  });

  it('is ready while the engines and the identity provider answer', async () => {
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    const alone = await startHttpServer(world, 'http://127.0.0.1:9');
    assert.equal((await fetch(`${alone.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${alone.url}/readyz`)).status, 503);
    await alone.stop();
  });
});
