import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { StackFile } from '../../src/local/stack-file.js';
import { eventually } from '../support/eventually.js';
import { describeUnless } from '../support/installed.js';
import { killStacks, ready, start, type Started } from '../support/local-stack.js';
import { lacksBrowser, startPageBrowser, violationsOn, type PageBrowser } from '../support/page-browser.js';
import { descendantsOf, stillRunning } from '../support/processes.js';
import { scratchFolder } from '../support/temporal.js';
import { HR, IT } from '../support/world.js';

/** HR partner and operator in one. */
const BOTH = 'hr+operator@acme.example';
const forms = ['orchestrated', 'choreographed'] as const;
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describeUnless(lacksBrowser, '@long the two forms side by side', () => {
  let home: string;
  let stack: Started;
  let file: StackFile;
  let browser: PageBrowser;
  let page: Page;
  const url = (path = ''): string => `${file.consoleUrl}/side-by-side${path}`;
  before(async () => {
    home = await scratchFolder();
    stack = start(home);
    file = await ready(home, stack);
    browser = await startPageBrowser(file.consoleUrl);
    page = await browser.as(BOTH);
    await page.goto(url());
  });
  after(async () => {
    await browser.stop();
    killStacks();
  });

  const until = (selector: string, on = page): Promise<unknown> =>
    on.waitForSelector(selector, { timeout: 60_000 });
  const untilPhase = async (phase: string, of: readonly string[] = forms, on = page): Promise<void> => {
    for (const form of of) await until(`.form-${form} .badge:text-is("${phase}")`, on);
  };
  async function run(on = page): Promise<void> {
    const before = on.url();
    await on.click('form[action="/side-by-side"] button');
    await on.waitForURL((now) => now.href !== before && /\/side-by-side\/.+\/.+/.test(now.href));
  }
  const decide = (outcome: string, on = page): Promise<void> => on.click(`#${outcome}`);
  const service = (name: string): string => `.switches .by-${name}`;
  const stopped = (name: string) => until(`${service(name)}:not(:has(.process:not(.process-stopped)))`);
  const running = (name: string) => until(`${service(name)}:not(:has(.process:not(.process-running)))`);
  async function check(on = page): Promise<void> {
    assert.deepEqual(await violationsOn(on), [], on.url());
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    assert.equal(await on.evaluate(overflow), 0, 'no wider than the screen');
  }
  /** The process that the stack named when it started it. */
  const pidOf = (log: string): number =>
    Number(new RegExp(`^ *${log} +process (\\d+)$`, 'm').exec(stack.output())![1]);

  it('runs the same exit in both forms, and shows by itself that both are decided and closed', async () => {
    await check();
    await run();
    await untilPhase('awaiting decision');
    const ids = await page.locator('.of .soft').allInnerTexts();
    assert.equal(new Set(ids).size, 2, 'each form has an employee of its own');
    for (const form of forms) await until(`.form-${form} .totals:has-text("blocked after")`);
    assert.equal(await page.locator('.form-choreographed .reaction.by-access.is-done').count(), 3);
    // Each step has the time of its call, of its begin and of its end.
    for (const form of forms) {
      const at = await page.locator(`.form-${form} .by-hr.is-done .at`).allInnerTexts();
      const [began = NaN, taken = NaN, ended = NaN] = at.map(Number);
      assert.ok(began <= taken && taken < ended, at.join(' '));
    }
    await check();
    await decide('retained');
    await untilPhase('closed');
    assert.equal(await page.locator('.by-person:has-text("decides: retained")').count(), 2);
    await check();
  });

  it('shows who waits for a stopped service and what goes on without it; after the start both go on', async () => {
    await page.focus('#stop-access');
    await page.keyboard.press('Enter');
    await stopped('access');
    assert.equal(await page.evaluate('document.activeElement.id'), 'stop-access', 'the focus stays');
    assert.deepEqual(stillRunning([pidOf('access'), pidOf('worker-access')]), []);
    await run();
    for (const form of forms) {
      await until(`.form-${form} .is-away:has-text("Access does not run") >> nth=2`);
      for (const other of ['notification', 'hr']) await until(`.form-${form} .by-${other}.is-done`);
      assert.equal(await page.locator(`.form-${form} .is-done:has-text("Block access")`).count(), 0);
    }
    await untilPhase('being blocked');
    await check();
    await page.click('#start-access');
    await untilPhase('awaiting decision');
    assert.equal(await page.locator('.is-away').count(), 0);
    await running('access');
    await decide('leaving');
    await until('.notice:has-text("A second person")');
    assert.equal(await page.locator('.by-person:has-text("proposes: leaving")').count(), 2);
    await check();
    const second = await browser.as('head-of-hr@acme.example');
    await second.goto(page.url());
    await decide('leaving', second);
    await untilPhase('closed');
    assert.equal(await page.locator('.notice').count(), 0);
  });

  it('leaves the choreographed exit alone while the workflow does not run', async () => {
    await page.click('#stop-exit');
    await stopped('exit');
    await run();
    await untilPhase('awaiting decision', ['choreographed']);
    await until('.form-orchestrated .is-away:has-text("Workflow does not run")');
    await page.click('#start-exit');
    await untilPhase('awaiting decision');
    await decide('retained');
    await untilPhase('closed');
  });

  it('kills the processes of a service, which come back and finish what they had begun', async () => {
    await run();
    const backs = (): number[] =>
      ['the service access', 'the worker of access'].map(
        (name) => stack.output().split(`${name} is back (process `).length,
      );
    const before = backs();
    await page.click('#kill-access');
    await eventually(
      'both processes again',
      () => backs().every((count, i) => count > before[i]!) || undefined,
      60_000,
    );
    await untilPhase('awaiting decision');
    assert.doesNotMatch(stack.output(), /access ended/, 'what a person does is no accident');
    await running('access');
  });

  it('decides the one exit that is open, where the other is decided already', async () => {
    const path = await page.getAttribute('.form-choreographed .of a', 'href');
    const other = await browser.as(BOTH);
    await other.goto(`${file.consoleUrl}${path}`);
    await other.check('input[value="retained"]');
    await other.click('text=Preview the decision');
    await other.click('button:has-text("Decide: retained")');
    await until('.form-choreographed .by-person:has-text("decides: retained")');
    await decide('retained');
    await untilPhase('closed');
    assert.equal(await page.locator('.notice.bad').count(), 0);
  });

  it('lets an operator switch and not decide, an HR partner decide and not switch, and others look or not', async () => {
    const path = new URL(page.url()).pathname;
    const buttons = async (email: string) => {
      const other = await browser.as(email);
      await other.goto(`${file.consoleUrl}${path}`);
      const count = (selector: string) => other.locator(`main ${selector}`).count();
      return [await count('[action$="/side-by-side"]'), await count('#retained'), await count('#stop-hr')];
    };
    assert.deepEqual(await buttons(HR), [1, 1, 0]);
    assert.deepEqual(await buttons(IT), [0, 0, 1]);
    assert.deepEqual(await buttons('audit@acme.example'), [0, 0, 0]);
    const manager = await browser.as('ravi.menon@acme.example');
    assert.equal(await manager.locator('nav a[href="/side-by-side"]').count(), 0);
    assert.equal((await manager.goto(url()))?.status(), 403);
  });

  it('refuses the switch to an HR partner who sends it all the same, and to a page of another session', async () => {
    const post = (on: Page, csrf: string): Promise<number> =>
      on.evaluate(
        `fetch('/side-by-side/switch', { method: 'POST', body: new URLSearchParams({ service: 'hr', act: 'stop', csrf: '${csrf}' }) }).then(({ status }) => status)`,
      );
    const other = await browser.as(HR);
    await other.goto(url());
    assert.equal(await post(other, await other.inputValue('main [name="csrf"] >> nth=0')), 403);
    assert.equal(await post(page, 'guessed'), 403);
    await running('hr');
  });

  it('works without script, on a phone and in German', async () => {
    const other = await browser.as(BOTH, { ...phone, locale: 'de-AT', javaScriptEnabled: false });
    await other.goto(url());
    await run(other);
    await eventually(
      'both exits to wait for the decision',
      async () => {
        await other.reload();
        return (await other.locator('.badge:text-is("wartet auf Entscheidung")').count()) === 2 || undefined;
      },
      60_000,
    );
    await other.click('#stop-notification');
    await other.waitForSelector(
      `${service('notification')} .process-stopping, ${service('notification')} .process-stopped`,
    );
    await other.click('#start-notification');
    await decide('retained', other);
    await other.waitForSelector('text=entscheidet: bleibt >> nth=1');
    const scripted = await browser.as(BOTH, { ...phone, locale: 'de-AT' });
    await scripted.goto(other.url());
    await check(scripted);
    await scripted.emulateMedia({ colorScheme: 'dark' });
    await check(scripted);
    await untilPhase('abgeschlossen', forms, scripted);
  });

  it('takes people whose exit needs no override, and shows why where too few are left', async () => {
    const refusal = '[data-live="problem"] .notice';
    for (let runs = 0; runs < 8; runs += 1) {
      await page.goto(url());
      await page.click('form[action="/side-by-side"] button');
      await until(`${refusal}, .form-orchestrated`);
      if ((await page.locator(refusal).count()) > 0) break;
      await untilPhase('awaiting decision');
    }
    assert.match(await page.innerText(refusal), /Fewer than two people are left whose exit can open/);
    // It stays while the page follows what happens.
    await page.waitForFunction('document.getElementById("live").textContent.includes("up to date")');
    assert.match(await page.innerText(refusal), /Fewer than two people/);
  });

  it('has asked no other host, and the policy has refused nothing of its own', () => {
    assert.deepEqual(browser.strangers, []);
    assert.deepEqual(browser.errors, []);
  });

  it('ends with Ctrl-C also while a service is stopped, and leaves no process', async () => {
    await page.click('#stop-hr');
    await stopped('hr');
    const children = descendantsOf(stack.process.pid!);
    stack.process.kill('SIGINT');
    assert.equal(await stack.ended, 0, stack.output());
    assert.match(stack.output(), /Stopping …\nStopped\.\n$/);
    assert.deepEqual(stillRunning(children), []);
  });
});
