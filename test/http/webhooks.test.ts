import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import type { Form } from '../../src/client/forms.js';
import { ConfigError } from '../../src/config/config-error.js';
import { parseConfig, type WebhookConfig } from '../../src/config/config.js';
import type { Problem } from '../../src/http/http-problem.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { sampleText } from '../support/sample-config.js';
import { scratchFolder } from '../support/temporal.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR } from '../support/world.js';

const newSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`;
const secret = newSecret();
const rotated = newSecret();

function webhooksIn(text: string, env: Record<string, string>): WebhookConfig[] {
  return parseConfig(`${sampleText}\n${text}`, 'ems.config.yaml', env).webhooks;
}
const example = (name: string, kind: 'yaml' | 'json'): string =>
  readFileSync(`examples/hris/${name}.${kind}`, 'utf8');

const own = (form: Form): string => `
webhooks:
  - source: ${form}
    secretsEnv: OWN
    opens: { /kind: resigned }
    withdraws: { /kind: [withdrawn, cancelled], /confirmed: true }
    withdrawnBy: ${HR}
    employeeId: /person/number
    lastWorkingDay: /person/last
    reason: /why
    form: ${form === 'orchestrated' ? '/how' : form}
`;

interface Answered {
  status: number;
  type: string;
  outcomes: { outcome: string; exitId?: string; form?: string; code?: string; detail?: string }[];
  problem: Problem;
}

describe('a webhook of an HRIS', () => {
  let world: BothFormsWorld;
  let issuer: TokenIssuer;
  let server: HttpServer;
  before(async () => {
    [world, issuer] = await Promise.all([startBothForms(), startTokenIssuer()]);
    const secrets = `${rotated} ${secret}`;
    world.config.webhooks = [
      ...webhooksIn(own('orchestrated'), { OWN: secrets }),
      ...webhooksIn(own('choreographed'), { OWN: secret }),
      ...webhooksIn(example('bamboohr', 'yaml'), { BAMBOOHR_WEBHOOK_SECRETS: secret }),
      ...webhooksIn(example('hibob', 'yaml'), { HIBOB_WEBHOOK_SECRETS: secret }),
      ...webhooksIn(example('gusto', 'yaml'), { GUSTO_WEBHOOK_SECRETS: secret }),
    ];
    server = await startHttpServer(world, issuer.issuer);
  });
  afterEach(() => world.mend());
  after(async () => {
    await server.stop();
    await issuer.stop();
    await world.stop();
  });

  interface Sending {
    id?: string;
    by?: string;
    /** Seconds from now. */
    at?: number;
    to?: HttpServer;
    signed?: Record<string, string>;
  }

  async function send(source: string, payload: unknown, sending: Sending = {}): Promise<Answered> {
    const { id = `msg_${randomUUID()}`, by = secret, at = 0, to = server, signed } = sending;
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const now = new Date(Date.now() + at * 1000);
    const response = await fetch(`${to.url}/api/v1/webhooks/${source}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signed ?? {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': new Webhook(by).sign(id, now, body),
        }),
      },
      body,
    });
    const answer = (await response.json()) as Problem & Pick<Answered, 'outcomes'>;
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, outcomes: answer.outcomes, problem: answer };
  }

  const resigned = (employeeId: string, more = {}) => ({
    kind: 'resigned',
    person: { number: employeeId },
    how: 'orchestrated',
    ...more,
  });

  async function refused(status: number, code: string, sending: Promise<Answered>): Promise<string> {
    const { status: answered, problem, type } = await sending;
    assert.deepEqual([answered, problem.code], [status, code], problem.detail);
    assert.match(type, /^application\/problem\+json/);
    return problem.detail;
  }

  for (const form of ['orchestrated', 'choreographed'] as const) {
    it(`opens one exit of the ${form} form for one delivery, however often it comes`, async () => {
      const nora = await world.hire({ on: ['payroll'] });
      const payload = resigned(nora.employeeId, {
        why: 'moves away',
        person: { number: nora.employeeId, last: '2999-01-31T00:00:00Z' },
      });
      const id = 'msg_the same';
      const both = await Promise.all([send(form, payload, { id }), send(form, payload, { id })]);
      // A new process remembers nothing.
      const other = await startHttpServer(world, issuer.issuer);
      const again = await send(form, payload, { id, to: other });
      await other.stop();
      const all = [...both, again].flatMap(({ outcomes }) => outcomes);
      assert.deepEqual(all.map(({ outcome }) => outcome).toSorted(), ['opened', 'repeated', 'repeated']);
      assert.equal(new Set(all.map(({ exitId }) => exitId)).size, 1);
      const status = await world.application.status({ employeeId: nora.employeeId });
      assert.deepEqual(
        [status.exitId, status.form, status.lastWorkingDay],
        [all[0]!.exitId, form, '2999-01-31'],
      );
      // Another delivery is another request.
      const [second] = (await send(form, payload)).outcomes;
      assert.deepEqual(
        [second!.outcome, second!.code, second!.exitId],
        ['refused', 'already-open', status.exitId],
      );
    });

    it(`withdraws the exit of the ${form} form, and by a late repetition no later one`, async () => {
      const nora = await world.hire({ on: ['payroll'] });
      const { employeeId } = nora;
      const id = `msg_${randomUUID()}`;
      const [opened] = (await send(form, resigned(employeeId), { id })).outcomes;
      await world.untilIn('awaiting-decision', nora);
      const withdrawal = { kind: 'cancelled', confirmed: true, person: { number: employeeId } };
      const withdrawalId = `msg_${randomUUID()}`;
      const [withdrawn] = (await send(form, withdrawal, { id: withdrawalId })).outcomes;
      assert.deepEqual([withdrawn!.outcome, withdrawn!.exitId], ['withdrawn', opened!.exitId]);
      const { decision } = await world.untilIn('closed', nora);
      assert.deepEqual([decision!.outcome, decision!.decidedBy], ['withdrawn', HR]);
      // The repetition of the opening opens none.
      assert.equal((await send(form, resigned(employeeId), { id })).outcomes[0]!.outcome, 'repeated');
      const [later] = (await send(form, resigned(employeeId))).outcomes;
      assert.equal(later!.outcome, 'opened');
      const [repeated] = (await send(form, withdrawal, { id: withdrawalId })).outcomes;
      assert.deepEqual([repeated!.outcome, repeated!.exitId], ['repeated', opened!.exitId]);
      assert.equal((await world.application.status({ employeeId })).decision, undefined);
    });
  }

  it('opens exits from the payloads of BambooHR, HiBob and Gusto by the mappings of examples/hris', async () => {
    const [ben, eva, kim] = [await world.hire(), await world.hire(), await world.hire()];
    const bamboo = example('bamboohr', 'json').replace('ben.okafor@acme.example', ben.email);
    const first = await send('bamboohr', bamboo);
    assert.deepEqual(
      first.outcomes.map(({ outcome }) => outcome),
      ['opened', 'ignored'],
    );
    assert.equal((await world.application.status(ben)).lastWorkingDay, '2027-01-31');

    const [bob] = (await send('hibob', example('hibob', 'json').replace('E-1002', eva.employeeId))).outcomes;
    assert.deepEqual([bob!.outcome, bob!.form], ['opened', 'choreographed']);

    const gusto = example('gusto', 'json').replace('E-1002', kim.employeeId);
    const [terminated] = (await send('gusto', gusto)).outcomes;
    assert.equal(terminated!.outcome, 'opened');
    await world.untilIn('awaiting-decision', kim);
    const cancelled = gusto.replace('employee.terminated', 'employee.termination_cancelled');
    const [withdrawn] = (await send('gusto', cancelled)).outcomes;
    assert.deepEqual([withdrawn!.outcome, withdrawn!.exitId], ['withdrawn', terminated!.exitId]);
    const [other] = (await send('gusto', gusto.replace('employee.terminated', 'employee.rehired'))).outcomes;
    assert.equal(other!.outcome, 'ignored');
  });

  it('takes each accepted secret, and refuses every other signature', async () => {
    const payload = { kind: 'another' };
    for (const by of [secret, rotated])
      assert.equal((await send('orchestrated', payload, { by })).status, 200);
    const id = 'msg_1';
    const now = Math.floor(Date.now() / 1000);
    const signature = new Webhook(secret).sign(id, new Date(now * 1000), JSON.stringify(payload));
    const signed = { 'webhook-id': id, 'webhook-timestamp': String(now), 'webhook-signature': signature };
    assert.equal((await send('orchestrated', payload, { signed })).status, 200);
    const without = (name: string) => ({ ...signed, [name]: '' });
    const tampered: Sending[] = [
      { by: newSecret() },
      { at: -301 },
      { at: 301 },
      { signed: {} },
      { signed: without('webhook-id') },
      { signed: without('webhook-timestamp') },
      { signed: without('webhook-signature') },
      { signed: { ...signed, 'webhook-id': 'msg_2' } },
      { signed: { ...signed, 'webhook-timestamp': String(now + 1) } },
      { signed: { ...signed, 'webhook-signature': signature.replace('v1,', 'v1a,') } },
      { signed: { ...signed, 'webhook-signature': 'v1' } },
    ];
    for (const sending of tampered)
      await refused(401, 'unauthenticated', send('orchestrated', payload, sending));
    // The secret of one source is none of another.
    await refused(401, 'unauthenticated', send('choreographed', payload, { by: rotated }));
    await refused(401, 'unauthenticated', send('orchestrated', { kind: 'more' }, { signed }));
  });

  it('names the pointer where the payload lacks what the mapping needs, and judges each employee alone', async () => {
    const to = (payload: object) =>
      refused(422, 'unmapped', send('orchestrated', { kind: 'resigned', ...payload }));
    assert.match(await to({}), /\/person\/number: must name the employee, and is missing/);
    assert.match(await to({ person: { number: { a: 1 } } }), /\/person\/number: must be a text or a number/);
    assert.match(await to({ person: { number: 'E 1' } }), /\/person\/number: must be 1 to 64 letters/);
    const person = { number: 'E-1', last: '31.01.2027' };
    assert.match(await to({ person }), /\/person\/last: must be a date such as/);
    assert.match(await to({ person: { number: 4711 } }), /\/how: must be one of .*, and is missing/);
    await refused(422, 'unmapped', send('bamboohr', { employees: {} }));
    await refused(422, 'unmapped', send('bamboohr', []));

    const ben = await world.hire();
    const bamboo = JSON.parse(example('bamboohr', 'json').replace('ben.okafor@acme.example', ben.email)) as {
      employees: object[];
    };
    bamboo.employees.unshift({ action: 'Updated', fields: { 'Employment Status': { value: 'Terminated' } } });
    const detail = await refused(422, 'unmapped', send('bamboohr', bamboo));
    assert.match(detail, /\/employees\/0\/fields\/Work Email\/value: must name the employee/);
    assert.equal((await world.application.status(ben)).employeeId, ben.employeeId);
  });

  it('answers what no repetition mends with 200 and the reason, and an outage with 503', async () => {
    const unknown = await send('orchestrated', resigned('E-no-such-one'));
    assert.deepEqual([unknown.status, unknown.outcomes[0]!.code], [200, 'unknown-employee']);
    const stranger = example('bamboohr', 'json').replace('ben.okafor', 'no.such.one');
    assert.equal((await send('bamboohr', stranger)).outcomes[0]!.code, 'unknown-employee');
    const withdrawal = { kind: 'withdrawn', confirmed: true, person: { number: 'E-no-such-one' } };
    assert.equal((await send('orchestrated', withdrawal)).outcomes[0]!.code, 'no-exit');

    const ben = await world.hire();
    const bamboo = example('bamboohr', 'json').replace('ben.okafor@acme.example', ben.email);
    await world.takeDown('directory');
    const id = `msg_${randomUUID()}`;
    assert.match(
      await refused(503, 'unreachable', send('bamboohr', bamboo, { id })),
      /^Whose .* does not tell/,
    );
    await world.bringUp('directory');
    assert.equal((await send('bamboohr', bamboo, { id })).outcomes[0]!.outcome, 'opened');
  });

  it('opens the exit of an employee whose last working day is over, and says so', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    const person = { number: employeeId, last: '2020-01-31' };
    const [late] = (await send('choreographed', resigned(employeeId, { person }))).outcomes;
    assert.equal(late!.outcome, 'opened');
    assert.match(late!.detail!, /^The last working day 2020-01-31 is over/);
  });

  it('refuses another source, what is no JSON, and a body that is too large', async () => {
    await refused(404, 'unknown-page', send('workday', {}));
    await refused(400, 'invalid', send('orchestrated', '{'));
    await refused(413, 'invalid', send('orchestrated', { why: 'x'.repeat(300_000) }));
    await refused(400, 'invalid', send('orchestrated', {}, { id: 'x'.repeat(256) }));
  });

  it('reads its secrets from a file that a variable names, and refuses the start without them', async () => {
    const file = path.join(await scratchFolder(), 'secrets');
    await writeFile(file, `${secret}\n${rotated}\n`);
    const [webhook] = webhooksIn(own('orchestrated'), { OWN_FILE: file });
    assert.deepEqual(webhook!.secrets, [secret, rotated]);
    const wrong: [Record<string, string>, RegExp][] = [
      [{}, /webhooks\[0\]\.secretsEnv \(orchestrated\): the environment variable OWN is not set/],
      [{ OWN: 'whsec_short' }, /OWN must have one or more secrets such as whsec_…/],
      [{ OWN_FILE: `${file}-none` }, /OWN_FILE: ENOENT/],
    ];
    for (const [env, sentence] of wrong) {
      const config = { ...world.config, webhooks: webhooksIn(own('orchestrated'), env) };
      await assert.rejects(
        startHttpServer({ ...world, config }, issuer.issuer),
        (error: Error) => error instanceof ConfigError && sentence.test(error.message),
      );
    }
  });
});
