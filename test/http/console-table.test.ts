import assert from 'node:assert/strict';
import { writeFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { PreviewedRow } from '../../src/client/bulk.js';
import type { OpenedRow } from '../../src/client/opened-row.js';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { answer, ems, page as printed } from '../support/ems.js';
import { describeUnless } from '../support/installed.js';
import { lacksBrowser, startPageBrowser, violationsOn, type PageBrowser } from '../support/page-browser.js';
import { scratchFolder } from '../support/temporal.js';
import { HR, IT } from '../support/world.js';

describeUnless(lacksBrowser, 'several exits from a table, in the console', () => {
  let world: ConsoleWorld;
  let browser: PageBrowser;
  before(async () => {
    world = await startConsoleWorld({ systems: ['payroll'] });
    browser = await startPageBrowser(world.url);
  });
  afterEach(() => world.mend());
  after(async () => {
    await browser.stop();
    await world.stop();
  });

  const hire = async (name: string): Promise<string> =>
    (await world.hire({ on: ['payroll'], displayName: name })).employeeId;
  const exitsOf = async (employeeId: string) => (await world.application.list({ employeeId })).exits;

  async function fileOf(...lines: string[]): Promise<string> {
    const file = path.join(await scratchFolder(), 'people.csv');
    await writeFile(file, lines.join('\n'));
    return file;
  }

  async function preview(page: Page, file: string): Promise<string> {
    await page.goto(`${world.url}/table`);
    await page.setInputFiles('#file', file);
    await page.click('main button');
    await page.waitForSelector('main a[href="/table"]');
    return page.innerText('main');
  }

  it('previews each row, opens what a typed number confirms, and gives the results as a file', async () => {
    const [nora, paul, zoe] = [await hire('Nora Table'), await hire('Paul Table'), await hire('Zoe Open')];
    const { opened } = await world.application.open({ employeeId: zoe }, 'choreographed');
    const file = await fileOf(
      'Employee ID;Last working day;Reason;Form',
      `${nora};2999-01-31;"<b>moves</b>";`,
      `${paul};;;choreographed`,
      `${zoe};;;`,
      'E-unknown-here;;;',
      `T-late;2020-01-31;;`,
    );
    const page = await browser.as(HR);
    await page.goto(`${world.url}/table`);
    assert.deepEqual(await violationsOn(page), []);
    const shown = await preview(page, file);
    assert.match(shown, /Nothing is done yet/);
    assert.match(shown, /Nora Table.*Maria Boss.*payroll: suspend the account.*is opened/s);
    assert.match(
      shown,
      new RegExp(`${zoe}.*refused.*already has an open exit in the choreographed form`, 's'),
    );
    assert.match(shown, /E-unknown-here.*refused/s);
    assert.match(shown, /T-late.*refused.*lies in the past/s);
    assert.match(shown, /Type the number of exits to open: 2/);
    assert.deepEqual(await violationsOn(page), []);
    assert.deepEqual([await exitsOf(nora), await exitsOf(paul)], [[], []], 'a preview opens nothing');

    await page.fill('#typedCount', '5');
    await page.click('button.danger');
    await page.waitForSelector('text=The typed number is not that of the exits');
    assert.match(await page.inputValue('#csv'), new RegExp(`"${nora}".*\n.*"${paul}"`));
    assert.deepEqual([await exitsOf(nora), await exitsOf(paul)], [[], []]);

    await preview(page, file);
    await page.fill('#typedCount', '2');
    await page.click('button.danger');
    await page.waitForSelector('text=Done. 2 exits were opened.');
    assert.deepEqual(await violationsOn(page), []);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('text=Download the results as CSV'),
    ]);
    const results = await readFile(await download.path(), 'utf8');
    assert.match(results, new RegExp(`"${nora}","Nora Table","orchestrated","opened"`));
    assert.match(results, new RegExp(`"${paul}","Paul Table","choreographed","opened"`));
    const status = await world.application.status({ employeeId: nora });
    assert.deepEqual([status.lastWorkingDay, status.form], ['2999-01-31', 'orchestrated']);
    await page.click(`text=${nora}`);
    await page.waitForURL('**/exits/*');
    assert.ok(opened.exitId);
    assert.deepEqual(browser.errors, []);
  });

  it('opens no exit twice by the same table, also when the exit is over, without script and in German', async () => {
    const [nora, paul] = [await hire('Nora Twice'), await hire('Paul Twice')];
    const { opened } = await world.application.open({ employeeId: nora }, 'orchestrated');
    await world.untilIn('awaiting-decision', { employeeId: nora });
    const german = await browser.as(HR, { locale: 'de-AT', javaScriptEnabled: false });
    const file = await fileOf('employeeId', nora, paul);
    assert.match(await preview(german, file), /Zur Bestätigung die Zahl der Austritte eingeben: 1/);
    await world.application.decide({ employeeId: nora }, { outcome: 'wrong-person', decidedBy: HR });
    await world.untilIn('closed', { employeeId: nora });
    await german.fill('#typedCount', '1');
    await german.click('button.danger');
    await german.waitForSelector('text=Fertig. 1 Austritte wurden eröffnet.');
    const again = await preview(german, file);
    assert.match(again, /had an exit before/);
    assert.match(again, /Keine Zeile würde einen Austritt eröffnen/);
    assert.deepEqual(
      (await exitsOf(nora)).map(({ exitId }) => exitId),
      [opened.exitId],
    );
  });

  it('is for those who may open exits, and from its own pages only', async () => {
    const page = await browser.as(IT);
    assert.equal(await page.locator('a[href="/table"]').count(), 0);
    await page.goto(`${world.url}/table`);
    await page.waitForSelector('text=Your role opens no exits');
    const hr = await browser.as(HR);
    const nora = await hire('Nora Forged');
    for (const path of ['/table', '/table/open']) {
      const { status } = (await hr.evaluate(
        `fetch(${JSON.stringify(path)}, { method: 'POST', body: (() => { const form = new FormData();
          for (const [name, value] of Object.entries({ csrf: 'guessed', table: btoa('employeeId\\n${nora}'), count: '1', typedCount: '1' })) form.append(name, value);
          return form; })() }).then(({ status }) => ({ status }))`,
      )) as { status: number };
      assert.equal(status, 403);
    }
    assert.deepEqual(await exitsOf(nora), []);
  });

  it('does the same by "ems resign --file"', async () => {
    const [nora, paul] = [await hire('Nora Typed'), await hire('Paul Typed')];
    const file = await fileOf('employeeId', nora, paul, 'E-unknown-here');
    const told = await printed(world.env, 'resign', '--file', file);
    assert.match(told, /^Nothing is done\. 2 of 3 rows would open an exit:/);
    assert.match(told, /--confirm 3/);
    const rows = await answer<PreviewedRow[]>(world.env, 'resign', '--file', file);
    assert.deepEqual(
      rows.map(({ refusal }) => refusal?.code),
      [undefined, undefined, 'unknown-employee'],
    );
    const wrong = await ems(world.env, 'resign', '--file', file, '--confirm', '2');
    assert.match(wrong.stderr, /the table has 3 rows, not 2: nothing was done/);
    assert.equal(wrong.code, 2);
    const states = async (): Promise<string[]> => {
      const { stdout } = await ems(world.env, 'resign', '--file', file, '--confirm', '3', '--json');
      return (JSON.parse(stdout) as OpenedRow[]).map(({ state }) => state);
    };
    assert.deepEqual(await states(), ['opened', 'opened', 'refused']);
    assert.deepEqual(await states(), ['open-already', 'open-already', 'refused']);
  });
});
