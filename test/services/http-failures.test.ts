/** What the answers and the silence of an HTTP server mean: an outage, a pause, or the end of an attempt. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import { createExchange } from '../../src/services/protocols/http-exchange.js';
import { RetryAfter } from '../../src/services/protocols/retry-after.js';
import { finalFailure, outage } from '../support/failures.js';
import { makeCertificate, opensslLacks } from '../support/certificate.js';

const { signal } = new AbortController();
const TOKEN = 'secret-token';
const JSON_TYPE = { 'content-type': 'application/json' };
const request = { what: 'ask', method: 'GET', path: '/Users' };

describe('an HTTP server of the hold', () => {
  let server: http.Server;
  let answer: { status: number; headers?: http.OutgoingHttpHeaders; body?: string };
  let requests = 0;
  before(async () => {
    server = http.createServer((_request, response) => {
      requests += 1;
      response.writeHead(answer.status, answer.headers ?? JSON_TYPE).end(answer.body ?? '');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => void server.close());

  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const exchange = (url = base(), token = TOKEN) =>
    createExchange({ name: 'payroll', base: url, token, requestTimeoutMs: 2000 });
  /** @returns what the answer fails with */
  async function failure(given: typeof answer, on = exchange()): Promise<Error> {
    answer = given;
    try {
      return on.failure(await on.send(request, signal), 'ask');
    } catch (error) {
      return error as Error;
    }
  }
  const detail = (text: string) => JSON.stringify({ detail: text });

  const waits: [what: string, given: typeof answer, seconds: number | undefined][] = [
    ['429 with seconds', { status: 429, headers: { 'retry-after': '60' } }, 60],
    ['403 with seconds', { status: 403, headers: { 'retry-after': '7' } }, 7],
    ['503 with a page and seconds', { status: 503, headers: { 'retry-after': '9' }, body: '<html>' }, 9],
    ['400 with seconds', { status: 400, headers: { 'retry-after': '5' } }, 5],
    [
      'a date by its own clock',
      {
        status: 429,
        headers: { date: 'Thu, 01 Jan 2015 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2015 00:00:30 GMT' },
      },
      30,
    ],
    ['a date far away', { status: 429, headers: { 'retry-after': 'Sat, 01 Jan 2101 00:00:00 GMT' } }, 3600],
    ['more seconds than an hour has', { status: 503, headers: { 'retry-after': '86400' } }, 3600],
    ['a fraction of a second', { status: 429, headers: { 'retry-after': '1.6' } }, 2],
    ["two headers, of which one is a proxy's", { status: 429, headers: { 'retry-after': '5, 30' } }, 30],
    [
      '429 with the one field of the newer drafts',
      { status: 429, headers: { ratelimit: '"default";r=0;t=25' } },
      25,
    ],
    [
      '403 with an exhausted limit that resets in seconds',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '40' } },
      40,
    ],
  ];
  for (const [what, given, seconds] of waits) {
    it(`is given the time that it asks for: ${what}`, async () => {
      const error = await failure(given);
      assert.ok(error instanceof RetryAfter, error.message);
      assert.equal(Math.round(error.afterMs / 1000), seconds);
      assert.match(
        error.message,
        /^payroll answered \d+ to "ask".*; it asks to wait \d+ s(, and is asked again after 3600 s)?; the next attempt waits until 20.*Z$/,
      );
    });
  }

  // Retry-After: in the past, negative or unreadable.
  for (const value of ['0', '-5', 'Thu, 01 Jan 2015 00:00:00 GMT', 'soon'])
    it(`is retried as usual after a 403 that asks to wait "${value}"`, async () => {
      const error = await failure({ status: 403, headers: { 'retry-after': value } });
      assert.ok(!(error instanceof FinalFailure) && !(error instanceof RetryAfter), error.message);
    });

  it('is given the time until its exhausted limit resets at a date', async () => {
    const at = new Date(Date.now() + 600_000).toISOString();
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': at };
    const error = await failure({ status: 429, headers });
    assert.ok(error instanceof RetryAfter && error.afterMs > 500_000 && error.afterMs <= 600_000);
  });

  const limits: [status: number, body: object, headers?: http.OutgoingHttpHeaders][] = [
    [403, { message: 'API rate limit exceeded for installation ID 7.' }],
    [403, { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' }],
    [403, { error: { code: 403, message: 'Quota exceeded', errors: [{ reason: 'userRateLimitExceeded' }] } }],
    [403, [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }] as object],
    [400, { scimType: 'tooMany', detail: 'more than the server is willing to process' }],
    [400, { __type: 'ThrottlingException', Message: 'Rate exceeded' }],
    [400, { detail: 'The request was throttled' }],
    [500, { detail: 'Too many requests' }],
    [200, { ok: false, error: 'ratelimited' }],
    [403, {}, { 'x-ratelimit-remaining': '0' }],
  ];
  for (const [status, body, headers = {}] of limits)
    it(`is asked again slowly where ${status} ${JSON.stringify(body)} says that it limits, and not for how long`, async () => {
      const given = { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
      const error = await failure(given);
      assert.ok(error instanceof RetryAfter, error.message);
      assert.equal(error.afterMs, 60_000);
      assert.match(error.message, /; its rate limit is exhausted; the next attempt waits until 20/);
    });

  it('is given the time until its exhausted limit resets at a point of time', async () => {
    const reset = String(Math.round(Date.now() / 1000) + 1000);
    const headers = { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': reset };
    const error = await failure({ status: 429, headers });
    assert.ok(error instanceof RetryAfter && error.afterMs > 900_000 && error.afterMs <= 1_001_000);
  });

  it('is not asked again by any attempt before the time that it asked for', async () => {
    const one = exchange();
    await failure({ status: 429, headers: { 'retry-after': '60' } }, one);
    const before = requests;
    const waiting = await one.send(request, signal).catch((error: unknown) => error);
    assert.ok(waiting instanceof RetryAfter && waiting.afterMs > 50_000);
    assert.match(
      waiting.message,
      /^"ask" waits, since payroll answered 429 to "ask"; it asks to wait 60 s; the next attempt waits until 20/,
    );
    assert.equal(requests, before);
  });

  const outages: [what: string, given: typeof answer][] = [
    ...[408, 409, 420, 421, 423, 425, 429, 500, 502, 503, 504, 520, 523, 527, 529].map(
      (status): [string, typeof answer] => [String(status), { status }],
    ),
    ['500 with a reason that is no rule', { status: 500, body: detail('cannot get a connection') }],
    ['500 of a database in trouble', { status: 500, body: detail('not allowed in a read-only transaction') }],
    ['409 with a reason that passes', { status: 409, body: detail('another operation is in progress') }],
    ['400 with a reason that passes', { status: 400, body: detail('locked, try again later') }],
    ['200 with an error', { status: 200, body: JSON.stringify({ error: 'internal' }) }],
    ...[200, 400, 403, 404, 501].map((status): [string, typeof answer] => [
      `${status} with a web page`,
      { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<h1>Sorry</h1>' },
    ]),
    ['a web page under another type', { status: 404, body: '\n<!DOCTYPE html><p>Sorry' }],
  ];
  for (const [what, given] of outages) {
    it(`is retried after ${what}`, async () => {
      const error = await failure(given);
      assert.ok(!(error instanceof FinalFailure) && !(error instanceof RetryAfter), error.message);
    });
  }

  const finals: [what: string, given: typeof answer, message: string][] = [
    ['401', { status: 401 }, '; check the token of payroll'],
    [
      '401 with a web page',
      { status: 401, headers: { 'content-type': 'text/html' } },
      '; check the token of payroll',
    ],
    ['403', { status: 403 }, ': check the token of payroll and its permissions'],
    [
      '403 with a reason',
      { status: 403, body: detail('the last owner cannot be removed') },
      ': the last owner cannot be removed; mend that on payroll and retry',
    ],
    [
      '500 with a rule',
      { status: 500, body: detail('The last owner cannot be removed') },
      ': The last owner cannot be removed; mend that on payroll and retry',
    ],
    [
      '409 with a rule',
      { status: 409, body: detail('the group is managed by Active Directory') },
      ': the group is managed by Active Directory; mend that on payroll and retry',
    ],
    [
      '409 of uniqueness',
      { status: 409, body: JSON.stringify({ scimType: 'uniqueness', detail: 'taken' }) },
      ': taken (uniqueness); mend that on payroll and retry',
    ],
    [
      '401 whose header has the reason',
      {
        status: 401,
        headers: {
          'www-authenticate': 'Bearer error="invalid_token", error_description="The token expired"',
        },
      },
      ': The token expired; check the token of payroll',
    ],
    [
      '403 for lack of a scope',
      {
        status: 403,
        headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="scim.write"' },
      },
      ': insufficient_scope (scim.write): give the token of payroll the permission that it lacks, and retry',
    ],
    [
      '403 about a group by a misleading name',
      { status: 403, body: detail('rate-limit-admins is protected') },
      ': rate-limit-admins is protected; mend that on payroll and retry',
    ],
    [
      '400 of Okta',
      {
        status: 400,
        body: JSON.stringify({
          errorSummary: 'Api validation failed',
          errorCauses: [{ errorSummary: 'status' }],
        }),
      },
      ': Api validation failed: status',
    ],
    [
      '400 by field',
      { status: 400, body: JSON.stringify({ errors: { active: 'cannot be false' } }) },
      ': active: cannot be false',
    ],
    [
      '400 of SailPoint',
      {
        status: 400,
        body: JSON.stringify({ detailCode: '400.1', messages: [{ locale: 'en', text: 'no' }] }),
      },
      ': no',
    ],
    [
      '400 of OData',
      { status: 400, body: JSON.stringify({ error: { code: 'X', message: { lang: 'en', value: 'no' } } }) },
      ': no',
    ],
    [
      '403 with problem details',
      { status: 403, body: JSON.stringify({ title: 'Forbidden', detail: 'owners stay', status: 403 }) },
      ': owners stay; mend that on payroll and retry',
    ],
    ['501', { status: 501 }, ''],
    ['505', { status: 505 }, ''],
    [
      '400 with a type',
      { status: 400, body: JSON.stringify({ scimType: 'mutability', detail: 'Attribute is\nread-only' }) },
      ': Attribute is read-only (mutability)',
    ],
    [
      '422 in other words',
      { status: 422, body: JSON.stringify({ error: { message: 'no such thing' } }) },
      ': no such thing',
    ],
    ['400 of SCIM 1.1', { status: 400, body: JSON.stringify({ Errors: [{ description: 'bad' }] }) }, ': bad'],
    [
      '404 in plain text',
      { status: 404, headers: { 'content-type': 'text/plain' }, body: 'gone ' },
      ': gone',
    ],
    [
      'a redirect, which could carry the token to another host',
      {
        status: 302,
        headers: { location: 'https://login.example/x?key=hidden', 'content-type': 'text/html' },
        body: '<html>',
      },
      ', a redirect to login.example: configure that address if it is right',
    ],
    [
      'a redirect of the same host',
      { status: 308, headers: { location: '/v2/Users' } },
      ', a redirect to another path of the same host: configure that address if it is right',
    ],
  ];
  for (const [what, given, message] of finals) {
    it(`is asked no more after ${what}`, async () => {
      const before = requests;
      const error = await failure(given);
      assert.ok(error instanceof FinalFailure, error.message);
      assert.equal(error.message, `payroll answered ${given.status} to "ask"${message}`);
      assert.equal(requests, before + 1);
    });
  }

  const lasting: [status: number, body: object, retryAfter?: string][] = [
    [403, { detail: 'dana is the last owner of the group "maintenance" and cannot be deactivated' }],
    [403, { detail: 'The group "Temporarily Suspended" cannot be changed' }],
    [403, { detail: 'provisioning is unavailable on your plan' }],
    [400, { detail: 'immutable while in a replica domain', scimType: 'mutability' }],
    [400, { detail: 'an approval is in progress' }],
    [400, { detail: 'emails: temporarily unavailable address', scimType: 'invalidValue' }],
    [400, { detail: `${'a long word '.repeat(40)} try again later`, scimType: 'invalidValue' }],
    [500, { detail: 'dana is the last owner of the group maintenance' }],
    [403, { detail: 'license quota exceeded' }],
    [403, { detail: 'protected by policy "rate limited accounts"' }],
    [403, { detail: "dana's role is fixed by 'too many requests'" }],
    [403, { detail: 'the last owner cannot be removed' }, '1'],
    [403, { detail: 'the last owner cannot be removed' }, '0'],
  ];
  for (const [status, body, retryAfter] of lasting)
    it(`is asked no more where ${status} ${JSON.stringify(body).slice(0, 90)} names a rule${retryAfter ? `, and asks to wait ${retryAfter} s` : ''}`, async () => {
      const headers = { ...JSON_TYPE, ...(retryAfter && { 'retry-after': retryAfter }) };
      const error = await failure({ status, headers, body: JSON.stringify(body) });
      assert.ok(error instanceof FinalFailure, error.message);
    });

  const passing: [status: number, text: string][] = [
    [503, 'not allowed during maintenance'],
    [409, 'the account cannot be changed: a synchronization is in progress'],
    [403, 'Please try again later'],
  ];
  for (const [status, text] of passing)
    it(`is retried where ${status} "${text}" tells of a state that passes`, async () => {
      const error = await failure({ status, body: detail(text) });
      assert.ok(!(error instanceof FinalFailure), error.message);
    });

  it('shows the token in no message, also where it echoes it or cannot be sent it', async () => {
    assert.match(
      (await failure({ status: 403, body: detail(`${TOKEN} may not`) })).message,
      /\(the token\) may not/,
    );
    const message = await finalFailure(
      FailureType.Refused,
      exchange(base(), 'two\nlines').send(request, signal),
    );
    assert.match(message, /^payroll is not asked at http.*\(the token\)/);
  });

  it('is asked no more where its certificate does not verify, or it speaks no TLS', async function () {
    if (opensslLacks !== undefined) return this.skip();
    const secure = https.createServer(await makeCertificate(1));
    await once(secure.listen(0, '127.0.0.1'), 'listening');
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    try {
      assert.match(
        await finalFailure(FailureType.Refused, exchange(url).send(request, signal)),
        /^payroll is not asked at https:.*: self-signed certificate \(DEPTH_ZERO_SELF_SIGNED_CERT\); correct its address, port or certificate, or trust its authority/,
      );
      await finalFailure(
        FailureType.Refused,
        exchange(base().replace('http:', 'https:')).send(request, signal),
      );
    } finally {
      secure.close();
    }
  });

  it('is retried where it cannot be reached, and not where its address is refused by this side', async () => {
    const gone = http.createServer();
    await once(gone.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((resolve) => gone.close(resolve));
    assert.match(await outage(exchange(url).send(request, signal)), /cannot be reached at .*: ECONNREFUSED$/);
    const blocked = exchange('http://127.0.0.1:6000').send(request, signal);
    assert.match(await finalFailure(FailureType.Refused, blocked), /is not asked at .*: bad port;/);
  });
});
