import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Decided, ListedExit } from '../../src/exit/exits.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { opened, waiting } from '../promises/on-the-way.js';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { CookieBrowser } from '../support/cookie-browser.js';
import { decisionKey, keySet } from '../support/decision-keys.js';
import { answer, ems, page, refusal, startEms, type Env, type Ran } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { formsIn } from '../support/html.js';
import { startHttpServer } from '../support/http-server.js';
import { inDays } from '../support/in-days.js';
import { scratchFolder } from '../support/temporal.js';
import { startTokenIssuer } from '../support/token-issuer.js';
import { HR, IT } from '../support/world.js';

const HEAD = 'head-of-hr@acme.example';
const key = await decisionKey('2026');
const config: [string, string][] = [
  ['secondPerson: []', `secondPerson: [leaving], signed: { keys: '${keySet(key)}' }`],
  ['hrPartners:\n', 'hrPartners:\n    - { name: First Partner, email: first@acme.example }\n'],
];

describe('ems, logged in to a console,', () => {
  let world: ConsoleWorld;
  let hr: Env;
  let operator: Env;
  before(async () => {
    const env = { EMS_DECISION_KEY: key.secret };
    world = await startConsoleWorld({ config, env, alone: true });
    [hr, operator] = await Promise.all([loggedIn(HR), loggedIn(IT)]);
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  /** Knows the console, and neither Temporal, NATS, a configuration nor a key. */
  const terminal = async (): Promise<Env> => ({ EMS_PUBLIC_URL: world.url, EMS_HOME: await scratchFolder() });

  /** Confirms the code in a browser, as this person. */
  async function confirm(warned: string, email: string): Promise<void> {
    const [, code, address] = /^ems: to log in, confirm the code (\S+) at (\S+)\n$/.exec(warned)!;
    const browser = new CookieBrowser(world.issuer);
    const submit = (text: string) => {
      const [form] = formsIn(text);
      return browser.go(form!.action, form!.hidden);
    };
    const asked = await submit((await browser.go(address!)).text);
    assert.match(asked.text, new RegExp(`Does your terminal show ${code!}\\?`));
    assert.match(asked.text, /For trying out only/);
    const { at } = await submit(asked.text);
    assert.match((await browser.go(at, { email })).text, /Your terminal is logged in/);
  }

  async function loggedIn(email: string): Promise<Env> {
    const env = await terminal();
    const { warned, ended } = startEms(env, 'login', '--json');
    await eventually('the code', () => Promise.resolve(warned() || undefined));
    await confirm(warned(), email);
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { email: string }).email, email);
    const { accessToken, refreshToken } = (await loginIn(env)).login;
    for (const secret of [accessToken!, refreshToken!]) assert.ok(!(stdout + stderr).includes(secret));
    return env;
  }

  async function loginIn({ EMS_HOME: home }: Env) {
    const folder = path.join(home!, 'logins');
    const [name] = await readdir(folder);
    const file = path.join(folder, name!);
    const login = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
    return { folder, file, login };
  }

  async function change(env: Env, changes: Record<string, string>): Promise<void> {
    const { file, login } = await loginIn(env);
    await writeFile(file, JSON.stringify({ ...login, ...changes }));
  }

  it('keeps the login where no other user of the machine reads it', async () => {
    const { folder, file, login } = await loginIn(hr);
    assert.deepEqual([(await stat(folder)).mode & 0o777, (await stat(file)).mode & 0o777], [0o700, 0o600]);
    assert.deepEqual([login['console'], login['person']], [world.url, HR]);
  });

  it('opens, decides, confirms and follows an exit as the person of the login, also where acts are signed', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    const told = await page(hr, 'resign', employeeId, '--last-working-day', inDays(40));
    assert.match(told, new RegExp(`The exit of ${employeeId} is open`));
    await world.untilIn('awaiting-decision', { employeeId });
    assert.match(await page(hr, 'status', employeeId), /to decide: +ems decide \S+ retained\|leaving$/m);
    const leaving = ['decide', employeeId, 'leaving', '--now'];
    await answer(hr, ...leaving);
    assert.match(await page(hr, 'decide', employeeId, '--reject', '--note', 'not yet'), /is withdrawn/);
    const proposed = await answer<Decided>(hr, ...leaving, '--note', 'moves');
    assert.deepEqual([proposed.decidedBy, proposed.note, proposed.decidedAt], [HR, 'moves', undefined]);
    const own = await refusal(hr, 'decide', employeeId, '--confirm');
    assert.deepEqual([own.code, own.why], [1, 'not-allowed']);
    await page(await loggedIn(HEAD), 'decide', employeeId, '--confirm');
    assert.match(await page(hr, 'watch', employeeId), /phase +closed/);
    const { decision } = await world.application.status({ employeeId });
    assert.deepEqual([decision!.proposedBy, decision!.decidedBy], [HR, HEAD]);
  });

  it('is told to log in where it is not, and acts are signed', async () => {
    const nora = await waiting(world, { on: ['payroll'] });
    const { EMS_DECISION_KEY: _key, ...env } = world.env;
    const { code, sentence, why } = await refusal(env, 'decide', nora.employeeId, 'retained', '--by', HR);
    assert.deepEqual([code, why], [1, 'not-allowed']);
    assert.match(sentence, /takes signed acts alone.*: ems login$/);
    await page(hr, 'decide', nora.employeeId, 'retained');
  });

  it('refuses in the words of the API what a role does not allow', async () => {
    const nora = await waiting(world, { on: ['payroll'] });
    const { employeeId } = nora;
    const { code, why, sentence } = await refusal(operator, 'decide', employeeId, 'retained');
    assert.deepEqual([code, why], [1, 'forbidden']);
    assert.match(
      sentence,
      /Acme IT may not do this: it needs a role, and a token the scope, for exits:decide/,
    );
    const unknown = await refusal(operator, 'status', 'E-none');
    assert.deepEqual([unknown.why, unknown.sentence], ['no-exit', 'E-none has no exit']);
    assert.equal((await refusal(hr, 'amend', employeeId)).code, 2);
    await page(hr, 'decide', employeeId, 'retained');
  });

  it('acts as no other person', async () => {
    for (const args of [
      ['decide', 'E-1', 'retained', '--by', IT],
      ['resign', 'E-1', '--submitted-by', IT],
      ['openings', 'E-1', '--confirm', '--by', IT],
      ['interview', 'E-1', '--next', '--by', IT],
    ]) {
      const { code, stderr } = await ems(hr, ...args);
      assert.equal(code, 2);
      assert.match(stderr, /You are logged in as hr@acme\.example, so leave it out\.\n$/);
    }
    const own = await refusal(hr, 'decide', 'E-none', 'retained', '--by', HR.toUpperCase());
    assert.equal(own.why, 'no-exit', 'the own address may be given');
    const without = await ems({ ...hr, EMS_HOME: await scratchFolder() }, 'decide', 'E-1', 'retained');
    assert.match(without.stderr, /required option '--by <email>' not specified/);
  });

  it('shows over the API what it shows directly', async () => {
    const nora = await waiting(world, { on: ['payroll'] }, { lastWorkingDay: inDays(40) });
    const free = await world.hire({ on: ['payroll'], displayName: 'Zora Quist' });
    const file = path.join(await scratchFolder(), 'people.csv');
    await writeFile(file, `employeeId\n${free.employeeId}\nE-none\n`);
    const { employeeId, exitId } = nora;
    await eventually('the interview', async () =>
      (await world.application.status({ employeeId })).interview ? true : undefined,
    );
    const asked: [env: Env, ...args: string[]][] = [
      [hr, 'status', employeeId],
      [hr, 'status', employeeId, '--exit', exitId],
      [hr, 'list', '--employee', employeeId],
      [hr, 'people', 'quist'],
      [hr, 'openings'],
      [hr, 'interview', employeeId],
      [hr, 'resign', free.employeeId, '--dry-run', '--submitted-by', HR],
      [hr, 'resign', '--file', file],
      [hr, 'decide', employeeId, 'leaving', '--dry-run', '--by', HR],
      [operator, 'resolve', employeeId, 'block-access:payroll', 'skip', '--dry-run', '--by', IT],
    ];
    for (const [env, ...args] of asked) {
      const over = await ems(env, ...args, '--json');
      const direct = await ems(world.env, ...args, '--json');
      const shown = ({ code, stderr, stdout }: Ran) => {
        const looked = /"(captured|memberships)At": "[^"]+"/g;
        return { code, stderr, document: JSON.parse(stdout.replaceAll(looked, '"at": ""')) as unknown };
      };
      assert.deepEqual(shown(over), shown(direct), args.join(' '));
    }
    const text = await page(hr, 'report', employeeId);
    assert.ok(text.includes(world.config.organisation.name) && text.includes(employeeId));
    await page(hr, 'decide', employeeId, 'retained');
  });

  it('resolves, amends, hands over and opens by a table as the person of the login', async () => {
    await world.takeDown('mail');
    const nora = await opened(world, { on: ['payroll'] }, { lastWorkingDay: inDays(40) });
    const { employeeId } = nora;
    const step = await eventually('the step', async () => {
      const { code, stdout } = await ems(operator, 'resolve', employeeId, 'notify-manager', 'skip', '--json');
      return code === 0 ? (JSON.parse(stdout) as { by: string }) : undefined;
    });
    assert.equal(step.by, IT);
    await world.bringUp('mail');
    await world.untilIn('awaiting-decision', nora);
    await page(hr, 'amend', employeeId, '--last-working-day', inDays(50));
    assert.match(
      await page(hr, 'hand-over', '--all-of', 'first@acme.example', '--to', HR),
      new RegExp(employeeId),
    );
    const { amendments, handOvers } = await answer<ExitStatus>(hr, 'status', employeeId);
    assert.deepEqual([amendments[0]!.by, handOvers[0]!.by], [HR, HR]);
    const file = path.join(await scratchFolder(), 'people.csv');
    const paul = await world.hire({ on: ['payroll'] });
    await writeFile(file, `employeeId\n${paul.employeeId}\n`);
    assert.match(await page(hr, 'resign', '--file', file, '--confirm', '1'), /opened/);
    const listed = await eventually('both in the list', async () => {
      const all = await answer<ListedExit[]>(hr, 'list', '--open');
      const ids = new Set(all.map((exit) => exit.employeeId));
      return ids.has(employeeId) && ids.has(paul.employeeId) ? all : undefined;
    });
    assert.ok(listed.length >= 2);
    for (const id of [employeeId, paul.employeeId]) await page(hr, 'decide', id, 'retained');
  });

  it('renews the login when it is about to expire, and says when only a new login helps', async () => {
    const before = (await loginIn(operator)).login;
    await change(operator, { expiresAt: new Date().toISOString() });
    await page(operator, 'openings');
    const after = (await loginIn(operator)).login;
    assert.notEqual(after['accessToken'], before['accessToken']);
    assert.equal((await stat((await loginIn(operator)).file)).mode & 0o777, 0o600);
    assert.equal(
      (await refusal(await terminal(), 'openings')).why,
      'not-configured',
      'another home has no login',
    );
    await change(operator, { expiresAt: new Date().toISOString(), refreshToken: 'guessed' });
    const { code, sentence, why } = await refusal(operator, 'openings');
    assert.deepEqual([code, why], [1, 'unauthenticated']);
    assert.match(sentence, /The login of it@acme\.example has ended: .*invalid_grant: ems login/);
    await change(operator, after);
  });

  it('lasts where two commands renew it at once', async () => {
    await change(operator, { expiresAt: new Date().toISOString() });
    await Promise.all([1, 2, 3].map(() => page(operator, 'openings')));
    await change(operator, { expiresAt: new Date().toISOString() });
    await page(operator, 'openings');
  });

  it('takes a token of the environment, or of a file, instead', async () => {
    const basic = Buffer.from('hris:a secret of the program').toString('base64');
    const given = await fetch(`${world.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'exits:read exits:open' }),
    });
    const { access_token: token } = (await given.json()) as { access_token: string };
    const file = path.join(await scratchFolder(), 'token');
    await writeFile(file, `${token}\n`);
    const { employeeId } = await world.hire({ on: ['payroll'] });
    const env = { ...(await terminal()), EMS_TOKEN_FILE: file };
    await page(env, 'resign', employeeId);
    assert.equal((await answer<ExitStatus>(env, 'status', employeeId)).employeeId, employeeId);
    assert.equal((await refusal(env, 'decide', employeeId, 'retained')).why, 'forbidden');
    const stale = await refusal({ ...env, EMS_TOKEN: `${token.slice(0, -8)}AAAAAAAA` }, 'status', employeeId);
    assert.equal(stale.why, 'unauthenticated');
    assert.doesNotMatch(stale.sentence, /eyJ/);
    const nowhere = await refusal({ EMS_TOKEN: token }, 'status', employeeId);
    assert.match(nowhere.sentence, /EMS_PUBLIC_URL: must be set to the address of the console/);
    const away = await refusal({ ...env, EMS_PUBLIC_URL: 'http://127.0.0.1:9' }, 'status', employeeId);
    assert.deepEqual([away.code, away.why], [1, 'unreachable']);
    await world.untilIn('awaiting-decision', { employeeId });
    await page(hr, 'decide', employeeId, 'retained');
  });

  it('ends the login at the logout, here and at the provider', async () => {
    const env = await loggedIn(HR);
    const { file, login } = await loginIn(env);
    assert.match(await page(env, 'logout'), /^The login of hr@acme\.example to .* has ended\.\n$/);
    await assert.rejects(stat(file), /ENOENT/);
    assert.match(await page(env, 'logout'), /^There was no login/);
    await writeFile(file, JSON.stringify({ ...login, expiresAt: new Date().toISOString() }));
    assert.equal((await refusal(env, 'openings')).why, 'unauthenticated', 'a copy is of no use');
  });

  it('gives up the login at Ctrl-C, when the code expires, and where the provider has none for terminals', async () => {
    const env = await terminal();
    const broken = startEms(env, 'login');
    await eventually('the code', () => Promise.resolve(broken.warned() || undefined));
    broken.interrupt();
    const { code, stderr } = await broken.ended;
    assert.deepEqual([code, stderr.split('\n')[1]], [1, 'ems: The login was broken off']);
    for (const [options, why] of [
      [{ codeExpiresIn: 2 }, /The code expired before it was confirmed: log in again/],
      [{}, /offers no login for terminals \(device flow, RFC 8628\)/],
    ] as const) {
      const issuer = await startTokenIssuer(options);
      const server = await startHttpServer(world, issuer.issuer);
      const failed = await ems({ ...env, EMS_PUBLIC_URL: server.url }, 'login');
      await server.stop();
      await issuer.stop();
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, why);
    }
    await assert.rejects(stat(path.join(env['EMS_HOME']!, 'logins')), /ENOENT/);
    const open = await refusal({ ...env, EMS_PUBLIC_URL: 'http://exits.acme.example' }, 'login');
    assert.match(open.sentence, /must be https, except on 127\.0\.0\.1/);
  });
});
