import assert from 'node:assert/strict';
import { ems, page, refusalOf, type Ran } from '../support/ems.js';

/** No server listens there: a command that got as far as Temporal would end with 1. */
const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };

const AT_A_TIME = 4;

describe('ems, before it asks a server', () => {
  it('shows its commands, and each of them its use with an example', async () => {
    const names = [
      ...['login', 'logout', 'resign', 'people', 'decide', 'status', 'watch', 'list', 'resolve'],
      ...['interview', 'report'],
      ...['tracker', 'trace', 'dead-letters', 'doctor', 'service', 'serve', 'temporal'],
    ];
    const [all, ...each] = await Promise.all([
      page(nowhere, '--help'),
      ...names.map((name) => page(nowhere, name, '--help')),
    ]);
    for (const [i, name] of names.entries()) {
      assert.match(all, new RegExp(`^ {2}${name} `, 'm'));
      assert.match(each[i]!, new RegExp(`^Usage: ems ${name} `));
      assert.match(each[i]!, new RegExp(`\nExample:\n {2}ems ${name} ?`));
      assert.match(each[i]!, / --json /);
      if (['resign', 'decide', 'resolve'].includes(name)) assert.match(each[i]!, / --dry-run /);
    }
  });

  it('shows its commands and fails without a command', async () => {
    const { code, stdout, stderr } = await ems(nowhere);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^Usage: ems /);
  });

  const mistakes: [what: string, args: string[], sentence: RegExp][] = [
    ['an unknown command', ['hire', 'E-1002'], /^unknown command 'hire'$/],
    ['no employee', ['resign'], /^name one employee, for example E-1002, or a table by --file$/],
    [
      'an employee beside a table',
      ['resign', 'E-1002', '--file', 'people.csv'],
      /^name one employee, for example E-1002, or a table by --file$/,
    ],
    [
      'a number of rows without a table',
      ['resign', 'E-1002', '--confirm', '3'],
      /^name one employee, for example E-1002, or a table by --file$/,
    ],
    [
      'a date beside a table',
      ['resign', '--file', 'people.csv', '--last-working-day', '2999-01-31'],
      /^option '--file <table>' cannot be used with option '--last-working-day <date>'$/,
    ],
    [
      'a dry run that opens',
      ['resign', '--file', 'people.csv', '--confirm', '3', '--dry-run'],
      /^option '--confirm <number>' cannot be used with option '--dry-run'$/,
    ],
    ['an invalid employee id', ['resign', 'E 1002'], /^employeeId: must be .*for example E-1002$/],
    [
      'an invalid date',
      ['resign', 'E-1002', '--last-working-day', '2999-02-30'],
      /^lastWorkingDay: must be a date such as 2026-12-31 \(YYYY-MM-DD\)$/,
    ],
    [
      'a date in the past',
      ['resign', 'E-1002', '--last-working-day', '2020-01-31'],
      /^lastWorkingDay: 2020-01-31 lies in the past$/,
    ],
    [
      'an unknown outcome',
      ['decide', 'E-1002', 'promoted', '--by', 'hr@acme.example'],
      /^outcome: must be "retained", "leaving", "withdrawn" or "wrong-person"$/,
    ],
    [
      'a decision without a name',
      ['decide', 'E-1002', 'retained'],
      /^required option '--by <email>' not specified$/,
    ],
    [
      'a decision by an empty name',
      ['decide', 'E-1002', 'retained', '--by', ''],
      /^decidedBy: must be a mail address, for example hr@acme\.example$/,
    ],
    [
      'an effective date in the past',
      ['decide', 'E-1002', 'leaving', '--by', 'hr@acme.example', '--effective-on', '2020-01-31'],
      /^effectiveOn: 2020-01-31 lies in the past$/,
    ],
    [
      'an unknown phase',
      ['list', '--phase', 'over'],
      /^option '--phase <phase>' argument 'over' is invalid\. Allowed choices are starting, .*closed/,
    ],
    [
      'an unknown action',
      ['resolve', 'E-1002', 'notify-manager', 'forget', '--by', 'it@acme.example'],
      /value 'forget' is invalid for argument 'action'\. Allowed choices are retry, done-by-hand, skip\.$/,
    ],
    ['a dead letter that is not named', ['dead-letters', 'replay'], /^replay needs the id of a dead letter$/],
    [
      'an unknown form',
      ['resign', 'E-1002', '--form', 'improvised'],
      /argument 'improvised' is invalid\. Allowed choices are orchestrated, choreographed\.$/,
    ],
  ];
  const ran: Ran[] = [];
  before('each is typed; a few at a time, since most of it is the start of a process', async () => {
    for (let i = 0; i < mistakes.length; i += AT_A_TIME) {
      const some = mistakes.slice(i, i + AT_A_TIME).map(([, args]) => ems(nowhere, ...args, '--json'));
      ran.push(...(await Promise.all(some)));
    }
  });
  for (const [i, [what, , expected]] of mistakes.entries()) {
    it(`refuses ${what} in one sentence, as wrong usage`, () => {
      const { code, sentence } = refusalOf(ran[i]!);
      assert.match(sentence, expected);
      assert.equal(code, 2);
    });
  }

  it('writes a refusal without --json to stderr only', async () => {
    const { code, stdout, stderr } = await ems(
      nowhere,
      'decide',
      'E-1002',
      'promoted',
      '--by',
      'hr@acme.example',
    );
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.equal(stderr, 'ems: outcome: must be "retained", "leaving", "withdrawn" or "wrong-person"\n');
  });
});
