import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { DANA, deliveries } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { readHtml } from '../support/html.js';
import { attention, dana, HR_PARTNER, open, openedAt, overdue, serviceAt } from '../support/notification.js';
import { mailServer, type Mail } from '../support/smtp.js';

const { operator, escalation } = sampleConfig.contacts;
const { signal } = new AbortController();

describe('while the decision is open', () => {
  const server = mailServer();
  const service = () => serviceAt(server.port);

  /** Each on a line of its own, in the text and in the HTML. */
  function assertCommands(mail: Mail, commands: string[]): void {
    const isCommand = (text: string) => text.startsWith('ems ');
    assert.deepEqual(mail.text!.split('\n').filter(isCommand), commands);
    assert.deepEqual(readHtml(mail.html as string).paragraphs.filter(isCommand), commands);
  }

  const decide = (by: string) => [
    `ems decide E-1002 retained --by ${by}`,
    `ems decide E-1002 leaving --by ${by}`,
    'ems status E-1002',
  ];

  for (const [language, subject, ...says] of [
    [
      'en',
      'Please decide: the exit of Dana Fox (reminder 2 of 3)',
      /Dana Fox \(E-1002\) was recorded on 23 November 2026/,
      /due by Saturday,? 28 November 2026 at 11:10 \(Europe\/Berlin\)/,
      /payroll, code and production stays on hold: silence neither gives it back nor/,
    ],
    [
      'de',
      'Bitte entscheiden: Austritt von Dana Fox (Erinnerung 2 von 3)',
      /bis Samstag, 28\. November 2026 um 11:10 \(Europe\/Berlin\)/,
      /payroll, code und production/,
    ],
  ] as const)
    it(`HR is reminded: of whom, until when, what silence means, and how to decide (${language})`, async () => {
      const sent = await service().remindHrPartner({ ...open(dana(), language), number: 2 }, signal);
      const [mail] = server.to(HR_PARTNER.email);
      assert.deepEqual(sent, [{ to: HR_PARTNER.email, messageId: mail!.messageId }]);
      assert.match(mail!.messageId!, /exit-1\.remind-hr-partner\.2\./);
      assert.equal(mail!.subject, subject);
      for (const said of says) assert.match(mail!.text!, said);
      assert.equal(readHtml(mail!.html as string).elements[0], `html lang=${language}`);
      assertCommands(mail!, decide(HR_PARTNER.email));
    });

  it('HR, and each level above, decides in the console where its address is set: the mail links to the exit and has no command', async () => {
    const linked = serviceAt(server.port, undefined, 'https://exits.acme.example');
    const proposal = { number: 1, by: HR_PARTNER.email, at: openedAt, state: 'open' } as const;
    const decision = { outcome: 'leaving', decidedBy: HR_PARTNER.email } as const;
    const about = open(dana());
    await linked.remindHrPartner({ ...about, number: 2 }, signal);
    await linked.escalate({ ...overdue(dana()), number: 1 }, signal);
    await linked.askSecondPerson({ ...about, to: [escalation], proposal: { ...proposal, decision } }, signal);
    await linked.notifyOperator({ ...attention(dana()), number: 1 }, signal);
    assert.equal(server.mails.length, 4);
    for (const mail of server.mails) {
      assert.match(mail.text!, /The exit in the console: https:\/\/exits\.acme\.example\/exits\/exit-1$/m);
      assert.match(mail.html as string, /<a href="https:\/\/exits\.acme\.example\/exits\/exit-1">/);
    }
    for (const mail of server.mails.slice(0, 3)) assertCommands(mail, []);
  });

  it('a correction links to the exit in the console for those who may see it there', async () => {
    const linked = serviceAt(server.port, undefined, 'https://exits.acme.example');
    const told = [
      { email: HR_PARTNER.email, isEmployee: false, maySee: true },
      { email: DANA, isEmployee: true, maySee: false },
      { email: 'ida.berg@acme.example', isEmployee: false, maySee: false },
    ];
    await linked.sendCorrection({ ...open(dana()), of: 'withdrawn', told }, deliveries(), signal);
    const linking = server.mails.filter(({ text }) =>
      text!.includes('https://exits.acme.example/exits/exit-1'),
    );
    assert.deepEqual(
      [server.mails.length, linking.map(({ recipient }) => recipient)],
      [3, [HR_PARTNER.email]],
    );
  });

  it('HR is reminded by employee id where the directory does not know the employee', async () => {
    await service().remindHrPartner({ ...open(undefined), number: 1 }, signal);
    const [mail] = server.mails;
    assert.match(mail!.subject!, /the exit of E-1002 \(/);
    assert.match(mail!.text!, /The resignation of E-1002 was recorded/);
  });

  it('every reminder, escalation and notice has a Message-ID of its own, which a retry keeps', async () => {
    const ids = new Set<string>();
    for (const number of [1, 2, 2]) {
      ids.add((await service().remindHrPartner({ ...open(dana()), number }, signal))[0]!.messageId);
      ids.add((await service().escalate({ ...overdue(dana()), number }, signal))[0]!.messageId);
      ids.add((await service().notifyOperator({ ...attention(dana()), number }, signal))[0]!.messageId);
    }
    assert.equal(ids.size, 6);
  });

  it('a notice that is tried again after a step has recovered has another Message-ID, as its text is another', async () => {
    const about = { ...attention(dana()), number: 1 };
    const [first] = await service().notifyOperator(about, signal);
    const [second] = await service().notifyOperator({ ...about, causes: about.causes.slice(1) }, signal);
    assert.notEqual(first!.messageId, second!.messageId);
  });

  const reminded = [
    [0, /was not reminded of it/, /wurde nicht daran erinnert/],
    [1, /was reminded of it once/, /wurde einmal daran erinnert/],
    [3, /was reminded of it 3 times/, /wurde 3-mal daran erinnert/],
  ] as const;
  for (const [of, english, german] of reminded) {
    it(`an overdue decision is escalated, after ${of} reminders`, async () => {
      const sent = await service().escalate({ ...overdue(dana()), of, number: 1 }, signal);
      await service().escalate({ ...overdue(dana(), 'de'), of, number: 2 }, signal);
      const [first, second] = server.to(escalation.email);
      assert.equal(sent[0]!.messageId, first!.messageId);
      assert.equal(first!.subject, 'Overdue: the decision on the exit of Dana Fox');
      assert.equal(second!.subject, 'Überfällig: Entscheidung über den Austritt von Dana Fox (Hinweis 2)');
      assert.match(first!.text!, /was due by Saturday,? 28 November 2026 at 11:10 \(Europe\/Berlin\)/);
      assert.match(first!.text!, english);
      assert.match(second!.text!, german);
      for (const mail of [first!, second!]) {
        assert.ok(mail.text!.includes(`${HR_PARTNER.name}, ${HR_PARTNER.email}`));
        assertCommands(mail, decide(escalation.email));
      }
    });
  }

  for (const [language, says] of [
    [undefined, 'Needs attention: the exit of Dana Fox'],
    ['de', 'Bitte eingreifen: Austritt von Dana Fox'],
  ] as const) {
    it(`the operator is told which steps are stuck, why, and how to mend them (${language ?? 'English'})`, async () => {
      const about = attention(dana(), language);
      const sent = await service().notifyOperator({ ...about, number: 4 }, signal);
      const [mail] = server.to(operator.email);
      assert.equal(sent[0]!.messageId, mail!.messageId);
      assert.match(mail!.messageId!, /exit-1\.notify-operator\.4\./);
      assert.equal(mail!.subject, says);
      for (const { step, error } of about.causes) assert.ok(mail!.text!.includes(`${step}: ${error}\n`));
      assertCommands(mail!, [
        ...['notify-manager', 'block-access:payroll'].flatMap((step) =>
          ['retry', 'done-by-hand', 'skip'].map(
            (action) => `ems resolve E-1002 ${step} ${action} --by ${operator.email}`,
          ),
        ),
        'ems status E-1002',
      ]);
    });
  }

  it('a command is quoted for the shell where the address has a quote in it', async () => {
    const hrPartner = { name: 'Sean O’Brien', email: "sean.o'brien@acme.example" };
    await service().remindHrPartner({ ...open(dana()), to: [hrPartner], number: 1 }, signal);
    assertCommands(server.mails[0]!, decide(`"${hrPartner.email}"`));
  });

  it('a command reaches the shell with the address as it is, and runs nothing that stands in it', async () => {
    for (const email of ['r&d@acme.example', "a$HOME`id`!'b@acme.example"]) {
      server.mails.length = 0;
      await service().remindHrPartner({ ...open(dana()), to: [{ ...HR_PARTNER, email }], number: 1 }, signal);
      const line = server.mails[0]!.text!.split('\n').find((text) => text.startsWith('ems decide'));
      const { stdout } = spawnSync('sh', ['-c', line!.replace(/^ems/, String.raw`printf '%s\n'`)], {
        encoding: 'utf8',
      });
      assert.equal(stdout, ['decide', 'E-1002', 'retained', '--by', email, ''].join('\n'));
    }
  });
});
