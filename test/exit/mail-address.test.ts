import assert from 'node:assert/strict';
import { notTheEmployee } from '../../src/exit/acting.js';
import { parseDecision, type DecisionContext } from '../../src/exit/decision.js';
import { MailAddress } from '../../src/exit/mail-address.js';
import { knownAddresses } from '../../src/exit/people.js';
import { parseRescheduling } from '../../src/exit/rescheduling.js';
import { parseResignation } from '../../src/exit/resignation.js';
import { dana } from '../support/notification.js';

const today = '2026-11-26';
const context: DecisionContext = {
  employeeId: 'E-1002',
  problemWith: notTheEmployee({ employeeId: 'E-1002', identities: [] }),
  awaitingEffectiveDate: false,
  cancelled: false,
  today,
};
const decision = (decidedBy: string, ...identities: string[]) => {
  const problemWith = notTheEmployee({ employeeId: 'E-1002', identities });
  return parseDecision({ outcome: 'retained', decidedBy }, { ...context, problemWith });
};

describe('a mail address', () => {
  for (const address of [
    'hr@acme.example',
    'dana.fox+exit@acme.example',
    "o'brien@acme.example",
    'dev/ops@acme.example',
    'r&d@acme.example',
    'a=b#c@acme.example',
    'eva@acme.xn--p1ai',
    'eva@почта.рф',
    'jürgen@müller.example',
    '田中@例え.jp',
    '"dana fox"@acme.example',
    'dana.@docomo.example',
    'root@localhost',
    'it@mail_1.acme.example',
  ])
    it(`is accepted as it was given: ${address}`, () => {
      assert.equal(MailAddress.parse(address), address);
      assert.deepEqual(decision(address), { ok: true, value: { outcome: 'retained', decidedBy: address } });
      assert.ok(parseResignation({ employeeId: 'E-1', overrideBy: address, submittedBy: address }, today).ok);
      assert.ok(parseRescheduling({ next: true, by: address }, today).ok);
    });

  for (const text of [
    '',
    'dana',
    '@acme.example',
    'dana@',
    'dana@acme..example',
    'dana@.example',
    'dana@acme.example.',
    'dana@-acme.example',
    'dana@192.0.2.1',
    'dana@acme.xn--zzzzzzzz',
    'dana@acme%40evil.example',
    'dana@acme.example/x',
    'dana@acme.example:25',
    'dana fox@acme.example',
    'dana@acme.example, evil@x.example',
    'dana@acme.example;evil@x.example',
    'dana@acme.example evil@x.example',
    'a@b@c.example',
    'a＠b@c.example',
    'Dana <dana@acme.example>',
    'dana@acme.example\n',
    'b@x.example\r\nRCPT TO:<evil@x.example>',
    '"b\r\nRCPT TO:<evil"@x.example',
    '"a@b.example,c"@x.example',
    'dana\0@acme.example',
    'dana\u202e@acme.example',
    'dana\u2028@acme.example',
    `${'d'.repeat(250)}@acme.example`,
  ])
    it(`is refused: ${JSON.stringify(text).slice(0, 60)}`, () => {
      const parsed = decision(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.problem, /^decidedBy: must be a mail address/);
    });

  for (const [known, given] of [
    ['dana@müller.example', 'Dana@xn--mller-kva.example'],
    ['dana@XN--MLLER-KVA.example', 'dana@MÜLLER.example'],
    ['ju\u0308rgen@acme.example', 'JÜRGEN@acme.example'],
    ['"dana.fox"@acme.example', 'dana.fox@acme.example'],
    ['dana.fox@acme.example ', 'dana.fox@acme.example'],
  ] as const)
    it(`of the employee is recognised in another spelling: ${known} as ${given}`, () => {
      const parsed = decision(given, known);
      assert.ok(!parsed.ok);
      assert.match(parsed.problem, /is the employee concerned/);
    });

  it('of a colleague is not taken for the one of the employee', () => {
    assert.ok(decision('dana@muller.example', 'dana@müller.example').ok);
  });

  it('counts once where the directory has it in two spellings', () => {
    const twice = dana({ email: 'dana@müller.example', personalEmail: 'Dana@xn--mller-kva.example' });
    assert.deepEqual(knownAddresses(twice), ['dana@müller.example']);
  });
});
