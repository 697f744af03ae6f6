import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { eventually } from '../support/eventually.js';
import { describeUnless } from '../support/installed.js';
import { lacksBrowser, startPageBrowser, violationsOn, type PageBrowser } from '../support/page-browser.js';
import { HR, IT } from '../support/world.js';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describeUnless(lacksBrowser, 'the console in a browser', () => {
  let world: ConsoleWorld;
  let browser: PageBrowser;
  before(async () => {
    world = await startConsoleWorld();
    browser = await startPageBrowser(world.url);
  });
  afterEach(() => world.mend());
  after(async () => {
    await browser.stop();
    await world.stop();
  });

  const textOf = (page: Page): Promise<string> => page.innerText('body');
  const untilText = (page: Page, text: string): Promise<unknown> => page.waitForSelector(`text=${text}`);

  /** Every page that a path goes by has no violation, and does not scroll sideways. */
  async function check(page: Page): Promise<void> {
    assert.deepEqual(await violationsOn(page), [], page.url());
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    assert.equal(await page.evaluate(overflow), 0, `${page.url()} is wider than the screen`);
  }

  async function open(page: Page, employeeId: string, name: string, form = 'orchestrated'): Promise<string> {
    await page.goto(`${world.url}/new`);
    await page.fill('#employeeId', employeeId);
    await page.click('form[action="/new"] button.second');
    await page.check(`input[name="form"][value="${form}"]`);
    await page.fill('#typedName', name);
    await page.click('button.danger');
    await page.waitForURL('**/exits/*');
    return new URL(page.url()).pathname;
  }

  it('takes an HR partner from the new exit to the decision, and shows each change as it comes', async () => {
    const nora = await world.hire({ displayName: 'Nora Ångström' });
    const { employeeId } = nora;
    const page = await browser.as(HR);
    await check(page);
    await page.click('a[href="/new"]');
    await check(page);
    await page.fill('#employeeId', employeeId);
    await page.keyboard.press('Enter');
    await untilText(page, 'Nothing is done yet');
    const preview = await textOf(page);
    for (const expected of ['Nora Ångström', 'Maria Boss', 'payroll', 'production-admins'])
      assert.ok(preview.includes(expected), `${expected}: ${preview}`);
    await check(page);

    await page.fill('#typedName', 'Nora Angstrom-Smith');
    await page.click('button.danger');
    await untilText(page, 'nothing was done');
    assert.equal((await world.application.list({ employeeId })).exits.length, 0);

    await page.fill('#typedName', 'nora angstrom');
    await page.click('button.danger');
    // Without a reload: the page follows the exit by itself.
    await untilText(page, 'awaiting decision');
    await untilText(page, 'Move it to the next free time');
    await check(page);

    await page.click('text=Move it to the next free time');
    await untilText(page, 'The interview is moved');
    await page.check('input[value="leaving"]');
    await page.fill('#note', 'We wish her well');
    await page.click('text=Preview the decision');
    await untilText(page, 'Confirm the decision');
    assert.equal(
      (await world.application.status({ employeeId })).decision,
      undefined,
      'a preview decides nothing',
    );
    await check(page);
    await page.click('button:has-text("Decide: leaving")');
    await page.waitForSelector('h1 ~ p >> text=closed');
    const { decision } = await world.application.status({ employeeId });
    assert.deepEqual(
      [decision?.outcome, decision?.decidedBy, decision?.note],
      ['leaving', HR, 'We wish her well'],
    );
    await page.click('text=Report for the auditor');
    await untilText(page, 'evidence of an exit');
    assert.equal(
      await page.evaluate(`getComputedStyle(document.querySelector('h2')).borderBottomStyle`),
      'solid',
    );
  });

  it('@long does the same without script, on a phone and in German, for the choreographed form', async () => {
    const { employeeId } = await world.hire({ displayName: 'Jörg Test' });
    const page = await browser.as(HR, { ...phone, locale: 'de-AT', javaScriptEnabled: false });
    assert.match(await textOf(page), /Abmelden/);
    const path = await open(page, employeeId, 'jorg test', 'choreographed');
    await world.untilIn('awaiting-decision', { employeeId });
    await page.goto(`${world.url}${path}`);
    assert.match(await textOf(page), /wartet auf Entscheidung/);
    await page.check('input[value="retained"]');
    await page.click('text=Vorschau der Entscheidung');
    await page.click('button:has-text("Entscheiden: bleibt")');
    await untilText(page, 'Die Entscheidung ist festgehalten.');
    await world.untilIn('closed', { employeeId });
    await page.goto(`${world.url}/?show=closed&q=${employeeId.toLowerCase()}`);
    assert.match(await textOf(page), /1 Austritt\b[^]*Jörg Test[^]*abgeschlossen[^]*bleibt/);
    await page.goto(`${world.url}/?show=all&q=JORG`);
    assert.match(await textOf(page), /1 Austritt\b/);
    await page.click('text=English');
    assert.match(await textOf(page), /1 exit\b/);
  });

  it('finds a person by a part of the name, and says so where there is none', async () => {
    const one = await world.hire({ on: ['payroll'], displayName: 'Zita Fünfkirchen' });
    await world.hire({ on: ['payroll'], displayName: 'Karl Fünfkirchen' });
    const page = await browser.as(HR);
    await page.goto(`${world.url}/new?employeeId=fünfkirch`);
    await untilText(page, 'People in the directory');
    assert.match(await textOf(page), /Karl Fünfkirchen[^]*Zita Fünfkirchen/);
    await check(page);
    await page.click(`text=${one.employeeId}`);
    await untilText(page, 'The exit of Zita Fünfkirchen would do this');
    await page.goto(`${world.url}/new?employeeId=Zzyzx`);
    await untilText(page, 'The directory shows no one so named');
    await check(page);
    await world.takeDown('directory');
    await page.goto(`${world.url}/new?employeeId=two words`);
    await untilText(page, 'The directory cannot be searched');
  });

  it('shows an operator what needs attention and why, and takes the mending', async () => {
    const { employeeId } = await world.hire({ on: ['payroll', 'code'], email: '' });
    const opened = await world.application.open({ employeeId }, 'orchestrated');
    await eventually('attention', async () => {
      const { needsAttention } = await world.application.status({ employeeId });
      return needsAttention || undefined;
    });
    const page = await browser.as(IT);
    await page.goto(`${world.url}/?show=attention`);
    await untilText(page, employeeId);
    await check(page);
    await page.goto(`${world.url}/exits/${opened.opened.exitId}`);
    assert.match(await textOf(page), /Needs attention[^]*Tell the employee/);
    assert.equal(await page.locator('#decide').count(), 0, 'an operator does not decide');
    await page.locator('summary').first().click();
    await page.locator('input[value="skip"]').first().check();
    await check(page);
    await page.locator('details[open] button').click();
    await untilText(page, 'The step is resolved');
    const { steps } = await world.application.status({ employeeId });
    assert.ok(steps.some(({ state, by }) => state === 'skipped' && by === IT));
  });

  it('says on every page of a refusal what happened, without a violation', async () => {
    const page = await browser.as('audit@acme.example', phone);
    for (const path of ['/exits/none', '/new', '/nowhere', '/logged-out', '/?show=all&q=zzz']) {
      await page.goto(`${world.url}${path}`);
      await check(page);
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    await check(page);
  });

  it('has no switch of services outside the local stack', async () => {
    const page = await browser.as(IT);
    assert.equal(await page.locator('a[href="/side-by-side"]').count(), 0);
    assert.equal((await page.goto(`${world.url}/side-by-side`))?.status(), 404);
    const post = `fetch('/side-by-side/switch', { method: 'POST', body: new URLSearchParams({ service: 'hr', act: 'stop' }) })`;
    assert.equal(await page.evaluate(`${post}.then(({ status }) => status)`), 404);
  });

  it('is used by keyboard alone: the first stop skips to the content, and each one is seen', async () => {
    const page = await browser.as(HR);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.id'), 'q');
    assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
  });

  it('has asked no other host, and the policy has refused nothing of its own', () => {
    assert.deepEqual(browser.strangers, []);
    assert.deepEqual(browser.errors, []);
  });
});
