import assert from 'node:assert/strict';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { CookieBrowser } from '../support/cookie-browser.js';
import { overDeletingAdapter } from '../support/deleting-adapter.js';
import { findsAnotherByName, hidesMembers } from '../contract/quirks.js';
import { readPage } from '../support/report-page.js';
import { HR } from '../support/world.js';

describe('before an exit is opened, the console says', () => {
  let world: ConsoleWorld;
  let browser: CookieBrowser;
  before(async () => {
    const costly: [string, string] = [
      '- name: code\n',
      `- name: code
    tokensLive: PT1H
    restore: { loses: forks of the last day }
    also: [{ userName: 'adm-{login}' }]
`,
    ];
    world = await startConsoleWorld({ config: [overDeletingAdapter(), costly] });
    browser = new CookieBrowser(world.url);
    await browser.login(HR);
  });
  after(() => world.stop());

  async function preview(on: Parameters<ConsoleWorld['hire']>[0]) {
    const { employeeId } = await world.hire(on);
    const { text } = await browser.go(`/new?employeeId=${employeeId}`);
    const { all } = readPage(text);
    const overrides = all('input').filter(({ attrs }) => attrs.some(({ value }) => value === 'override'));
    return { said: readPage(text).text(), mayOverride: overrides.length > 0 };
  }

  it('what a restore loses, and how long tokens live on', async () => {
    const { said, mayOverride } = await preview({ on: ['code'] });
    assert.match(
      said,
      /What it costs: a restore loses forks of the last day; tokens live on for up to 60 minutes/,
    );
    assert.equal(mayOverride, false);
  });

  it('of a system that a further account could not be looked for, with and without another one', async () => {
    world.proxies.code.quirk(findsAnotherByName);
    const said = [(await preview({ on: ['code'] })).said, (await preview({ on: ['production'] })).said];
    world.proxies.code.quirk(undefined);
    for (const each of said) assert.match(each, /code cannot tell .*adm-/);
    assert.match(said[0]!, /suspend the account/);
    assert.doesNotMatch(said[1]!, /code (cannot tell )?no account: nothing to block/);
  });

  it('that the hold would be refused, since it would delete the account', async () => {
    const { said } = await preview({ on: ['payroll'] });
    assert.match(said, /What it costs: the system deletes what it suspends, and cannot give it back/);
    assert.match(
      said,
      /a hold would delete the account on payroll, .* "restore: nothing", or block it by hand/,
    );
  });

  it('of a protected group whose members are not told that the employee may be the last one, and takes an override', async () => {
    world.proxies.production.quirk(hidesMembers);
    const { said, mayOverride } = await preview({ on: ['production'] });
    world.proxies.production.quirk(undefined);
    assert.match(
      said,
      /Perhaps the last active member of production-admins: the system does not tell who else is/,
    );
    assert.doesNotMatch(said, /Last active member/);
    assert.equal(mayOverride, true);
  });
});
