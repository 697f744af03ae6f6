import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applicationOf } from '../../src/client/application.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { oddText } from '../support/odd-text.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR } from '../support/world.js';

const RUNS = 300;

const acts = [
  'decision',
  'confirmation',
  'rejection',
  'amendment',
  'hand-over',
  'resolve',
  'interview',
  'report',
];
const fields = [
  ...[
    'employeeId',
    'form',
    'outcome',
    'decidedBy',
    'note',
    'effectiveOn',
    'lastWorkingDay',
    'step',
    'action',
  ],
  ...['system', 'start', 'to', 'number', '__proto__', 'constructor', 'toString'],
];
const value = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('leaving', '2026-02-30', 'choreographed'),
);
const body = fc.oneof(
  fc.jsonValue().map((json) => JSON.stringify(json)),
  fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 6 }).map((json) => JSON.stringify(json)),
  oddText,
);
const wellFormed = fc
  .tuple(fc.option(oddText), fc.option(fc.constantFrom(...acts)), fc.option(oddText))
  .map(([exitId, act, query]) => {
    const rest = [exitId, act].filter((part) => part !== null).map(encode);
    const asked = query === null ? '' : `?employeeId=${encode(query)}&cursor=${encode(query)}`;
    return ['/exits', ...rest].join('/') + asked;
  });
const path = fc.oneof(
  { weight: 9, arbitrary: wellFormed },
  fc.constantFrom('/exits/%zz', '/exits/%', '/exits/%ff/decision', '/exits?employeeId=%zz', '//'),
);

/** A lone surrogate cannot be sent, and Node.js itself refuses a request line of 16 KB. */
const encode = (text: string): string => encodeURIComponent(Buffer.from(text.slice(0, 1_000)).toString());

describe('the HTTP API, on requests that no program meant', () => {
  let world: ChoreographedWorld;
  let issuer: TokenIssuer;
  let server: HttpServer;
  let token: string;
  before(async () => {
    [world, issuer] = await Promise.all([startChoreographedWorld({ services: [] }), startTokenIssuer()]);
    const { exits, config, env } = world;
    const application = applicationOf({ choreographed: () => Promise.resolve(exits) }, () => config);
    server = await startHttpServer({ application, config, env }, issuer.issuer);
    const scope = ['read', 'open', 'decide', 'amend', 'resolve', 'interview', 'report'].map(
      (act) => `exits:${act}`,
    );
    token = await issuer.token(
      { email: HR, name: 'Hanna HR', roles: ['hr', 'operator'], scope: scope.join(' ') },
      server.audience,
    );
  });
  after(async () => {
    await server.stop();
    await issuer.stop();
    await world.stop();
  });

  it('answers each with a problem that says what is wrong, opens no exit, and serves on', async () => {
    await fc.assert(
      fc.asyncProperty(path, body, fc.constantFrom('GET', 'POST'), async (where, sent, method) => {
        const response = await fetch(`${server.url}/api/v1${where}`, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(method === 'POST' && { body: sent }),
        });
        const answer = (await response.json()) as { status: number; detail: string; exits?: unknown[] };
        if (response.status === 200) return assert.deepEqual(answer.exits, []);
        assert.ok(
          response.status >= 400 && response.status < 500,
          `${response.status} ${JSON.stringify(answer)}`,
        );
        assert.match(response.headers.get('content-type')!, /^application\/problem\+json/);
        assert.equal(answer.status, response.status);
        assert.ok(answer.detail.length > 0 && answer.detail.length < 2_000, answer.detail);
        assert.doesNotMatch(answer.detail, /TypeError|Cannot read|node_modules/);
      }),
      { numRuns: RUNS },
    );
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.deepEqual(await world.exits.list({}), []);
  });
});
