/** Who has acted, and from where: in the record of the exit, and in the log of the server. */
import assert from 'node:assert/strict';
import type { JWTPayload } from 'jose';
import { forms } from '../../src/client/forms.js';
import type { OpenedRow } from '../../src/client/opened-row.js';
import type { EndedOpening } from '../../src/client/openings.js';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import type { ExitStatus } from '../../src/exit/status.js';
import type { Problem } from '../../src/http/http-problem.js';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { CookieBrowser } from '../support/cookie-browser.js';
import { eventually } from '../support/eventually.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR, IT, stateOf } from '../support/world.js';

const HEAD = 'head-of-hr@acme.example';
const IDA = 'ida.berg@acme.example';
const scope = 'exits:read exits:open exits:decide exits:amend exits:resolve exits:interview exits:report';

/** Each has a network address of their own. */
const person = (sub: string, email: string, name: string, role: string, address: string) => ({
  claims: { sub, email, name, roles: [role], scope },
  asker: { subject: sub, name, address },
});
const hr = person('hr-1', HR, 'Hanna HR', 'hr', '192.0.2.7');
const head = person('head-1', HEAD, 'Hedi Head', 'hr', '2001:db8::7');
const operator = person('it-1', IT, 'Ivo IT', 'operator', '192.0.2.9');
type Person = typeof hr;

