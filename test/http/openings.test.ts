import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import type { OpenedRow } from '../../src/client/opened-row.js';
import type { EndedOpening, WaitingInForm } from '../../src/client/openings.js';
import { parseConfig } from '../../src/config/config.js';
import type { Problem } from '../../src/http/http-problem.js';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { answer, ems, page as printed, refusal } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { describeUnless } from '../support/installed.js';
import { lacksBrowser, startPageBrowser, violationsOn, type PageBrowser } from '../support/page-browser.js';
import { sampleText } from '../support/sample-config.js';
import { scratchFolder } from '../support/temporal.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR, IT } from '../support/world.js';

const BOSS = 'head-of-hr@acme.example';
const secret = `whsec_${randomBytes(24).toString('base64')}`;
const webhook = `
webhooks:
  - source: hris
    secretsEnv: OWN
    opens: { /kind: resigned }
    employeeId: /who
`;

describeUnless(lacksBrowser, 'openings that wait for a second person', () => {
  let world: ConsoleWorld;
  let browser: PageBrowser;
  let issuer: TokenIssuer;
  let server: HttpServer;
  before(async () => {
    const openings: [string, string] = [
      'secondPerson: [] }',
      'secondPerson: [] }\nopenings: { perTable: 1 }',
    ];
    world = await startConsoleWorld({ systems: ['payroll'], config: [openings] });
    world.config.webhooks = parseConfig(`${sampleText}\n${webhook}`, 'ems.config.yaml', {
      OWN: secret,
    }).webhooks;
    browser = await startPageBrowser(world.url);
    issuer = await startTokenIssuer();
    server = await startHttpServer(world, issuer.issuer);
  });
  afterEach(() => world.mend());
  after(async () => {
    await server.stop();
    await issuer.stop();
    await browser.stop();
    await world.stop();
  });

  const hire = async (displayName: string): Promise<string> =>
    (await world.hire({ on: ['payroll'], displayName })).employeeId;
  const untilWaiting = (count: number) =>
    eventually(`${count} openings to wait`, async () => {
      const waiting = await world.application.waiting();
      return waiting.length === count ? waiting : undefined;
    });

  async function ask<T>(email: string, roles: string[], path: string, body?: object) {
    const claims = { email, name: email, roles, scope: 'exits:read exits:open exits:decide' };
    const token = await issuer.token(claims, server.audience);
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  it('come from a table in the console; another person confirms and rejects them, without script and in German', async () => {
    const [nora, paul] = [await hire('Nora Waits'), await hire('Paul Waits')];
    const first = await browser.as(HR);
    await first.goto(`${world.url}/table`);
    await first.fill('#csv', `employeeId;reason\n${nora};"<b>moves</b>"\n${paul};`);
    await first.click('main button');
    await first.waitForSelector('text=These exits wait for a second person');
    assert.deepEqual(await violationsOn(first), []);
    await first.fill('#typedCount', '2');
    await first.click('button.danger');
    await first.waitForSelector('text=Done. 0 exits were opened.');
    assert.deepEqual(await violationsOn(first), []);
    await untilWaiting(2);
    assert.equal(await world.application.newest(nora), undefined, 'nothing is blocked');

    const mailsTo = (address: string) =>
      world.mail.to(address).filter(({ subject }) => subject === 'Exits wait for a second person').length;
    assert.deepEqual([mailsTo(BOSS), mailsTo(HR)], [1, 0], 'one mail, and none to the one who asked');

    await first.goto(`${world.url}/?show=attention`);
    assert.match(await first.innerText('main'), new RegExp(`${nora}\\s+Asked for by: hr@acme\\.example`));
    assert.deepEqual(await violationsOn(first), []);
    await first.goto(world.url);
    await first.click('text=2 openings wait for a second person');
    await first.waitForURL('**/openings');
    assert.deepEqual(await violationsOn(first), []);
    assert.match(await first.innerText('main'), /Nora Waits.*\n?.*hr@acme\.example \(you\)/);
    await first.fill('#typedCount', '2');
    await first.click('button.danger');
    await first.waitForSelector('text=has proposed it, so a second person is to confirm it');
    assert.deepEqual(await violationsOn(first), []);
    assert.equal(await world.application.newest(nora), undefined);

    const second = await browser.as(BOSS, { locale: 'de-AT', javaScriptEnabled: false });
    await second.goto(`${world.url}/openings`);
    assert.match(await second.innerText('main'), /Noch ist nichts gesperrt.*eine Tabelle mit mehr Zeilen/s);
    await second.uncheck(`input[value="${paul}"]`);
    await second.fill('#typedCount', '2');
    await second.click('button.danger');
    await second.waitForSelector('text=Die eingegebene Zahl ist nicht die der angekreuzten');
    assert.equal(await second.isChecked(`input[value="${paul}"]`), false);
    await second.fill('#typedCount', '1');
    await second.click('button.danger');
    await second.waitForSelector('text=Fertig. 1 Austritte wurden eröffnet.');
    await world.untilIn('awaiting-decision', { employeeId: nora });
    await second.click('text=Die wartenden Eröffnungen');
    await second.fill('#note', 'noch nicht');
    await second.click('text=Ablehnen, was angekreuzt ist');
    await second.waitForSelector('text=Fertig. 1 Eröffnungen wurden abgelehnt.');
    assert.equal(await world.application.newest(paul), undefined);
    await untilWaiting(0);
    await second.goto(`${world.url}/openings`);
    await second.waitForSelector('text=Keine Eröffnung wartet.');
    assert.deepEqual(browser.errors, []);
  });

  it('are seen by all who see exits, and confirmed by those alone who decide, from the own pages', async () => {
    const nora = await hire('Nora Forged');
    const operator = await browser.as(IT);
    await operator.goto(`${world.url}/openings`);
    assert.equal(await operator.locator('main button').count(), 0);
    const hr = await browser.as(HR);
    for (const what of ['confirmation', 'rejection']) {
      const { status } = (await hr.evaluate(
        `fetch('/openings/${what}', { method: 'POST', body: new URLSearchParams({ csrf: 'guessed', id: '${nora}', typedCount: '1' }) }).then(({ status }) => ({ status }))`,
      )) as { status: number };
      assert.equal(status, 403);
      const refused = await ask<Problem>(IT, ['operator'], `/openings/${what}`, { employeeIds: [nora] });
      assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden']);
    }
  });

  it('come from the API and from an HRIS gone wild, and are kept for the same delivery', async () => {
    const [nora, paul] = [await hire('Nora Called'), await hire('Paul Called')];
    await world.application.open({ employeeId: await hire('Zoe First') }, 'choreographed');
    world.config.openings = { perHour: 1 };
    await eventually(
      'the limit to be reached',
      async () => (await world.application.room(1)) === 0 || undefined,
    );
    const problem = await ask<Problem>(HR, ['hr'], '/exits', { employeeId: nora });
    assert.deepEqual([problem.status, problem.body.code], [409, 'awaits-second-person']);
    assert.match(
      problem.body.detail,
      /^The exit of .* waits for a second person since .*Ask a colleague who decides/,
    );

    const body = JSON.stringify({ kind: 'resigned', who: paul });
    const send = async () => {
      const now = new Date();
      const response = await fetch(`${server.url}/api/v1/webhooks/hris`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': 'msg_7',
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': new Webhook(secret).sign('msg_7', now, body),
        },
        body,
      });
      const { outcomes } = (await response.json()) as { outcomes: { outcome: string; code?: string }[] };
      return { status: response.status, ...outcomes[0]! };
    };
    assert.deepEqual([(await send()).outcome, (await send()).outcome], ['waiting', 'waiting']);
    await untilWaiting(2);
    const { body: listed } = await ask<{ openings: WaitingInForm[] }>(BOSS, ['hr'], '/openings');
    assert.deepEqual(
      listed.openings.map(({ resignation }) => [resignation.employeeId, resignation.submittedBy]),
      [
        [nora, HR],
        [paul, 'webhook hris'],
      ],
    );
    const employeeIds = [nora, paul];
    const { body: ended } = await ask<{ rows: EndedOpening[] }>(BOSS, ['hr'], '/openings/confirmation', {
      employeeIds,
    });
    assert.deepEqual(
      ended.rows.map(({ state }) => state),
      ['opened', 'opened'],
    );
    assert.equal((await send()).outcome, 'repeated', 'the delivery has its exit');
    world.config.openings = { perTable: 1 };
  });

  it('are seen, confirmed and rejected by "ems" as well', async () => {
    const [nora, paul, zoe] = [await hire('Nora Typed'), await hire('Paul Typed'), await hire('Zoe Typed')];
    const file = path.join(await scratchFolder(), 'people.csv');
    await writeFile(file, ['employeeId', nora, paul, zoe].join('\n'));
    const told = await printed(world.env, 'resign', '--file', file);
    assert.match(told, /3 of them would wait for a second person: say who asks by --submitted-by/);
    const asking = ['resign', '--file', file, '--confirm', '3', '--submitted-by', HR];
    const kept = await refusedRows(...asking);
    assert.deepEqual(
      kept.map(({ state }) => state),
      ['waiting', 'waiting', 'waiting'],
    );
    await untilWaiting(3);
    const list = await printed(world.env, 'openings');
    assert.match(list, new RegExp(`${nora} .*asked by ${HR}`));
    const own = await refusedRows<EndedOpening>('openings', nora, '--confirm', '--by', HR);
    assert.match(own[0]!.message!, /has proposed it/);
    const confirmed = await answer<EndedOpening[]>(
      world.env,
      'openings',
      nora,
      paul,
      '--confirm',
      '--by',
      BOSS,
    );
    assert.deepEqual(
      confirmed.map(({ state }) => state),
      ['opened', 'opened'],
    );
    await untilWaiting(1);
    const wrong = await refusal(world.env, 'openings', '--all', '3', '--reject', '--by', BOSS);
    assert.match(wrong.sentence, /1 openings wait, not 3: nothing was done/);
    const rejected = await answer<EndedOpening[]>(
      world.env,
      'openings',
      '--all',
      '1',
      '--reject',
      '--by',
      BOSS,
      '--note',
      'no',
    );
    assert.deepEqual(
      rejected.map(({ employeeId, state }) => [employeeId, state]),
      [[zoe, 'rejected']],
    );
  });

  /** Of a command that ends with 1, since not all was done. */
  async function refusedRows<T = OpenedRow>(...args: string[]): Promise<T[]> {
    const { code, stdout } = await ems(world.env, ...args, '--json');
    assert.equal(code, 1);
    return JSON.parse(stdout) as T[];
  }
});
