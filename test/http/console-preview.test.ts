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

  describe('in German', () => {
    before(() => browser.go('/language/de'));

    /** What the page says, and which of it is in English. */
    function saidOn(text: string): { said: string; english: string[] } {
      const { all, text: textOf } = readPage(text);
      const isEnglish = (attrs: { name: string; value: string }[]) =>
        attrs.some(({ name, value }) => name === 'lang' && value === 'en');
      return {
        said: textOf(),
        english: [...all('span'), ...all('p')]
          .filter(({ attrs }) => isEnglish(attrs))
          .map((each) => textOf(each)),
      };
    }

    it('what a hold takes, what it costs, and why HR stands in for the manager', async () => {
      const { employeeId, email: login } = await world.hire({ on: ['code'], manager: null });
      const { said, english } = saidOn((await browser.go(`/new?employeeId=${employeeId}`)).text);
      assert.match(said, /Führungskraft: .*\(das Verzeichnis nennt keine Führungskraft\)/);
      assert.match(said, /code .*: Konto sperren/);
      assert.match(
        said,
        /Was es kostet: bei einer Rückgabe geht verloren: forks of the last day; Token gelten noch bis zu 60 Minuten/,
      );
      assert.deepEqual(english, [`no account with userName adm-${login}`], 'what the search has found');
    });

    it('of the rows of a table what a hold takes, and why a row is refused', async () => {
      const { employeeId } = await world.hire({ on: ['code', 'production'] });
      const csrf = await browser.csrf('/table');
      const csv = `employeeId\n${employeeId}\nE-unknown`;
      const { said, english } = saidOn((await browser.go('/table', { csrf, csv })).text);
      assert.match(
        said,
        /code: Konto sperren, production: aus production-operators, production-admins entfernen/,
      );
      assert.match(said, /abgelehnt Diese Person ist nicht bekannt\. /);
      assert.equal(english.length, 1, 'the detail of the refusal');
      assert.match(english[0]!, /E-unknown/);
    });

    it('what a decision sets off, and why it is refused', async () => {
      const { employeeId } = await world.hire({ on: ['code'] });
      const { opened } = await world.application.open({ employeeId }, 'orchestrated');
      await world.untilIn('awaiting-decision', { employeeId });
      const address = `/exits/${opened.exitId}/decision/preview`;
      const csrf = await browser.csrf(`/exits/${opened.exitId}`);
      const leaving = saidOn((await browser.go(address, { csrf, outcome: 'leaving' })).text);
      assert.match(leaving.said, /Zugriff entziehen code: sofort: Konto gesperrt, Mitgliedschaften entfernt/);
      assert.match(leaving.said, /Führungskraft über den Ausgang benachrichtigen: geht/);
      const retained = saidOn((await browser.go(address, { csrf, outcome: 'retained' })).text);
      assert.match(
        retained.said,
        /Zugriff zurückgeben code: was die Sperre genommen hat, wird zurückgegeben/,
      );
      assert.match(retained.said, /Gespräch absagen: die Einladung wird zurückgezogen/);
      assert.deepEqual([...leaving.english, ...retained.english], []);
      const past = { csrf, outcome: 'leaving', effectiveOn: '2020-01-31' };
      const { text } = await browser.go(address, past);
      // The address of the form is no page in another language.
      assert.match(text, new RegExp(`/language/en\\?back=%2Fexits%2F${opened.exitId}"`));
      const refused = saidOn(text);
      assert.match(refused.said, /Die Eingabe ist nicht gültig\. .*2020-01-31/);
    });
  });
});
