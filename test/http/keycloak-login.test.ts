/** Keycloak as a stranger's OpenID provider: what docs/console.md tells to set, and no more. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { acts, scopeOf } from '../../src/http/roles.js';
import { freePort } from '../../src/local/ports.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { CookieBrowser } from '../support/cookie-browser.js';
import { ems, page as printed, startEms } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { formsIn } from '../support/html.js';
import { CONSOLE_SECRET, startHttpServer, type HttpServer } from '../support/http-server.js';
import { ask, startKeycloak, type Keycloak } from '../support/keycloak.js';
import { scratchFolder } from '../support/temporal.js';
import { orPending } from '../support/unavailable.js';
import { HR, IT } from '../support/world.js';

const GUEST = 'guest@acme.example';
const EVE = 'eve@acme.example';
const PASSWORD = 'correct-horse-battery-staple';

/** As docs/console.md says. */
const consoleAt = (url: string) => ({
  clientId: 'ems-console',
  secret: CONSOLE_SECRET,
  redirectUris: [`${url}/login/callback`],
  attributes: {
    'pkce.code.challenge.method': 'S256',
    'post.logout.redirect.uris': `${url}/logged-out`,
  },
  protocolMappers: [
    {
      name: 'realm roles in the ID token',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-usermodel-realm-role-mapper',
      config: {
        'claim.name': 'realm_access.roles',
        'jsonType.label': 'String',
        multivalued: 'true',
        'id.token.claim': 'true',
      },
    },
  ],
});

/** As docs/console.md says. */
const terminalOf = (url: string) => ({
  clientId: 'ems-terminal',
  publicClient: true,
  standardFlowEnabled: false,
  attributes: { 'oauth2.device.authorization.grant.enabled': 'true' },
  protocolMappers: [
    {
      name: 'audience of the API',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': `${url}/api`, 'access.token.claim': 'true' },
    },
  ],
});

/** A client scope for each of the API, optional for the terminal. */
async function addScopes({ url, realm, rootToken }: Keycloak): Promise<void> {
  const root = { url, token: await rootToken() };
  const at = `/admin/realms/${realm}`;
  const [client] = await ask<{ id: string }[]>(root, 'GET', `${at}/clients?clientId=ems-terminal`);
  for (const name of acts.map(scopeOf)) {
    const scope = { name, protocol: 'openid-connect' };
    const id = await ask<string>(root, 'POST', `${at}/client-scopes`, scope);
    await ask(root, 'PUT', `${at}/clients/${client!.id}/optional-client-scopes/${id}`);
  }
}

const person = (email: string, realmRoles: string[]) => ({
  ...{ username: email, firstName: 'Ada', lastName: 'Reyes', email, emailVerified: true, enabled: true },
  credentials: [{ type: 'password', value: PASSWORD }],
  realmRoles,
});

describe('the console, where people log in at Keycloak @long', () => {
  let keycloak: Keycloak | undefined;
  let world: BothFormsWorld;
  let server: HttpServer;
  before(async function () {
    this.timeout(10 * 60_000);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const logFile = path.join(await scratchFolder(), 'keycloak.log');
    const realm = {
      clients: [consoleAt(url), terminalOf(url)],
      roles: [{ name: 'people-team' }, { name: 'operator' }],
      users: [
        person(HR, ['people-team']),
        person(IT, ['operator']),
        person(GUEST, []),
        { ...person(EVE, ['people-team']), emailVerified: false },
      ],
    };
    keycloak = await orPending(this, startKeycloak(logFile, realm));
    await addScopes(keycloak);
    world = await startBothForms();
    server = await startHttpServer(world, `${keycloak.url}/realms/${keycloak.realm}`, port, undefined, {
      EMS_OIDC_ROLES_CLAIM: 'realm_access.roles',
      EMS_ROLE_HR: 'people-team',
    });
  });
  after(async () => {
    await server?.stop();
    await world?.stop();
    await keycloak?.stop();
  });

  /** Fills in the one form of a page of Keycloak, and follows where it leads. */
  async function submit(
    browser: CookieBrowser,
    { at, text }: { at: string; text: string },
    fields: Record<string, string>,
  ) {
    const [form] = formsIn(text);
    return browser.go(new URL(form!.action, at).href, { ...form!.hidden, ...fields });
  }

  async function login(email: string, to = '/') {
    const browser = new CookieBrowser(server.url);
    const page = await browser.go(`/login?to=${encodeURIComponent(to)}`);
    const answer = await submit(browser, page, { username: email, password: PASSWORD });
    return { browser, ...answer };
  }

  it('takes the code flow with PKCE, the name and the roles: HR decides, an operator does not', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const { opened } = await world.application.open({ employeeId: nora.employeeId }, 'choreographed');
    await world.untilIn('awaiting-decision', nora);
    const page = `/exits/${opened.exitId}`;
    const hr = await login(HR, page);
    assert.equal(hr.at, `${server.url}${page}`);
    assert.match(hr.text, /Ada Reyes/);
    const it = await login(IT, page);
    assert.equal(it.response.status, 200);
    const decision = { outcome: 'retained', confirmed: 'yes' };
    const decide = async ({ browser }: typeof hr) =>
      (await browser.ask(`${page}/decision`, { ...decision, csrf: await browser.csrf() })).status;
    assert.equal(await decide(it), 403);
    const guest = await login(GUEST, page);
    assert.equal(guest.response.status, 403, 'no role, and no report of theirs');
    assert.equal(await decide(hr), 303);
    const { decision: made } = await world.untilIn('closed', nora);
    assert.equal(made?.decidedBy, HR);
  });

  it('takes no login without PKCE, and no mail address that is not verified', async () => {
    const first = await new CookieBrowser(server.url).ask('/login');
    const url = new URL(first.headers.get('location')!);
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const { text } = await new CookieBrowser(server.url).go(url.href);
    assert.match(text, /The login did not finish/);
    const eve = await login(EVE);
    assert.equal(eve.response.status, 400);
    assert.match(eve.text, /no verified mail address/);
  });

  it('ends the session at the logout, there and here, and is not asked again', async () => {
    const { browser } = await login(HR);
    const ended = await browser.go('/logout', { csrf: await browser.csrf() });
    assert.equal(ended.at, `${server.url}/logged-out`);
    const again = await browser.go('/');
    assert.ok(again.at.startsWith(keycloak!.url), 'Keycloak asks for the password anew');
    assert.match(again.text, /type="password"/);
  });

  it('logs a terminal in by the device flow, and out: ems decides as the person, over the API', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const { employeeId } = nora;
    await world.application.open({ employeeId }, 'choreographed');
    await world.untilIn('awaiting-decision', nora);
    const env = { EMS_PUBLIC_URL: server.url, EMS_HOME: await scratchFolder() };
    const { warned, ended } = startEms(env, 'login');
    await eventually('the code', () => Promise.resolve(warned() || undefined));
    const browser = new CookieBrowser(keycloak!.url);
    const asked = await browser.go(/ at (\S+)\n$/.exec(warned())![1]!);
    const granting = await submit(browser, asked, { username: HR, password: PASSWORD });
    await submit(browser, granting, { accept: 'Yes' });
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /You are logged in to .* as Ada Reyes \(hr@acme\.example\), hr\./);
    await printed(env, 'decide', employeeId, 'retained');
    const { decision } = await world.untilIn('closed', nora);
    assert.equal(decision?.decidedBy, HR);
    await printed(env, 'logout');
    const { code: after } = await ems(env, 'status', employeeId);
    assert.equal(after, 1, 'nothing else is configured');
  });
});
