import assert from 'node:assert/strict';
import { hostileNames, unprintable } from '../support/hostile-names.js';
import { about, HR, hrAt, memory, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { addressees, startMailServer, type Mail, type MailServer } from '../support/smtp.js';

describe('an invitation to somebody whose name holds', () => {
  const { signal } = new AbortController();
  let server: MailServer;
  let usual: ReturnType<typeof shapeOf>;

  async function invite(displayName: string): Promise<Mail[]> {
    server.mails.length = 0;
    await hrAt(server.port).scheduleInterview(about({ displayName }), memory(), signal);
    assert.deepEqual(
      server.mails.map(({ recipient }) => recipient),
      [DANA, HR],
    );
    return server.mails;
  }

  before(async () => {
    server = await startMailServer();
    usual = shapeOf((await invite('Dana Fox'))[0]!);
  });
  after(() => server.stop());

  for (const [what, name] of Object.entries(hostileNames)) {
    it(`${what} has nothing in it that was not meant to be`, async () => {
      const mails = await invite(name);
      for (const mail of mails) {
        assert.deepEqual(shapeOf(mail), usual);
        const { people, content, component } = readInvitation(mail);
        assert.deepEqual(
          people.map(({ address }) => address),
          [`mailto:${DANA}`, `mailto:${HR}`],
        );
        const lines = content.split('\r\n');
        assert.ok(lines.every((line) => Buffer.byteLength(line) <= 75));
        const attendees = content.replaceAll('\r\n ', '').match(/^ATTENDEE.*$/gm)!;
        for (const attendee of attendees) assert.match(attendee, attendeeLine);
        const shown = [people[0]!.name, mail.subject, component.getFirstPropertyValue('summary')];
        for (const text of shown) assert.doesNotMatch(String(text), unprintable);
      }
      const to = addressees(mails[0]!);
      assert.deepEqual(
        to.map(({ address }) => address),
        [DANA],
      );
      assert.doesNotMatch(to[0]!.name, unprintable);
    });
  }

  it('quotes or another script still has that name', async () => {
    for (const what of ['quotes', 'right-to-left script', 'emoji']) {
      const name = hostileNames[what]!;
      const [mail] = await invite(name);
      const { people, event } = readInvitation(mail!);
      assert.equal(people[0]!.name, name);
      assert.equal(event.summary, `Exit interview: ${name}`);
      assert.equal(mail!.subject, `Exit interview: ${name}`);
      assert.equal(addressees(mail!)[0]!.name, name);
    }
  });
});

/** What a name must not change. */
function shapeOf(mail: Mail) {
  const { component } = readInvitation(mail);
  return {
    headers: mail.headerLines.map(({ key }) => key),
    properties: component.getAllProperties().map(({ name, jCal }) => [name, Object.keys(jCal[1] as object)]),
    tags: (mail.html as string).match(/<[^>]*>/g),
  };
}

/** RFC 5545 §3.1, to the letter: no quote inside of quotes, whatever stands in front of it. */
const attendeeLine = /^ATTENDEE(;[A-Z-]+=("[^"\p{Cc}]*"|[^"\p{Cc};:,]*))*:mailto:[\w.]+@acme\.example\r?$/iu;
