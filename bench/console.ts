/**
 * `npm run bench:console`: the console over 10,000 open exits. Writes the table of bench/results/console.md. The exits are real ones of
 * the choreographed form, opened by its client, and no service works on them. For the lists the directory is a stand-in that answers at
 * once; the preview of a table asks the SCIM servers of the local stack.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { choreographedExits } from '../src/choreography/client/choreographed-exits.js';
import { connectBus } from '../src/choreography/jetstream/bus.js';
import { keepExitList } from '../src/choreography/observing/exit-list.js';
import { applicationOf } from '../src/client/application.js';
import { MOST_ROWS } from '../src/client/bulk.js';
import { loadConfig } from '../src/config/config.js';
import { createServer } from '../src/http/server.js';
import { loadSettings } from '../src/http/settings.js';
import { startIdentityProvider } from '../src/local/console-process.js';
import { findNats } from '../src/local/find-nats.js';
import { startNats } from '../src/local/nats-server.js';
import { freePort } from '../src/local/ports.js';
import { createLog } from '../src/process/logger.js';
import { CookieBrowser } from '../test/support/cookie-browser.js';
import { lacksBrowser, startPageBrowser } from '../test/support/page-browser.js';
import { startCompany } from './company.js';
import { machine, writePlaces } from './compare/document.js';

const DOCUMENT = 'bench/results/console.md';
const HR = 'hr@acme.example';
/** Of Acme, with so many own reports that have an exit. */
const MANAGER = 'tomas.herrera@acme.example';
const REPORTS = 50;
const AT_A_TIME = 50;

const { values } = parseArgs({
  options: {
    exits: { type: 'string', default: '10000' },
    requests: { type: 'string', default: '40' },
    rows: { type: 'string', default: String(MOST_ROWS) },
    write: { type: 'string', default: DOCUMENT },
  },
});
const count = Number(values.exits);
const requests = Number(values.requests);
const progress = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);

const folder = await mkdtemp(path.join(tmpdir(), 'ems-bench-console-'));
const natsPort = await freePort();
const nats = await startNats({
  ...{ program: await findNats(progress), port: natsPort },
  ...{ storeDir: path.join(folder, 'jetstream'), logFile: path.join(folder, 'nats.log') },
});
const bus = await connectBus({ servers: [`127.0.0.1:${natsPort}`] }, 'bench');
progress(`hires ${values.rows} people`);
const hired = Array.from({ length: Number(values.rows) }, (_, i) => `T-${i + 1}`);
const company = await startCompany(folder, hired);
const config = loadConfig(company.env);
const exits = await choreographedExits(bus, config);
const keeper = keepExitList(bus, createLog());

progress(`opens ${count} exits`);
const ids = Array.from({ length: count }, (_, i) => `E-${10_000 + i}`);
for (let first = 0; first < count; first += AT_A_TIME)
  await Promise.all(ids.slice(first, first + AT_A_TIME).map((employeeId) => exits.open({ employeeId })));

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const provider = await startIdentityProvider({
  ...{ port: 0, consoleUrl: url, consoleSecret: 'a secret of the bench', programSecret: 'another secret' },
  logFile: path.join(folder, 'identity.log'),
});
const settings = loadSettings({
  ...{ EMS_HTTP_PORT: String(port), EMS_SESSION_SECRET: 'a secret of the bench, long enough' },
  ...{ EMS_REQUESTS_PER_MINUTE: '1000000', EMS_OIDC_ISSUER: provider.issuer },
  ...{ EMS_OIDC_CLIENT_ID: 'ems-console', EMS_OIDC_CLIENT_SECRET: 'a secret of the bench' },
});
const reports = new Set(ids.slice(0, REPORTS));
const employeeOf = (employeeId: string) => ({
  ...{ employeeId, displayName: `Employee ${employeeId}`, identities: [employeeId] },
  manager: { name: 'A manager', email: reports.has(employeeId) ? MANAGER : 'boss@acme.example' },
});
const people = {
  reportsOf: () => Promise.resolve([...reports]),
  lookUp: (employeeId: string) => Promise.resolve(employeeOf(employeeId)),
  lookUpAll: (of: readonly string[]) => Promise.resolve(new Map(of.map((id) => [id, employeeOf(id)]))),
};
const application = applicationOf({ choreographed: () => Promise.resolve(exits) }, () => config);
const app = await createServer({
  ...{ application, people, version: 'bench', settings, config },
  log: createLog(),
});
await app.listen({ host: settings.host, port });

