import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { FailureType } from '../../src/exit/failures.js';
import type { Employee } from '../../src/exit/people.js';
import { createNotificationService } from '../../src/services/notification/notification.js';
import { finalFailure } from '../support/failures.js';
import { hostileNames, unprintable } from '../support/hostile-names.js';
import { mailer } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { addressees, startMailServer, type Mail, type MailServer } from '../support/smtp.js';

const { organisation, contacts } = sampleConfig;
const { operator } = contacts;
const HR_PARTNER = { name: contacts.hrPartners[0].name, email: contacts.hrPartners[0].email };
const RAVI = { name: 'Ravi Menon', email: 'ravi.menon@acme.example' };
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

  const service = () =>
    createNotificationService({ mailer: mailer(server.port), organisation, operator, hrPartner: HR_PARTNER });

  const about = (changes: Partial<Employee> = {}) => ({
    exitId: 'exit-1',
    employee: { employeeId: 'E-1002', displayName: 'Dana Fox', identities: [], manager: RAVI, ...changes },
    systems: ['payroll', 'code', 'production'],
    openedAt: '2026-11-23T10:10:00Z',
  });
  const resignation = { employeeId: 'E-1002', lastWorkingDay: '2026-12-31', reason: 'A better offer' };
  const retained: Decision = { outcome: 'retained', decidedBy: 'hr@acme.example' };
  const leaving: Decision = { outcome: 'leaving', decidedBy: 'hr@acme.example', note: 'Not for everybody' };

  /** The only mail there is, in which text and HTML say the same. */
  function theMail(): Mail & { said: string } {
    assert.equal(server.mails.length, 1);
    const mail = server.mails[0]!;
    assert.deepEqual(paragraphsOf(mail.html as string), mail.text!.trimEnd().split('\n\n'));
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
      'Dana Fox (E-1002) has resigned. The last working day is to be 2026-12-31.',
      'payroll, code, and production is blocked',
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
    ['retained', retained, 'Dana Fox stays', /decided by hr@acme\.example[^]*has been given back as it was/],
    ['leaving', leaving, 'Dana Fox is leaving', /decided by hr@acme\.example[^]*has been revoked/],
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
      assert.match(mail.said, /payroll, code, and production/);
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

  for (const [what, name] of Object.entries(hostileNames)) {
    it(`is told of somebody whose name holds ${what}: the subject is one line, the rest is text`, async () => {
      const manager = {
        name,
        email: RAVI.email,
        insteadOfManager: `the manager, ${name}, is no longer active`,
      };
      await service().notifyManager({ ...about({ displayName: name, manager }), resignation }, signal);
      const mail = theMail();
      assert.match(mail.subject!, /^\S.* has resigned$/u);
      assert.doesNotMatch(mail.subject!, unprintable);
      const to = addressees(mail);
      assert.deepEqual(
        to.map(({ address }) => address),
        [RAVI.email],
      );
      assert.doesNotMatch(to[0]!.name, unprintable);
      assert.equal(mail.bcc, undefined);
      assert.equal(mail.said.split('\n\n').length, 7);
      const tags = new Set((mail.html as string).match(/<[^>]*>/g));
      assert.deepEqual(
        [...tags],
        ['<!doctype html>', '<html lang="en">', '<body>', '<p>', '</p>', '</body>', '</html>'],
      );
    });
  }
});

/** What a mail program shows of the HTML. */
function paragraphsOf(html: string): string[] {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return [...html.matchAll(/<p>([^]*?)<\/p>/g)].map(([, text]) =>
    text!.replace(/&(#?\w+);/g, (_, entity: string) => entities[entity]!),
  );
}
