import assert from 'node:assert/strict';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { page as shown } from '../support/ems.js';
import { describeUnless } from '../support/installed.js';
import { lacksBrowser, startPageBrowser, violationsOn, type PageBrowser } from '../support/page-browser.js';
import { HR } from '../support/world.js';

describeUnless(lacksBrowser, 'the console, where leaving needs a second person', () => {
  let world: ConsoleWorld;
  let browser: PageBrowser;
  before(async () => {
    world = await startConsoleWorld({
      systems: ['payroll'],
      config: [['secondPerson: []', 'secondPerson: [leaving]']],
    });
    browser = await startPageBrowser(world.url);
  });
  afterEach(() => world.mend());
  after(async () => {
    await browser.stop();
    await world.stop();
  });

  it('proposes it, and another person confirms it without script and in German; "ems" says the same', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'], displayName: 'Nora Second' });
    const { opened } = await world.application.open({ employeeId }, 'orchestrated');
    await world.untilIn('awaiting-decision', { employeeId });
    const exit = `${world.url}/exits/${opened.exitId}`;
    const first = await browser.as(HR);
    await first.goto(exit);
    await first.check('input[value="leaving"]');
    await first.click('text=Preview the decision');
    await first.waitForSelector('text=A second person has to confirm it.');
    assert.match(await first.innerText('h1'), /Nora Second/, 'the page says whose exit it is');
    await first.click('button:has-text("Propose: leaving")');
    await first.waitForSelector('text=It counts once a second person confirms it.');
    assert.match(await first.innerText('body'), /You have proposed it yourself/);
    assert.equal(await first.locator('form[action$="/confirmation"]').count(), 0);
    assert.deepEqual(await violationsOn(first), []);
    await first.fill('#lastWorkingDay', '2020-01-31');
    await first.click('form[action$="/amendment"] button');
    await first.waitForSelector('[role=alert]:focus');
    assert.match(await first.innerText('[role=alert]'), /2020-01-31 lies in the past/);

    const told = await shown(world.env, 'status', employeeId, '--form', 'orchestrated');
    assert.match(told, /hr@acme\.example proposed "leaving"/);
    assert.match(told, new RegExp(`to confirm: +ems decide ${employeeId} --confirm\\|--reject`));

    const second = await browser.as('head-of-hr@acme.example', { locale: 'de-AT', javaScriptEnabled: false });
    await second.goto(`${world.url}/?q=${employeeId}`);
    assert.match(await second.innerText('body'), /wartet auf eine zweite Person[^]*eine zweite Person/);
    await second.goto(exit);
    assert.match(await second.innerText('body'), /Acme HR \(hr@acme\.example\) hat „geht“ vorgeschlagen/);
    assert.match(
      await second.innerText('.awaiting'),
      /^Eine zweite Person bestätigt die Entscheidung oder lehnt sie ab\..* Die Entscheidung ist fällig bis /,
    );
    await second.fill('input[name="note"]', 'noch nicht');
    await second.click('button:has-text("Ablehnen")');
    await second.waitForSelector('text=Der Vorschlag ist beendet.');
    assert.equal((await world.application.status({ employeeId })).phase, 'awaiting-decision');

    const proposed = await shown(world.env, 'decide', employeeId, 'leaving', '--by', HR);
    assert.match(proposed, /^Proposed for .* It counts once a second person confirms it/);
    await second.goto(exit);
    await second.click('button:has-text("Bestätigen")');
    await second.waitForSelector('text=Es ist bestätigt.');
    await world.untilIn('closed', { employeeId });
    const { decision } = await world.application.status({ employeeId });
    assert.deepEqual([decision?.decidedBy, decision?.proposedBy], ['head-of-hr@acme.example', HR]);
    await second.goto(`${exit}/report`);
    const report = await second.innerText('body');
    assert.match(
      report,
      /Proposals[^]*"leaving"\s+hr@acme\.example \(Acme HR, subject acme-hr, from [^)]*\)\s+rejected[^]*head-of-hr@acme\.example \([^)]*\)\s+noch nicht[^]*"leaving"\s+hr@acme\.example\s+confirmed[^]*head-of-hr@acme\.example/,
    );
  });
});