const client = new CookieBrowser(url);
await client.login(HR);
const manager = new CookieBrowser(url);
await manager.login(MANAGER);
const exitPath = /\/exits\/[\w-]+(?=")/.exec((await client.go('/')).text)![0];
const pages = ['/', '/?q=10042', '/new', '/table', exitPath, '/static/console.css', '/static/console.js'];
const label = (page: string): string => (page === exitPath ? '/exits/…' : page);

progress('measures the list');
const rates: string[] = [];
const lists: [what: string, client: CookieBrowser, page: string][] = [
  ['`/`', client, '/'],
  ['`/?q=10042`', client, '/?q=10042'],
  [`of a manager with ${REPORTS} exits`, manager, '/'],
];
for (const [what, asking, page] of lists)
  for (const atOnce of [1, 8]) {
    let left = requests;
    const times: number[] = [];
    const begun = performance.now();
    const one = async (): Promise<void> => {
      while (left-- > 0) {
        const asked = performance.now();
        const answer = await asking.ask(page);
        await answer.text();
        if (answer.status !== 200) throw new Error(`${page} was answered ${answer.status}`);
        times.push(performance.now() - asked);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    const perSecond = (1000 * requests) / (performance.now() - begun);
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
    rates.push(`| ${what} | ${atOnce} | ${perSecond.toFixed(1)} | ${median.toFixed(0)} ms |`);
  }

progress('measures the preview of a table');
const previews: string[] = [];
for (const round of [1, 2, 3]) {
  const csrf = await client.csrf('/table');
  const begun = performance.now();
  const answer = await client.ask('/table', {
    ...{ csrf, form: 'choreographed', csv: ['employeeId', ...hired].join('\n') },
  });
  const text = await answer.text();
  const seconds = (performance.now() - begun) / 1000;
  if (!text.includes(`name="count" value="${hired.length}"`))
    throw new Error(`The preview has not all rows: ${text.slice(-2_000)}`);
  previews.push(`| ${round} | ${hired.length} | ${seconds.toFixed(1)} s |`);
}

progress('measures the pages');
const browser = lacksBrowser === undefined ? await startPageBrowser(url) : undefined;
const paints = new Map<string, string>();
if (browser) {
  const page = await browser.as(HR);
  for (const each of pages.slice(0, 5)) {
    await page.goto(`${url}${each}`);
    // An expression, since the pages allow no eval.
    const paint = await page.evaluate<number>(
      `new Promise((resolve) => new PerformanceObserver((list) => {
        for (const { startTime } of list.getEntriesByName('first-contentful-paint')) resolve(startTime);
      }).observe({ type: 'paint', buffered: true }))`,
    );
    paints.set(each, `${Math.round(paint)} ms`);
  }
}
const weights: string[] = [];
for (const each of pages) {
  const bytes = Buffer.byteLength((await client.go(each)).text);
  weights.push(`| \`${label(each)}\` | ${(bytes / 1000).toFixed(1)} kB | ${paints.get(each) ?? ''} |`);
}

const how = `Measured ${new Date().toISOString().slice(0, 10)} with ${count} open exits: ${await machine()}.`;
const figures = [
  how,
  ['| list | at once | requests a second | median |', '| --- | --- | --- | --- |', ...rates].join('\n'),
  ['| page | weight | first paint |', '| --- | --- | --- |', ...weights].join('\n'),
].join('\n\n');
const preview = [
  how,
  ['| preview | rows | whole page after |', '| --- | --- | --- |', ...previews].join('\n'),
].join('\n\n');
console.log(`${figures}\n\n${preview}`);
if (values.write !== '') await writePlaces(values.write, new Map(Object.entries({ figures, preview })));

await browser?.stop();
await app.close();
await provider.stop();
await keeper.stop();
await bus.close();
await nats.stop();
await company.stop();
await rm(folder, { recursive: true, force: true });
process.exit();
