import assert from 'node:assert/strict';
import type { StandIn } from '../../src/exit/stand-in.js';
import { hostileNames, unprintable } from '../support/hostile-names.js';
import { readHtml } from '../support/html.js';
import { dana, everyMail, RAVI, serviceAt } from '../support/notification.js';
import { addressees, mailServer, type Mail } from '../support/smtp.js';

describe('a mail about an employee whose name holds', () => {
  const server = mailServer();

  /**
   * Every mail, by its kind. The employee, the manager, and the reason for writing to a stand-in all have this name.
   */
  async function mailsAbout(displayName: string, language: string): Promise<Map<string, Mail>> {
    server.mails.length = 0;
    const insteadOfManager: StandIn = [{ why: 'inactive', name: displayName }];
    const manager = { name: displayName, email: RAVI.email, language, insteadOfManager };
    const employee = dana({ displayName, language, manager });
    const sent = await Promise.all(
      Object.entries(everyMail).map(async ([what, send]) => {
        const [one] = [await send(serviceAt(server.port), `exit-${what}`, employee, language)].flat();
        return [what, server.mails.find((mail) => mail.messageId === one!.messageId)!] as const;
      }),
    );
    assert.equal(server.mails.length, sent.length);
    return new Map(sent);
  }

  for (const language of ['en', 'de']) {
    let usual: Map<string, Mail>;
    before(async () => {
      usual = await mailsAbout('Dana Fox', language);
    });

    for (const [what, name] of Object.entries(hostileNames)) {
      it(`${what} gets no other headers, addressees and lines than usual (${language})`, async () => {
        for (const [which, mail] of await mailsAbout(name, language)) {
          assert.deepEqual(shapeOf(mail), shapeOf(usual.get(which)!), which);
          const { paragraphs } = readHtml(mail.html as string);
          const names = addressees(mail).map(({ name }) => name);
          for (const line of [mail.subject!, ...names, ...mail.text!.split('\n'), ...paragraphs])
            assert.doesNotMatch(line, unprintable, which);
        }
      });
    }
  }

  it('quotes, HTML, another script or emoji shows that name unchanged in subject, text and HTML', async () => {
    for (const what of ['quotes', 'HTML', 'right-to-left script', 'emoji', 'an address list']) {
      const name = hostileNames[what]!;
      const mail = (await mailsAbout(name, 'de')).get('resignation')!;
      assert.equal(mail.subject, `${name} hat gekündigt`);
      assert.ok(mail.text!.includes(`Guten Tag ${name},`));
      assert.ok(readHtml(mail.html as string).paragraphs.includes(`Guten Tag ${name},`));
    }
  });
});

/** What a name must not change. */
function shapeOf(mail: Mail) {
  return {
    headers: mail.headerLines.map(({ key }) => key),
    recipient: mail.recipient,
    addressees: addressees(mail).map(({ address }) => address),
    textLines: mail.text!.split('\n').map((line) => line === ''),
    elements: readHtml(mail.html as string).elements,
  };
}
