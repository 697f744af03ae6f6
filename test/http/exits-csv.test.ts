import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { CookieBrowser } from '../support/cookie-browser.js';
import { eventually } from '../support/eventually.js';
import { HR } from '../support/world.js';

describe('the list of exits as a file', () => {
  let world: ConsoleWorld;
  before(async () => {
    world = await startConsoleWorld({ systems: ['payroll'] });
  });
  after(() => world.stop());

  it('has each exit once, in the order of the list, with its name; and is none where names are missing', async () => {
    const people = await Promise.all(
      ['Nora Csv', 'Paul Csv', 'Zoe Csv'].map((displayName) => world.hire({ on: ['payroll'], displayName })),
    );
    for (const [i, { employeeId }] of people.entries())
      await world.application.open({ employeeId }, i === 1 ? 'choreographed' : 'orchestrated');
    const ids = people.map(({ employeeId }) => employeeId);
    await eventually('all in the list', async () => {
      const { exits } = await world.application.list({ open: true });
      return ids.every((id) => exits.some(({ employeeId }) => employeeId === id)) || undefined;
    });
    const browser = new CookieBrowser(world.url);
    await browser.login(HR, '/new');
    const file = () => browser.ask('/exits.csv?show=open&q=csv');

    world.proxies.directory.fault(() => ({ kind: 'answer', status: 503 }));
    const broken = await file();
    assert.equal(broken.status, 503);
    assert.match(await broken.text(), /The list is not complete: the directory has not told who/);
    await world.mend();
    // A search by name needs the names of all exits, also those of other tests.
    const answer = await eventually('the whole list', async () => {
      const now = await file();
      return now.status === 200 ? now : void (await now.text());
    });
    assert.match(answer.headers.get('content-disposition')!, /attachment; filename="exits\.csv"/);
    const rows = parse(await answer.text(), { columns: true }) as Record<string, string>[];
    const { exits } = await world.application.list({ open: true });
    const listed = exits.filter(({ employeeId }) => ids.includes(employeeId));
    assert.deepEqual(
      rows.map(({ exitId }) => exitId),
      listed.map(({ exitId }) => exitId),
    );
    assert.deepEqual(new Set(rows.map(({ name }) => name)), new Set(['Nora Csv', 'Paul Csv', 'Zoe Csv']));
  });
});
