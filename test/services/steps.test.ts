import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createStepActivities } from '../../src/activities/step-activities.js';
import { FailureType } from '../../src/exit/failures.js';
import { loadTemplates } from '../../src/services/mails/templates.js';
import { RetryAfter } from '../../src/services/protocols/retry-after.js';
import { createStepService, type StepServiceOptions } from '../../src/services/steps/step-service.js';
import { errorOf, finalFailure, outage } from '../support/failures.js';
import { hostileNames, unprintable } from '../support/hostile-names.js';
import { readHtml } from '../support/html.js';
import { mailer } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { mailServer } from '../support/smtp.js';

const { signal } = new AbortController();
const TOKEN = 'secret-of-payroll';
const STARTED = '2026-11-23T10:10:00Z';
const about = {
  exitId: 'exit-1',
  employeeId: 'E-1002',
  openedAt: '2026-11-20T08:00:00Z',
  startedAt: STARTED,
  systems: ['payroll'],
};
const call = {
  ...about,
  step: 'final-pay',
  resignation: { employeeId: 'E-1002', lastWorkingDay: '2026-12-31' },
  decision: { outcome: 'leaving', decidedBy: 'hr@acme.example', effectiveOn: '2026-11-23' },
  ending: 'leaving',
} as const;
const task = { to: { name: 'Ida Berg', email: 'ida.berg@acme.example' }, ask: 'Collect the laptop' };
const DAY_MS = 24 * 60 * 60 * 1000;

type Asked<Method extends 'callStep' | 'askPerson'> = Partial<
  Parameters<ReturnType<typeof service>[Method]>[0]
>;

interface Heard {
  method: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}
interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const service = (changes: Partial<StepServiceOptions>, smtpPort = 1) => {
  const { organisation, contacts, interview } = sampleConfig;
  return createStepService({
    steps: [],
    systems: [],
    mailer: mailer(smtpPort),
    templates: loadTemplates(interview),
    organisation,
    people: {
      hrPartners: contacts.hrPartners,
      operator: contacts.operator,
      review: { escalateTo: contacts.escalation },
    },
    whoIsLeaving: (addresses) => Promise.resolve(new Map(addresses.map((email) => [email, false]))),
    requestTimeoutMs: 5_000,
    ...changes,
  });
};