describe('who acts, and from where', () => {
  let world: ConsoleWorld;
  let issuer: TokenIssuer;
  let server: HttpServer;
  before(async () => {
    world = await startConsoleWorld({
      systems: ['payroll'],
      config: [
        ['secondPerson: [] }', 'secondPerson: [leaving] }\nopenings: { perTable: 1 }'],
        [
          '  operator: { name: Acme IT',
          `    - { name: Ida Berg, email: ${IDA} }\n  operator: { name: Acme IT`,
        ],
      ],
    });
    issuer = await startTokenIssuer();
    const behindProxy = { EMS_TRUSTED_PROXIES: '127.0.0.1' };
    server = await startHttpServer(world, issuer.issuer, undefined, undefined, behindProxy);
  });
  afterEach(() => world.mend());
  after(async () => {
    await server.stop();
    await issuer.stop();
    await world.stop();
  });

  async function ask<T>(who: Pick<Person, 'asker'> & { claims: JWTPayload }, path: string, body?: object) {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${await issuer.token(who.claims, server.audience)}`,
        'x-forwarded-for': who.asker.address,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  /** @returns the answer of an act that is done */
  async function act<T>(who: Person, path: string, body: object): Promise<T> {
    const { status, body: answer } = await ask<T>(who, path, body);
    assert.ok(status < 300, JSON.stringify(answer));
    return answer;
  }

  /** The lines since then that have these members. */
  const logged = (log: HttpServer['log'], members: Record<string, unknown>) =>
    log.filter((line) => Object.entries(members).every(([name, value]) => line[name] === value));

  async function login(email: string): Promise<CookieBrowser> {
    const browser = new CookieBrowser(world.url);
    await browser.login(email);
    return browser;
  }

  for (const form of forms) {
    it(`is in the record of each act over the API, ${form}`, async () => {
      const nora = await world.hire({ on: ['payroll'] });
      const { employeeId } = nora;
      world.mail.refuseWith(550, nora.manager);
      const { exitId } = await act<{ exitId: string }>(hr, '/exits', { employeeId, form });
      const exit = `/exits/${exitId}`;
      const isStuck = async () =>
        stateOf(await world.application.status({ employeeId }), 'notify-manager') === 'needs-attention';
      await eventually('a step that needs attention', async () => (await isStuck()) || undefined);
      const evidence = 'TICKET-7';
      const resolution = { step: 'notify-manager', action: 'done-by-hand', evidence };
      const step = await act<ExitStatus['steps'][number]>(operator, `${exit}/resolve`, resolution);
      assert.deepEqual([step.by, step.asker], [IT, operator.asker]);
      await world.mend();

      const { hrPartner } = await world.untilIn('awaiting-decision', nora);
      await eventually('the interview to move', async () => {
        const { status } = await ask(hr, `${exit}/interview`, { next: true });
        return status === 200 || undefined;
      });
      const to = hrPartner!.email === HR ? IDA : HR;
      const handed = await act<ExitStatus['handOvers'][number]>(head, `${exit}/hand-over`, { to });
      assert.deepEqual([handed.by, handed.asker], [HEAD, head.asker]);
      const dates = { lastWorkingDay: '2027-12-31' };
      const amended = await act<ExitStatus['amendments'][number]>(hr, `${exit}/amendment`, dates);
      assert.deepEqual([amended.by, amended.asker], [HR, hr.asker]);

      const leaving = { outcome: 'leaving', now: true };
      const proposed = await act<{ asker: object }>(hr, `${exit}/decision`, leaving);
      assert.deepEqual(proposed.asker, hr.asker);
      const rejected = await act<ExitStatus['proposals'][number]>(head, `${exit}/rejection`, { number: 1 });
      assert.deepEqual([rejected.asker, rejected.ender], [hr.asker, head.asker]);
      await act(head, `${exit}/decision`, leaving);
      await act(hr, `${exit}/confirmation`, { number: 2 });

      const closed = await world.untilIn('closed', nora);
      const { decision, proposals, amendments, handOvers } = closed;
      assert.deepEqual([closed.submittedBy, closed.asker], [HR, hr.asker]);
      assert.deepEqual([decision!.decidedBy, decision!.asker], [HR, hr.asker]);
      assert.deepEqual([decision!.proposedBy, decision!.proposer], [HEAD, head.asker]);
      const of = proposals.map(({ asker, ender }) => [asker, ender]);
      assert.deepEqual(of, [
        [hr.asker, head.asker],
        [head.asker, hr.asker],
      ]);
      assert.deepEqual([amendments[0]!.asker, handOvers[0]!.asker], [hr.asker, head.asker]);

      const manager = person('boss-1', nora.manager, 'Maria Boss', 'none', '192.0.2.12');
      const { body: shown } = await ask<ExitStatus>(manager, exit);
      assert.equal(shown.decision!.decidedBy, HR);
      assert.doesNotMatch(JSON.stringify(shown), /hr-1|head-1|it-1|192\.0\.2|2001:db8/);

      // From the record alone, each with its time.
      const { body: report } = await ask<Evidence>(hr, `${exit}/report`);
      const acts: { at?: string | undefined; asker?: object | undefined }[] = [
        { at: report.openedAt, asker: report.asker },
        ...report.resolutions,
        ...report.interview.filter(({ what }) => what === 'rescheduled').slice(0, 1),
        ...report.handOvers,
        ...report.amendments,
        ...report.decisions,
      ];
      assert.deepEqual(
        acts.map(({ asker }) => asker),
        [hr, operator, hr, head, hr, hr, head, hr].map(({ asker }) => asker),
      );
      for (const { at } of acts) assert.match(at!, /^\d{4}-\d\d-\d\dT.*Z$/);
      const lines = report.timeline.map(({ what }) => what).join('\n');
      for (const line of [
        `handed in by ${HR} (Hanna HR, subject hr-1, from 192.0.2.7)`,
        `notify-manager: done-by-hand by ${IT} (Ivo IT, subject it-1, from 192.0.2.9)`,
        `requested by ${HR} (Hanna HR, subject hr-1, from 192.0.2.7)`,
        `by ${HEAD} (Hedi Head, subject head-1, from 2001:db8::7)`,
        `Proposal 1 ended by ${HEAD} (Hedi Head, subject head-1, from 2001:db8::7)`,
        `Decision "leaving" by ${HR} (Hanna HR, subject hr-1, from 192.0.2.7): accepted`,
      ])
        assert.ok(lines.includes(line), `${line}:\n${lines}`);
    });

    it(`is in the record of each act in the console, whose page has the name, ${form}`, async () => {
      const nora = await world.hire({ on: ['payroll'], displayName: 'Nora Console' });
      const { employeeId } = nora;
      const [first, second] = [await login(HR), await login(HEAD)];
      const [mine, theirs] = [
        { subject: 'acme-hr', name: 'Acme HR', address: '127.0.0.1' },
        { subject: 'acme-head-of-hr', name: 'Acme Head of HR', address: '127.0.0.1' },
      ];
      const asked = { employeeId, form, typedName: 'Nora Console' };
      const { at } = await first.go('/new', { csrf: await first.csrf('/new'), ...asked });
      const { pathname: exit } = new URL(at);
      await world.untilIn('awaiting-decision', nora);
      const submit = async (browser: CookieBrowser, path: string, fields: Record<string, string>) =>
        browser.go(`${exit}/${path}`, { csrf: await browser.csrf(exit), ...fields });
      await submit(first, 'amendment', { lastWorkingDay: '2027-12-31' });
      await submit(first, 'decision', { outcome: 'leaving', now: 'yes' });
      const { text: waiting } = await second.go(exit);
      assert.match(waiting, /Acme HR \(hr@acme\.example\) proposed/);
      await submit(second, 'confirmation', { number: '1' });
      const status = await world.untilIn('closed', nora);
      assert.deepEqual([status.asker, status.amendments[0]!.asker], [mine, mine]);
      assert.deepEqual([status.decision!.asker, status.decision!.proposer], [theirs, mine]);
      const { text } = await first.go(exit);
      assert.match(text, /Acme Head of HR \(head-of-hr@acme\.example\)/);
      const { text: report } = await first.go(`${exit}/report`);
      assert.match(report, /Acme HR, subject acme-hr, from 127\.0\.0\.1/);
      const exitId = exit.split('/').at(-1);
      for (const [name, subject] of [
        ['openExit', 'acme-hr'],
        ['amendExit', 'acme-hr'],
        ['decideExit', 'acme-hr'],
        ['confirmProposal', 'acme-head-of-hr'],
      ])
        assert.equal(
          logged(world.log, { msg: 'an act', act: name, subject, exitId, address: '127.0.0.1' }).length,
          1,
          `${name} in the log`,
        );
    });

    it(`is known of the one who asked for an opening, and of the one who confirmed it, ${form}`, async () => {
      const [nora, paul] = await Promise.all([
        world.hire({ on: ['payroll'] }),
        world.hire({ on: ['payroll'] }),
      ]);
      const employeeIds = [nora.employeeId, paul.employeeId];
      const csv = ['employeeId', ...employeeIds].join('\n');
      const table = await act<{ rows: OpenedRow[] }>(hr, '/table', { csv, form, confirm: 2 });
      assert.deepEqual(
        table.rows.map(({ state }) => state),
        ['waiting', 'waiting'],
      );
      const waiting = await eventually('the openings', async () => {
        const found = (await world.application.waiting()).filter(({ resignation: { employeeId } }) =>
          employeeIds.includes(employeeId),
        );
        return found.length === 2 ? found : undefined;
      });
      assert.deepEqual(waiting[0]!.resignation.asker, hr.asker);

      const own = await act<{ rows: EndedOpening[] }>(hr, '/openings/confirmation', { employeeIds });
      assert.deepEqual(
        own.rows.map(({ state }) => state),
        ['refused', 'refused'],
      );
      const refused = { act: 'confirmOpenings', subject: 'hr-1', state: 'refused', level: 'warn' };
      for (const employeeId of employeeIds)
        assert.equal(logged(server.log, { ...refused, employeeId, address: hr.asker.address }).length, 1);

      const [confirmed, rejected] = employeeIds.map((each) => ({ employeeIds: [each] }));
      await act(head, '/openings/rejection', rejected!);
      const { rows } = await act<{ rows: EndedOpening[] }>(head, '/openings/confirmation', confirmed!);
      const report = await world.application.report({ employeeId: nora.employeeId }, 'test');
      assert.deepEqual([report.submittedBy, report.asker], [HR, hr.asker]);
      assert.deepEqual([report.confirmedBy, report.confirmer], [HEAD, head.asker]);
      const { askedAt } = waiting.find(({ resignation }) => resignation.employeeId === nora.employeeId)!;
      assert.deepEqual([report.askedAt, report.openedAt > askedAt], [askedAt, true]);
      const done = { act: 'confirmOpenings', subject: 'head-1', level: 'info', exitId: rows[0]!.exitId };
      assert.equal(logged(server.log, done).length, 1);
    });
  }

  it('is kept of the one who rejects an opening, in the details of the end, which are encrypted where payloads are', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    const { employeeId: other } = await world.hire({ on: ['payroll'] });
    const csv = ['employeeId', employeeId, other].join('\n');
    await act(hr, '/table', { csv, form: 'orchestrated', confirm: 2 });
    await act(head, '/openings/rejection', { employeeIds: [employeeId, other], note: 'a mistake' });
    const { events } = await world.client.workflow.getHandle(`opening-${employeeId}`).fetchHistory();
    const { reason, details } = events!.at(-1)!.workflowExecutionTerminatedEventAttributes!;
    assert.equal(reason, 'rejected');
    const end: unknown = JSON.parse(Buffer.from(details!.payloads![0]!.data!).toString());
    assert.deepEqual(end, { how: 'rejected', by: HEAD, asker: head.asker, note: 'a mistake' });
  });

  it('is told by the server alone: a body with its own is refused', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const { exitId } = await act<{ exitId: string }>(hr, '/exits', { employeeId: nora.employeeId });
    const asker = { subject: 'the-boss', name: 'The Boss', address: '198.51.100.1' };
    const bodies: Record<string, object> = {
      '/exits': { employeeId: nora.employeeId },
      '/table': { csv: `employeeId\n${nora.employeeId}`, confirm: 1 },
      '/openings/confirmation': { employeeIds: [nora.employeeId] },
      '/openings/rejection': { employeeIds: [nora.employeeId] },
      [`/exits/${exitId}/decision`]: { outcome: 'retained' },
      [`/exits/${exitId}/confirmation`]: { number: 1 },
      [`/exits/${exitId}/rejection`]: { number: 1 },
      [`/exits/${exitId}/amendment`]: { lastWorkingDay: '2027-12-31' },
      [`/exits/${exitId}/hand-over`]: { to: IDA },
      [`/exits/${exitId}/resolve`]: { step: 'notify-manager', action: 'skip' },
      [`/exits/${exitId}/interview`]: { next: true },
    };
    for (const [path, body] of Object.entries(bodies)) {
      const { status, body: problem } = await ask<Problem>(path.endsWith('/resolve') ? operator : hr, path, {
        ...body,
        asker,
      });
      assert.deepEqual([path, status, problem.code], [path, 400, 'invalid']);
      assert.match(problem.detail, /asker/);
    }
    assert.ok(!JSON.stringify(await world.application.status(nora)).includes('the-boss'));
    const csv = `employeeId,asker\n${nora.employeeId},the-boss`;
    const { body: problem } = await ask<Problem>(hr, '/table', { csv, confirm: 1 });
    assert.match(problem.detail, /the column "asker" is none of/);
  });

  it('is in the log of each act that is refused, over the API and in the console, with the code and no name', async () => {
    const nora = await world.hire({ on: ['payroll'], displayName: 'Nora Nightingale' });
    const { employeeId } = nora;
    const { exitId } = await act<{ exitId: string }>(hr, '/exits', { employeeId });
    await world.untilIn('awaiting-decision', nora);
    const [first, last] = [server.log.length, world.log.length];
    const reader = { ...hr, claims: { ...hr.claims, scope: 'exits:read' } };
    const self = person('nora-1', nora.email, 'Nora Nightingale', 'hr', '192.0.2.11');
    await ask(hr, `/exits/${exitId}/amendment`, { lastWorkingDay: '2020-01-31' });
    await ask(reader, `/exits/${exitId}/decision`, { outcome: 'retained' });
    await ask(self, `/exits/${exitId}/decision`, { outcome: 'retained' });
    await ask(hr, `/exits/${exitId}/decision`, { outcome: 'promoted' });
    await ask(hr, '/exits', { employeeId });
    await ask(hr, `/exits/${encodeURIComponent(nora.email)}/decision`, { outcome: 'retained' });

    const browser = await login(HR);
    const csrf = await browser.csrf('/new');
    await browser.go('/new', { csrf, employeeId, typedName: 'Nora Nightingale' });
    await browser.go(`/exits/${exitId}/amendment`, { csrf, lastWorkingDay: '2020-01-31' });
    await browser.go(`/exits/${exitId}/resolve`, { csrf, step: 'notify-manager', action: 'skip' });
    await browser.go(`/exits/${exitId}/decision`, { csrf: 'of-another-site', outcome: 'retained' });

    const told = (log: HttpServer['log'], from: number) =>
      log
        .slice(from)
        .filter(({ msg }) => msg === 'an act that was refused or failed')
        .map(({ level, act: name, code, subject, address, exitId: of }) => [
          ...[level, name, code, subject, address, of],
        ]);
    const [mine, here] = [
      ['hr-1', '192.0.2.7'],
      ['acme-hr', '127.0.0.1'],
    ];
    assert.deepEqual(told(server.log, first), [
      ['warn', 'amendExit', 'not-allowed', ...mine, exitId],
      ['warn', 'decideExit', 'forbidden', ...mine, exitId],
      ['warn', 'decideExit', 'not-allowed', 'nora-1', '192.0.2.11', exitId],
      ['warn', 'decideExit', 'invalid', ...mine, exitId],
      ['warn', 'openExit', 'already-open', ...mine, undefined],
      ['warn', 'decideExit', 'no-exit', ...mine, undefined],
    ]);
    assert.deepEqual(told(world.log, last), [
      ['warn', 'openExit', 'already-open', ...here, undefined],
      ['warn', 'amendExit', 'not-allowed', ...here, exitId],
      ['warn', 'resolveStep', 'forbidden', ...here, exitId],
      ['warn', 'decideExit', 'forbidden', ...here, exitId],
    ]);
    const everything = JSON.stringify([...server.log, ...world.log]);
    for (const personal of ['Nora', 'Hanna', 'Acme HR', nora.email, '@acme.example'])
      assert.ok(!everything.includes(personal), personal);
    assert.equal((await world.application.status(nora)).decision, undefined);
  });
});
