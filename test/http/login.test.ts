import assert from 'node:assert/strict';
import { decodeJwt, EncryptJWT } from 'jose';
import { createHash } from 'node:crypto';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { CookieBrowser } from '../support/cookie-browser.js';
import { eventually } from '../support/eventually.js';
import { hostileNames } from '../support/hostile-names.js';
import { SESSION_SECRET, startHttpServer } from '../support/http-server.js';
import { HR } from '../support/world.js';

const RAVI = 'ravi.menon@acme.example';
const AUDIT = 'audit@acme.example';
const SESSION = 'ems-session';

describe('the login of the console', () => {
  let world: ConsoleWorld;
  before(async () => {
    world = await startConsoleWorld();
  });
  after(() => world.stop());

  async function loggedIn(email: string): Promise<CookieBrowser> {
    const browser = new CookieBrowser(world.url);
    await browser.login(email);
    return browser;
  }
  async function opened(hire = {}): Promise<{ exitId: string; employeeId: string }> {
    const nora = await world.hire({ on: ['payroll'], ...hire });
    const { opened } = await world.application.open({ employeeId: nora.employeeId }, 'orchestrated');
    return opened;
  }
  const decision = { outcome: 'retained', confirmed: 'yes' };
  const user = { subject: HR, name: 'HR', email: HR, roles: ['hr'], acts: ['read'], mayReadOwnReports: true };
  const now = (): number => Math.floor(Date.now() / 1000);
  /** A session as the server makes it. */
  const cookieOf = (secret: string, session: object, audience = SESSION): Promise<string> =>
    new EncryptJWT({ value: { id: 'one', csrf: 'token', user, ...session } })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(audience)
      .setExpirationTime(now() + 600)
      .encrypt(createHash('sha256').update(secret).digest());

  it('asks the identity provider who it is, and goes on to the page that was wanted', async () => {
    const browser = new CookieBrowser(world.url);
    const first = await browser.ask('/new?employeeId=E-1002');
    assert.equal(first.status, 302);
    const { at } = await browser.go('/new?employeeId=E-1002');
    assert.ok(at.startsWith(`${world.issuer}/interaction/`), at);
    const { at: then, text } = await browser.login(HR, '/new');
    assert.equal(then, `${world.url}/new`);
    assert.match(text, /Acme HR/);
  });

  it('uses PKCE, state and nonce, and takes no answer of another login', async () => {
    const browser = new CookieBrowser(world.url);
    const location = new URL((await browser.ask('/login')).headers.get('location')!);
    assert.equal(location.searchParams.get('code_challenge_method'), 'S256');
    for (const name of ['code_challenge', 'state', 'nonce'])
      assert.ok(location.searchParams.get(name)!.length >= 20, name);
    // Login CSRF: the attacker's own code in the victim's browser.
    const guessed = await browser.ask('/login/callback?code=guessed&state=guessed');
    assert.equal(guessed.status, 400);
    assert.match(await guessed.text(), /The login did not finish/);
    const without = await new CookieBrowser(world.url).ask('/login/callback?code=guessed&state=guessed');
    assert.equal(without.status, 400);
    assert.equal(browser.cookies.has(SESSION), false);
  });

  it('sends no one to another site after the login, and puts nothing into a header', async () => {
    for (const to of ['//evil.example', 'https://evil.example/', '/\\evil.example', '/\t/evil.example']) {
      const { at } = await new CookieBrowser(world.url).login(HR, to);
      assert.equal(new URL(at).origin, new URL(world.url).origin, to);
      const back = await new CookieBrowser(world.url).ask(`/language/de?back=${encodeURIComponent(to)}`);
      assert.match(back.headers.get('location')!, /^\/(?![/\\])/);
    }
    const injected = encodeURIComponent('/a\r\nset-cookie: injected=1');
    const answer = await new CookieBrowser(world.url).ask(`/language/de?back=${injected}`);
    assert.deepEqual(
      answer.headers.getSetCookie().map((text) => text.split('=')[0]),
      ['ems-language'],
    );
  });

  it('keeps the session in a cookie that scripts, other sites and people cannot read', async () => {
    const browser = new CookieBrowser(world.url);
    const { at } = await browser.go('/login');
    const back = await browser.ask(at, { email: HR });
    const callback = (await browser.ask(back.headers.get('location')!)).headers.get('location')!;
    const cookies = (await browser.ask(callback)).headers.getSetCookie();
    const session = cookies.find((text) => text.startsWith(`${SESSION}=`))!;
    for (const attribute of [/; HttpOnly/, /; SameSite=Lax/, /; Path=\//, /; Expires=/])
      assert.match(session, attribute);
    assert.doesNotMatch(session, /acme/);
    for (const part of session.split(/[=.;]/))
      assert.doesNotMatch(Buffer.from(part, 'base64url').toString(), /acme/);
  });

  it('ends a session by itself, and takes no cookie that it did not make', async () => {
    const statusWith = async (text: string): Promise<number> => {
      const browser = new CookieBrowser(world.url);
      browser.cookies.set(SESSION, text);
      return (await browser.ask('/')).status;
    };
    const lasting = { idleUntil: now() + 600, until: now() + 600 };
    assert.equal(await statusWith(await cookieOf(SESSION_SECRET, lasting)), 200);
    assert.equal(await statusWith(await cookieOf(SESSION_SECRET, { ...lasting, until: now() - 1 })), 302);
    assert.equal(await statusWith(await cookieOf(SESSION_SECRET, { ...lasting, idleUntil: now() - 1 })), 302);
    assert.equal(await statusWith(await cookieOf('another secret, just as long as it', lasting)), 302);
    assert.equal(await statusWith(await cookieOf(SESSION_SECRET, lasting, 'ems-login')), 302);
    const good = await cookieOf(SESSION_SECRET, lasting);
    assert.equal(await statusWith(`${good.slice(0, -8)}AAAAAAAA`), 302);
    assert.equal(await statusWith('rubbish'), 302);
  });

  it('ends the stream of a page with the session, and with the server', async () => {
    const { exitId } = await opened();
    const server = await startHttpServer(world, world.issuer);
    const browserFor = async (seconds: number): Promise<CookieBrowser> => {
      const browser = new CookieBrowser(server.url);
      const end = now() + seconds;
      browser.cookies.set(SESSION, await cookieOf(SESSION_SECRET, { idleUntil: end, until: end }));
      return browser;
    };
    const stream = async (seconds: number): Promise<Response> => {
      const browser = await browserFor(seconds);
      const response = await browser.ask(`/exits/${exitId}/events`);
      assert.equal(response.headers.get('content-type'), 'text/event-stream');
      return response;
    };
    // This server has not seen the exit, and Temporal's index may be a moment behind.
    const lasting = await browserFor(600);
    await eventually('the exit', async () => (await lasting.ask(`/exits/${exitId}`)).ok || undefined);
    assert.match(await (await stream(5)).text(), /event: change/);
    const open = await stream(600);
    await server.stop();
    assert.match(await open.text(), /^retry: /);
  });

  it('does nothing for a form that comes after the end of the session, and says so', async () => {
    const { exitId, employeeId } = await opened();
    const answer = await new CookieBrowser(world.url).ask(`/exits/${exitId}/decision`, decision);
    assert.equal(answer.status, 401);
    assert.match(await answer.text(), /Nothing was done/);
    assert.equal((await world.application.status({ employeeId })).decision, undefined);
  });

  it('does nothing for a form that another site has made the browser send', async () => {
    const { exitId, employeeId } = await opened();
    await world.untilIn('awaiting-decision', { employeeId });
    const path = `/exits/${exitId}/decision`;
    const browser = await loggedIn(HR);
    const csrf = await browser.csrf();
    const other = await (await loggedIn(HR)).csrf();
    const forms: [Record<string, string>, Record<string, string>][] = [
      [decision, {}],
      [{ ...decision, csrf: 'guessed' }, {}],
      [{ ...decision, csrf: other }, {}],
      [{ ...decision, csrf }, { origin: 'https://evil.example' }],
      [{ ...decision, csrf }, { origin: 'null' }],
      [{ ...decision, csrf }, { 'sec-fetch-site': 'cross-site' }],
      [{ ...decision, csrf }, { 'sec-fetch-site': 'same-site' }],
    ];
    for (const [form, headers] of forms)
      assert.equal((await browser.ask(path, form, headers)).status, 403, JSON.stringify([form, headers]));
    for (const url of ['/new', '/logout', `/exits/${exitId}/resolve`, `/exits/${exitId}/interview`])
      assert.equal((await browser.ask(url, { employeeId })).status, 403, url);
    assert.equal((await world.application.status({ employeeId })).decision, undefined);
    assert.equal((await browser.ask(path, { ...decision, csrf })).status, 303);
    const { decision: made } = await world.application.status({ employeeId });
    assert.equal(made?.decidedBy, HR);
  });

  it('takes a session cookie for the console only, not for the API', async () => {
    const browser = await loggedIn(HR);
    assert.equal((await browser.ask('/api/v1/exits')).status, 401);
  });

  it('ends the session at the logout, also for a copy of its cookie', async () => {
    const browser = await loggedIn(HR);
    const copy = new CookieBrowser(world.url);
    copy.cookies.set(SESSION, browser.cookies.get(SESSION)!);
    assert.equal((await copy.ask('/')).status, 200);
    const out = await browser.ask('/logout', { csrf: await browser.csrf() });
    const url = new URL(out.headers.get('location')!);
    assert.ok(url.href.startsWith(world.issuer), 'the provider ends its session as well');
    assert.equal(decodeJwt(url.searchParams.get('id_token_hint')!)['email'], HR, 'and need not ask whose');
    assert.equal(browser.cookies.has(SESSION), false);
    assert.equal((await browser.ask('/')).status, 302);
    assert.equal((await copy.ask('/')).status, 302);
  });

  it('lets each role see and do its own acts only, whatever form is sent', async () => {
    const mine = await opened({ manager: RAVI });
    const other = await opened();
    const forms: [string, Record<string, string>][] = [
      [`/exits/${other.exitId}/decision`, decision],
      [`/exits/${other.exitId}/resolve`, { step: 'notify-manager', action: 'skip' }],
      [`/exits/${other.exitId}/interview`, { next: 'yes' }],
      ['/new', { employeeId: other.employeeId, typedName: 'any' }],
    ];
    const pages = [`/exits/${other.exitId}`, `/exits/${other.exitId}/report`, '/new'];
    const may: [string, { forms: boolean[]; pages: boolean[] }][] = [
      [AUDIT, { forms: [false, false, false, false], pages: [true, true, false] }],
      ['it@acme.example', { forms: [false, true, false, false], pages: [true, true, false] }],
      [HR, { forms: [true, false, true, true], pages: [true, true, true] }],
      [RAVI, { forms: [false, false, false, false], pages: [false, false, false] }],
    ];
    for (const [email, allowed] of may) {
      const browser = await loggedIn(email);
      const csrf = await browser.csrf();
      for (const [i, page] of pages.entries())
        assert.equal((await browser.ask(page)).status !== 403, allowed.pages[i], `${email}: ${page}`);
      for (const [i, [url, form]] of forms.entries())
        assert.equal(
          (await browser.ask(url, { ...form, csrf })).status !== 403,
          allowed.forms[i],
          `${email}: ${url}`,
        );
    }
    const ravi = await loggedIn(RAVI);
    assert.equal((await ravi.ask(`/exits/${mine.exitId}`)).status, 200);
    // Temporal's index may be a moment behind.
    const text = await eventually('the exit in the list', async () => {
      const page = await ravi.go('/?show=all');
      return page.text.includes(mine.employeeId) ? page.text : undefined;
    });
    assert.doesNotMatch(text, new RegExp(`${other.employeeId}\\b`));
    const csv = await (await ravi.ask('/exits.csv?show=all')).text();
    assert.match(csv, new RegExp(mine.employeeId));
    assert.doesNotMatch(csv, new RegExp(`${other.employeeId}\\b`));
  });

  it('allows no frame, no script or style in a page, and no other host', async () => {
    const browser = await loggedIn(HR);
    for (const page of ['/', '/new', '/logged-out', '/nowhere', '/api/v1/openapi.json']) {
      const { headers } = await browser.ask(page);
      const policy = headers.get('content-security-policy')!;
      for (const directive of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ])
        assert.ok(policy.includes(directive), `${page}: ${policy}`);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    }
    const { exitId } = await opened();
    const report = await browser.ask(`/exits/${exitId}/report`);
    assert.match(
      report.headers.get('content-security-policy')!,
      /style-src 'sha256-[^']+'; frame-ancestors 'none'$/,
    );
  });

  it('shows hostile names as text, on the page and in the CSV', async () => {
    const browser = await loggedIn(HR);
    const names = [
      hostileNames['HTML']!,
      hostileNames['an override of the direction']!,
      hostileNames['a header']!,
      '=HYPERLINK("http://evil.example")',
      '{{ 7 | times: 6 }}',
    ];
    for (const displayName of names) {
      const { exitId, employeeId } = await opened({ displayName });
      for (const page of ['/?show=all', `/exits/${exitId}`, `/new?employeeId=${employeeId}`]) {
        const { text } = await browser.go(page);
        assert.doesNotMatch(text, /<script>|<img src=x|\u202E/);
      }
      const { text } = await browser.go('/exits.csv?show=all');
      assert.doesNotMatch(text, /"=|\u202E/);
    }
  });
});
