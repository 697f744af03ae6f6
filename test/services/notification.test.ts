import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { FailureType } from '../../src/exit/failures.js';
import { finalFailure } from '../support/failures.js';
import { readHtml } from '../support/html.js';
import { about, HR_PARTNER, RAVI, serviceAt } from '../support/notification.js';
import { sampleConfig } from '../support/sample-config.js';
import { startMailServer, type Mail, type MailServer } from '../support/smtp.js';

const { organisation, contacts } = sampleConfig;
const { signal } = new AbortController();

describe('the manager', () => {
  let server: MailServer;
  before(async () => {
    server = await startMailServer();
  });
  beforeEach(() => {
    server.mails.length = 0;
  });
  after(() => server.stop());

  const service = () => serviceAt(server.port);
  const resignation = { employeeId: 'E-1002', lastWorkingDay: '2026-12-31', reason: 'A better offer' };
  const retained: Decision = { outcome: 'retained', decidedBy: 'hr@acme.example' };
  const leaving: Decision = { outcome: 'leaving', decidedBy: 'hr@acme.example', note: 'Not for everybody' };

  /** The only mail there is, in which text and HTML say the same. */
  function theMail(): Mail & { said: string } {
    assert.equal(server.mails.length, 1);
    const mail = server.mails[0]!;
    assert.deepEqual(readHtml(mail.html as string).paragraphs, mail.text!.trimEnd().split('\n\n'));
    return { ...mail, said: mail.text! };
  }

  it('is told of the resignation: who, until when, what is blocked, and whom to ask', async () => {
    const told = await service().notifyManager({ ...about(), resignation }, signal);
    const mail = theMail();
    assert.equal(mail.recipient, RAVI.email);
    assert.deepEqual(told, { to: RAVI.email, messageId: mail.messageId });
    assert.equal(mail.subject, 'Dana Fox has resigned');
    for (const part of [
      'Dear Ravi Menon,',
      'Dana Fox (E-1002) has resigned. The last working day is to be 31 December 2026.',
      'Access to payroll, code and production is being blocked until the decision is final.',
      `${HR_PARTNER.name}, ${HR_PARTNER.email}`,
      `${contacts.operator.name}, ${contacts.operator.email}`,
      organisation.name,
    ])
      assert.ok(mail.said.includes(part), `${part}\n${mail.said}`);
    assert.doesNotMatch(mail.said, /in place of the manager/);
  });

  it('is not told why somebody resigned, nor a day that nobody named', async () => {
    const { lastWorkingDay: _, ...sudden } = resignation;
    await service().notifyManager({ ...about(), resignation: sudden }, signal);
    assert.doesNotMatch(theMail().said, /better offer|last working day|undefined/);
  });

  const endings = [
    ['retained', retained, 'Dana Fox stays', /decided by hr@acme\.example[^]*is given back as it was/],
    ['leaving', leaving, 'Dana Fox is leaving', /decided by hr@acme\.example[^]*is revoked/],
    [
      'cancelled',
      undefined,
      'The exit of Dana Fox was called off',
      /before anything was decided[^]*given back/,
    ],
  ] as const;
  for (const [outcome, decision, subject, said] of endings) {
    it(`is told of the outcome: ${outcome}`, async () => {
      await service().notifyManagerOfOutcome({ ...about(), outcome, decision }, signal);
      const mail = theMail();
      assert.equal(mail.subject, subject);
      assert.equal(mail.recipient, RAVI.email);
      assert.match(mail.said, said);
      assert.match(mail.said, /payroll, code and production/);
      assert.doesNotMatch(mail.said, /Not for everybody|undefined/);
    });
  }

  it('is sent the two mails under different Message-IDs, and each under the same one however often', async () => {
    const ids: (string | undefined)[] = [];
    for (const exitId of ['exit-1', 'exit-2']) {
      const first = await service().notifyManager({ ...about(), exitId, resignation }, signal);
      const again = await service().notifyManager({ ...about(), exitId, resignation }, signal);
      assert.equal(again.messageId, first.messageId);
      const last = await service().notifyManagerOfOutcome(
        { ...about(), exitId, outcome: 'retained', decision: retained },
        signal,
      );
      ids.push(first.messageId, last.messageId);
    }
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual(new Set(server.mails.map(({ messageId }) => messageId)), new Set(ids));
  });

  it('that there is not is stood in for by HR, who are told why', async () => {
    const manager = { ...HR_PARTNER, insteadOfManager: 'the directory names no manager' };
    await service().notifyManager({ ...about({ manager }), resignation }, signal);
    const mail = theMail();
    assert.equal(mail.recipient, HR_PARTNER.email);
    assert.match(mail.said, /^You receive this in place of the manager: the directory names no manager\.$/m);
  });

  it('without a usable address is a final failure', async () => {
    const manager = { name: 'Ravi Menon', email: 'ravi.menon@acme.example\r\nBcc: evil@acme.example' };
    const sending = service().notifyManager({ ...about({ manager }), resignation }, signal);
    assert.match(await finalFailure(FailureType.AddressRefused, sending), /Ravi Menon/);
    assert.equal(server.mails.length, 0);
  });

  it('reads it in their own language; where that is not known, in the employee’s', async () => {
    const tell = (language: string | undefined, ofManager: string | undefined) =>
      service().notifyManager(
        { ...about({ language, manager: { ...RAVI, language: ofManager } }), resignation },
        signal,
      );
    for (const [language, ofManager, lang] of [
      ['en', 'de-DE', 'de'],
      ['de', 'en', 'en'],
      ['de', undefined, 'de'],
      [undefined, undefined, 'en'],
    ] as const) {
      server.mails.length = 0;
      await tell(language, ofManager);
      assert.equal(theMail().subject, lang === 'de' ? 'Dana Fox hat gekündigt' : 'Dana Fox has resigned');
    }
  });

  it('that somebody stands in for does not decide the language', async () => {
    const manager = { ...HR_PARTNER, insteadOfManager: 'the directory names no manager' };
    await service().notifyManager({ ...about({ language: 'de', manager }), resignation }, signal);
    assert.equal(theMail().subject, 'Dana Fox has resigned');
  });

  it('reads in German what there is in English', async () => {
    const manager = { ...RAVI, language: 'de', insteadOfManager: 'the directory names no manager' };
    const told = about({ manager });
    await service().notifyManager({ ...told, resignation }, signal);
    const said = [
      [{ outcome: 'retained', decision: retained }, 'Dana Fox bleibt', /hr@acme\.example getroffen[^]*endet/],
      [{ outcome: 'leaving', decision: leaving }, 'Dana Fox verlässt uns', /endgültig entzogen/],
      [{ outcome: 'cancelled' }, 'Der Austritt von Dana Fox wurde abgebrochen', /bevor etwas entschieden/],
    ] as const;
    for (const [ending] of said) await service().notifyManagerOfOutcome({ ...told, ...ending }, signal);
    const [first, ...others] = server.mails;
    assert.match(first!.text!, /Guten Tag Ravi Menon,\n\nSie erhalten diese Nachricht anstelle/);
    assert.match(first!.text!, /Der letzte Arbeitstag soll der 31\. Dezember 2026 sein\./);
    assert.match(first!.text!, /payroll, code und production wird gesperrt, bis/);
    for (const [i, [, subject, text]] of said.entries()) {
      assert.equal(others[i]!.subject, subject);
      assert.match(others[i]!.text!, text);
    }
  });
});