describe('a step that is a call', () => {
  let server: Server;
  let url: string;
  let heard: Heard[];
  /** The next answers: the last one repeats, and an empty list is silence. */
  let answers: Answer[];
  before(async () => {
    server = createServer((request, response) => {
      void (async () => {
        let body = '';
        for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
        heard.push({ method: request.method, headers: request.headers, body });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/final-pay?key=hidden`;
  });
  beforeEach(() => {
    heard = [];
    answers = [{ status: 204 }];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const calling = (to: object = { url, token: TOKEN }) =>
    service({ steps: [{ name: 'final-pay', call: { url, ...to } }] });
  const send = (said: Asked<'callStep'> = {}, of = calling(), given = signal) =>
    of.callStep({ ...call, systems: [], ...said }, given);
  /** Expects a failure that does not show the token. */
  async function fails(running: Promise<unknown> = send()): Promise<never> {
    const error = await running.then(
      () => assert.fail('it did not fail'),
      (error: Error) => error,
    );
    for (let each: unknown = error; each instanceof Error; each = each.cause)
      assert.ok(!`${each.message} ${each.stack}`.includes(TOKEN), 'the token is in the error');
    assert.ok(!error.message.includes('\n'));
    throw error;
  }

  it('sends a CloudEvent in binary mode, with what the receiver needs', async () => {
    await send();
    const [{ method, headers, body }] = heard as [Heard];
    assert.equal(method, 'POST');
    const attributes = Object.entries(headers).filter(([name]) => name.startsWith('ce-'));
    assert.deepEqual(Object.fromEntries(attributes), {
      'ce-specversion': '1.0',
      'ce-id': 'exit-1/final-pay',
      'ce-source': '/ems/steps',
      'ce-type': 'step.requested',
      'ce-subject': 'exit-1',
      'ce-time': STARTED,
    });
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers.authorization, `Bearer ${TOKEN}`);
    assert.deepEqual(JSON.parse(body), {
      step: 'final-pay',
      exitId: 'exit-1',
      employeeId: 'E-1002',
      openedAt: about.openedAt,
      lastWorkingDay: '2026-12-31',
      outcome: 'leaving',
      decidedBy: 'hr@acme.example',
      effectiveOn: '2026-11-23',
    });
  });

  it('omits a decision before it takes effect, and the decider of a cancellation', async () => {
    for (const ending of [undefined, 'cancelled'] as const) await send({ ending });
    const [before, cancelled] = heard.map(({ body }) => JSON.parse(body) as Record<string, string>);
    assert.equal(before!['outcome'], undefined);
    assert.equal(cancelled!['outcome'], 'cancelled');
    for (const data of [before!, cancelled!]) assert.equal(data['decidedBy'], undefined);
  });

  it('sends no token where none is configured', async () => {
    await send({}, calling({ url }));
    assert.equal(heard[0]!.headers.authorization, undefined);
  });

  it('is retried with the same event after a 202, until it is done', async () => {
    answers = [{ status: 202 }, { status: 200, body: '{"note":"paid on 31 December"}' }];
    assert.equal(await outage(fails()), 'the service of final-pay has not finished yet');
    assert.deepEqual(await send(), ['paid on 31 December']);
    const [first, second] = heard.map(({ headers, body }) => ({ id: headers['ce-id'], body }));
    assert.deepEqual(first, second);
  });

  const done: [Answer, string[]][] = [
    [{ status: 204 }, []],
    [{ status: 201, body: '{"id":7}' }, []],
    [{ status: 200, body: 'OK' }, []],
    [{ status: 200, body: 'null' }, []],
    [{ status: 200, body: JSON.stringify({ note: `one\ntwo ${TOKEN}` }) }, ['one two (the token)']],
    [{ status: 200, body: JSON.stringify({ note: 'x'.repeat(1000) }) }, ['x'.repeat(200)]],
  ];
  for (const [answer, notes] of done)
    it(`is done after ${answer.status} ${answer.body?.slice(0, 30) ?? ''}`, async () => {
      answers = [answer];
      assert.deepEqual(await send(), notes);
    });

  for (const status of [408, 409, 425, 429, 500, 503, 206])
    it(`is retried after ${status}`, async () => {
      answers = [{ status, body: 'not now' }];
      assert.equal(await outage(fails()), `the service of final-pay answered ${status}: not now`);
    });

  it('fails for good after any other answer, and quotes it: bounded, on one line, without the token', async () => {
    answers = [{ status: 422, body: `no such\nemployee, ${TOKEN} ${'x'.repeat(1000)}` }];
    const message = await finalFailure(FailureType.Refused, fails());
    assert.match(
      message,
      /^the service of final-pay answered 422: no such employee, \(the token\) x+\. Fix it and retry, or settle/,
    );
    assert.ok(message.length < 350);
  });

  it('obeys Retry-After in seconds or as a date, for an hour at most', async () => {
    const afterMs = async (status: number, value: string): Promise<number> => {
      answers = [{ status, headers: { 'retry-after': value } }];
      const error: unknown = await fails().catch((error: unknown) => error);
      return error instanceof RetryAfter ? error.afterMs : -1;
    };
    assert.equal(await afterMs(503, '7'), 7000);
    assert.equal(await afterMs(202, '30'), 30_000);
    assert.equal(await afterMs(413, '30'), 30_000);
    assert.equal(await afterMs(503, '99999999'), 60 * 60 * 1000);
    assert.equal(await afterMs(503, 'Thu, 01 Jan 2015 00:00:00 GMT'), -1);
    assert.equal(await afterMs(503, 'soon'), -1);
    const inMinute = await afterMs(429, new Date(Date.now() + 60_000).toUTCString());
    assert.ok(inMinute > 50_000 && inMinute <= 60_000, String(inMinute));
  });

  it('is asked again slowly where it says without a header that it limits', async () => {
    answers = [{ status: 403, body: 'API rate limit exceeded' }];
    const error = await errorOf(fails());
    assert.ok(error instanceof RetryAfter && error.afterMs === 60_000, error.message);
  });

  it('delays the next attempt of its activity by Retry-After', async () => {
    answers = [{ status: 503, headers: { 'retry-after': '7' } }];
    const { callStep } = createStepActivities(calling());
    const failed = new MockActivityEnvironment({
      startToCloseTimeoutMs: 5000,
      scheduleToCloseTimeoutMs: 0,
    }).run(callStep, { ...call, systems: [] });
    await assert.rejects(failed, { nextRetryDelay: 7000, nonRetryable: false });
  });

  it('follows no redirect, which could carry the token to another server', async () => {
    answers = [{ status: 307, headers: { location: url } }];
    assert.match(
      await finalFailure(FailureType.Refused, fails()),
      /answered 307, a redirect: configure its target instead/,
    );
    assert.equal(heard.length, 1);
  });

  it('is retried when the server is silent or unreachable, and no error shows the query of the URL', async () => {
    answers = [];
    assert.match(
      await outage(fails()),
      /^the service of final-pay cannot be reached at 127\.0\.0\.1:\d+: no answer within 5000 ms$/,
    );
    const nowhere = calling({ url: 'http://127.0.0.1:2/x?key=hidden' });
    assert.match(await outage(fails(send({}, nowhere))), /cannot be reached at 127\.0\.0\.1:2: /);
  });

  it('ends as soon as it is cancelled', async () => {
    answers = [];
    const giveUp = new AbortController();
    const pending = assert.rejects(fails(send({}, calling(), giveUp.signal)), { name: 'AbortError' });
    giveUp.abort();
    await pending;
  });

  for (const [what, steps] of [
    ['is not in the configuration any more', []],
    ['has become a task', [{ name: 'final-pay', task: { ...task, remindEvery: 1 } }]],
  ] as const)
    it(`fails for good when it ${what}`, async () => {
      assert.equal(
        await finalFailure(FailureType.UnknownStep, fails(send({}, service({ steps })))),
        'the configuration has no step "final-pay" any more; put it back or settle the step by hand',
      );
    });
});

describe('a step that is a task', () => {
  const server = mailServer();

  const asking = (language?: string) => {
    const timed = { ...task, to: { ...task.to, language }, remindEvery: DAY_MS };
    return service({ steps: [{ name: 'collect-laptop', task: timed }] }, server.port);
  };
  const dana = { displayName: 'Dana Fox' };
  const request = {
    ...about,
    step: 'collect-laptop',
    employee: dana,
    withinMs: 5 * DAY_MS,
    number: 1,
    ...{ reminders: 0, identities: [] },
  };
  const ask = (said: Asked<'askPerson'> = {}, language?: string) =>
    asking(language).askPerson({ ...request, ...said }, signal);
  const command = 'ems resolve E-1002 collect-laptop done-by-hand --by ida.berg@acme.example --evidence "…"';

  it('mails its person: about whom, what to do, by when, and how to confirm', async () => {
    const sent = await ask();
    const [mail] = server.to(task.to.email);
    assert.deepEqual(sent, { to: task.to.email, messageId: mail!.messageId, remindEveryMs: DAY_MS });
    assert.match(mail!.messageId!, /^<exit-1\.collect-laptop\.1\.[0-9a-f]{8}@acme\.example>$/);
    assert.equal(mail!.subject, 'A task for you in the exit of Dana Fox');
    const { paragraphs } = readHtml(mail!.html as string);
    for (const words of [mail!.text!.split('\n'), paragraphs]) {
      assert.ok(words.includes('Dear Ida Berg,'));
      assert.ok(words.includes('In the exit of Dana Fox (E-1002), this is for you to do:'));
      assert.ok(words.includes(task.ask));
      assert.ok(
        words.some((line) =>
          /^It is due by Saturday,? 28 November 2026 at 11:10 \(Europe\/Berlin\)\.$/.test(line),
        ),
      );
      assert.ok(words.includes(command));
    }
  });

  it('mails its person in their own language', async () => {
    await ask({ reminders: 2 }, 'de-DE');
    const [mail] = server.mails;
    assert.equal(mail!.subject, 'Erinnerung 2: Aufgabe für Sie beim Austritt von Dana Fox');
    assert.match(mail!.text!, /Sie ist fällig bis Samstag, 28\. November 2026 um 11:10 \(Europe\/Berlin\)\./);
    assert.ok(mail!.text!.split('\n').includes(command));
  });

  it('sends numbered reminders, each under a Message-ID that a retry keeps', async () => {
    const ids = new Set<string>();
    for (const number of [1, 2, 2, 3]) ids.add((await ask({ number, reminders: number - 1 })).messageId);
    assert.equal(ids.size, 3);
    assert.deepEqual(
      server.mails.map(({ subject }) => subject),
      [
        'A task for you in the exit of Dana Fox',
        ...['Reminder 1', 'Reminder 1', 'Reminder 2'].map(
          (word) => `${word}: a task for you in the exit of Dana Fox`,
        ),
      ],
    );
    assert.match(server.mails[1]!.text!, /this is for you to do, and is not confirmed yet:/);
  });

  it('names the employee id where the directory does not know the employee, and no unknown date', async () => {
    await ask({ employee: undefined, startedAt: undefined });
    const { text } = server.mails[0]!;
    assert.match(text!, /In the exit of E-1002, this/);
    assert.doesNotMatch(text!, /due by/);
  });

  it('fails for good when it is not in the configuration any more', async () => {
    const asked = service({}).askPerson(request, signal);
    assert.match(await finalFailure(FailureType.UnknownStep, asked), /no step "collect-laptop" any more/);
  });

  it('fails for good when its address is refused', async () => {
    server.refuseWith(550);
    await finalFailure(FailureType.AddressRefused, ask());
  });
});

describe('an access step of a system that no program reaches', () => {
  const server = mailServer();
  const owner = { name: 'Lena Vogt', email: 'lena.vogt@acme.example' };
  const ledger = { name: 'ledger', hold: { kind: 'suspend' as const }, owner, remindEvery: DAY_MS };
  const request = {
    ...about,
    ...{ step: 'block-access', system: 'ledger', withinMs: DAY_MS, number: 1, reminders: 0, identities: [] },
    employee: { displayName: 'Dana Fox' },
  };
  const ask = (said: Asked<'askPerson'> = {}, system: Partial<Ledger> = {}) =>
    service({ systems: [{ ...ledger, ...system }] }, server.port).askPerson({ ...request, ...said }, signal);
  type Ledger = StepServiceOptions['systems'][number];
  const linesOf = () => {
    const [mail] = server.mails;
    return [mail!.text!.split('\n'), readHtml(mail!.html as string).paragraphs];
  };

  it('is asked of its owner under a Message-ID of its own, which a retry keeps and a reminder does not', async () => {
    const blocked = { by: owner.email, at: STARTED, evidence: 'TICKET-42' };
    const ids = [];
    for (const said of [
      { number: 1 },
      { number: 1 },
      { number: 2, reminders: 1 },
      { number: 3, blocked },
      { step: 'restore-access', ending: 'retained' as const, blocked },
    ])
      ids.push((await ask(said)).messageId);
    assert.match(ids[0]!, /^<exit-1\.block-access\.ledger\.1\.[0-9a-f]{8}@acme\.example>$/);
    assert.deepEqual([ids[0] === ids[1], new Set(ids).size], [true, 4]);
    assert.deepEqual(
      server.mails.map(({ subject }) => subject),
      [
        ...Array<string>(2).fill('Block the access of Dana Fox to ledger'),
        'Reminder 1: Block the access of Dana Fox to ledger',
        'Look again at the access of Dana Fox to ledger',
        'Give back the access of Dana Fox to ledger',
      ],
    );
  });

  it('names the groups of the hold', async () => {
    await ask({}, { hold: { kind: 'groups', groups: ['ledger-admins', 'ledger-users'] } });
    for (const lines of linesOf())
      assert.ok(
        lines.some((line) => line.includes('take the account out of ledger-admins and ledger-users.')),
      );
  });

  it('speaks the language of its owner', async () => {
    await ask({ step: 'revoke-access', ending: 'leaving' }, { owner: { ...owner, language: 'de' } });
    const [mail] = server.mails;
    assert.equal(mail!.subject, 'Zugang von Dana Fox zu ledger entziehen');
    assert.match(mail!.text!, /Die Sperre wurde nicht bestätigt/);
  });

  for (const [what, evidence] of Object.entries(hostileNames))
    it(`shows evidence as text and nothing else: ${what}`, async () => {
      const blocked = { by: owner.email, at: STARTED, evidence };
      await ask({ step: 'restore-access', ending: 'retained', blocked });
      const [mail] = server.mails;
      const line = mail!.text!.split('\n').find((each) => each.startsWith('The block was confirmed by'))!;
      assert.doesNotMatch(line, unprintable);
      assert.doesNotMatch(mail!.html as string, /<(img|script)/);
      assert.equal(mail!.headers.has('x-evil') || mail!.headers.has('bcc'), false);
    });

  it('fails for good when its system is not in the configuration any more', async () => {
    const asked = service({}).askPerson(request, signal);
    assert.match(await finalFailure(FailureType.UnknownSystem, asked), /no system "ledger" any more/);
  });
});
