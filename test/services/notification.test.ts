import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { FailureType } from '../../src/exit/failures.js';
import type { StandIn } from '../../src/exit/stand-in.js';
import type { MailOf } from '../../src/exit/told.js';
import { finalFailure } from '../support/failures.js';
import { readHtml } from '../support/html.js';
import { deliveries } from '../support/message.js';
import { about, HR_PARTNER, RAVI, serviceAt } from '../support/notification.js';
import { sampleConfig } from '../support/sample-config.js';
import { mailServer, type Mail } from '../support/smtp.js';

const { organisation, contacts } = sampleConfig;
const { signal } = new AbortController();

describe('the manager', () => {
  const server = mailServer();

  const service = () => serviceAt(server.port);
  const insteadOfManager: StandIn = [{ why: 'unnamed' }];
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

  describe('of exits that opened together', () => {
    const shared = { to: RAVI.email, messageId: '<other@acme.example>' };
    const notify = (mailOf: MailOf, openedAt: string) =>
      serviceAt(server.port, undefined, undefined, mailOf).notifyManager(
        { ...about(), resignation: { ...resignation, together: { toldBy: 'E-9' } }, openedAt },
        deliveries(),
        signal,
      );
    const justNow = (): string => new Date().toISOString();
    const longAgo = '2026-11-23T10:10:00Z';

    it('is told once, by the mail of another one', async () => {
      const told = await notify(() => Promise.resolve(shared), longAgo);
      assert.deepEqual(told, { ...shared, notes: ['told by the mail of the exit of E-9'] });
      assert.deepEqual(server.mails, []);
    });

    it('waits for that mail, and says for which', async () => {
      await assert.rejects(
        notify(() => Promise.resolve(undefined), justNow()),
        /mail of the exit of E-9, which tells Ravi Menon of this exit as well, has not gone out/,
      );
      await assert.rejects(
        notify(() => Promise.reject(new Error('no answer')), justNow()),
        /no answer/,
      );
      assert.deepEqual(server.mails, []);
    });

    for (const [why, mailOf, openedAt] of [
      ['went to another address', () => Promise.resolve({ ...shared, to: 'boss@acme.example' }), justNow()],
      ['has not gone out for long', () => Promise.resolve(undefined), longAgo],
      ['cannot be told of for long', () => Promise.reject(new Error('no answer')), longAgo],
    ] as const)
      it(`gets a mail of its own where that mail ${why}`, async () => {
        const told = await notify(mailOf, openedAt);
        assert.equal(told.messageId, theMail().messageId);
        assert.equal(theMail().subject, 'Dana Fox has resigned');
      });
  });

  it('is told of the resignation: who, until when, what is blocked, and whom to ask', async () => {
    const told = await service().notifyManager({ ...about(), resignation }, deliveries(), signal);
    const mail = theMail();
    assert.equal(mail.recipient, RAVI.email);
    assert.deepEqual(told, { to: RAVI.email, messageId: mail.messageId, notes: [] });
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

  it('is told neither the reason for the resignation nor a last working day that is not known', async () => {
    const { lastWorkingDay: _, ...sudden } = resignation;
    await service().notifyManager({ ...about(), resignation: sudden }, deliveries(), signal);
    assert.doesNotMatch(theMail().said, /better offer|last working day|undefined/);
  });

  const endings = [
    {
      outcome: 'retained',
      decision: retained,
      en: ['Dana Fox stays', /decided by hr@acme\.example[^]*is given back, as far as/],
      de: ['Dana Fox bleibt', /hr@acme\.example getroffen[^]*endet/],
    },
    {
      outcome: 'leaving',
      decision: leaving,
      en: ['Dana Fox is leaving', /decided by hr@acme\.example[^]*is revoked/],
      de: ['Dana Fox verlässt uns', /endgültig entzogen/],
    },
    {
      outcome: 'cancelled',
      decision: undefined,
      en: ['The exit of Dana Fox was cancelled', /before a decision[^]*given back/],
      de: ['Der Austritt von Dana Fox wurde abgebrochen', /bevor etwas entschieden/],
    },
  ] as const;
  for (const { outcome, decision, ...says } of endings)
    for (const language of ['en', 'de'] as const)
      it(`is told of the outcome: ${outcome} (${language})`, async () => {
        const [subject, said] = says[language];
        const told = about({ manager: { ...RAVI, language } });
        await service().notifyManagerOfOutcome({ ...told, outcome, decision }, signal);
        const mail = theMail();
        assert.equal(mail.subject, subject);
        assert.equal(mail.recipient, RAVI.email);
        assert.match(mail.said, said);
        assert.match(mail.said, /payroll, code (and|und) production/);
        assert.doesNotMatch(mail.said, /Not for everybody|undefined/);
      });

  it('is told of a restore only where it was observed', async () => {
    const tell = (unobserved: string[]) =>
      service().notifyManagerOfOutcome({ ...about(), outcome: 'retained', unobserved }, signal);
    await tell(['code']);
    assert.match(
      theMail().said,
      /block on access to payroll and production ends[^]*A person settled what becomes of access to code:/,
    );
    server.mails.length = 0;
    await tell(['payroll', 'code', 'production']);
    assert.doesNotMatch(theMail().said, /ends|given back/);
  });

  it('gets the two mails under different Message-IDs, which a retry keeps', async () => {
    const ids: (string | undefined)[] = [];
    for (const exitId of ['exit-1', 'exit-2']) {
      const first = await service().notifyManager({ ...about(), exitId, resignation }, deliveries(), signal);
      const again = await service().notifyManager({ ...about(), exitId, resignation }, deliveries(), signal);
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

  it('who is missing is replaced by HR, who are told why in their own language', async () => {
    const manager = { ...HR_PARTNER, insteadOfManager };
    await service().notifyManager(
      { ...about({ language: 'de', manager }), resignation },
      deliveries(),
      signal,
    );
    const mail = theMail();
    assert.equal(mail.recipient, HR_PARTNER.email);
    assert.equal(mail.subject, 'Dana Fox has resigned');
    assert.match(mail.said, /^You receive this in place of the manager: the directory names no manager\.$/m);
  });

  it('without a usable address makes the step fail for good', async () => {
    const manager = { name: 'Ravi Menon', email: 'ravi.menon@acme.example\r\nBcc: evil@acme.example' };
    const sending = service().notifyManager({ ...about({ manager }), resignation }, deliveries(), signal);
    assert.match(await finalFailure(FailureType.AddressRefused, sending), /Ravi Menon/);
    assert.equal(server.mails.length, 0);
  });

  it('is told in their own language, or in the employee’s where that is not known', async () => {
    const tell = (language: string | undefined, ofManager: string | undefined) =>
      service().notifyManager(
        { ...about({ language, manager: { ...RAVI, language: ofManager } }), resignation },
        deliveries(),
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

  it('is told in German all that the English mail says', async () => {
    const manager = { ...RAVI, language: 'de', insteadOfManager };
    await service().notifyManager({ ...about({ manager }), resignation }, deliveries(), signal);
    const { said } = theMail();
    assert.match(said, /Guten Tag Ravi Menon,\n\nSie erhalten diese Nachricht anstelle/);
    assert.match(said, /Der letzte Arbeitstag soll der 31\. Dezember 2026 sein\./);
    assert.match(said, /payroll, code und production wird gesperrt, bis/);
  });

  it('and HR get no digest of a form in which no exit is open', async () => {
    const digest = { open: 0, attention: 0, overdue: 0, exits: [] };
    assert.deepEqual(
      await service().sendDigest({ id: 'digest-2026-11-27', digest }, deliveries(), signal),
      [],
    );
    assert.deepEqual(server.mails, []);
  });
});
