import assert from 'node:assert/strict';
import type ICAL from 'ical.js';
import { calendarOfHr } from '../support/calendar.js';
import { hostileNames, unprintable } from '../support/hostile-names.js';
import { readHtml } from '../support/html.js';
import { HR, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { addressees, type Mail } from '../support/smtp.js';

describe('@long the interview of an employee whose name holds', () => {
  const calendar = calendarOfHr();

  /** The mails of an interview that is invited, moved and withdrawn, and its entry before the withdrawal. */
  async function everything(displayName: string, language: string) {
    await calendar.empty();
    calendar.mail.mails.length = 0;
    const asked = { employee: { displayName, language } };
    const moved = await calendar.reschedule(await calendar.schedule(asked), asked);
    const entries = await calendar.events();
    await calendar.withdraw(moved, asked);
    assert.deepEqual(calendar.mail.recipients(), [DANA, HR, DANA, HR, DANA, HR]);
    assert.equal(entries.length, 1);
    return { mails: [...calendar.mail.mails], entry: entries[0]! };
  }
  type Everything = Awaited<ReturnType<typeof everything>>;

  for (const language of ['en', 'de']) {
    let usual: Everything;
    before(async () => {
      usual = await everything('Dana Fox', language);
    });

    for (const [what, name] of Object.entries(hostileNames)) {
      it(`${what} gets no other headers, properties and lines than usual (${language})`, async () => {
        const { mails, entry } = await everything(name, language);
        assert.deepEqual(propertiesOf(entry), propertiesOf(usual.entry));
        for (const [i, mail] of mails.entries()) {
          assert.deepEqual(shapeOf(mail), shapeOf(usual.mails[i]!));
          assert.doesNotMatch(mail.subject!, unprintable);
          const [to, ...others] = addressees(mail);
          assert.deepEqual([to!.address, others], [mail.recipient, []]);
          assert.doesNotMatch(to!.name, unprintable);
          const lines = readInvitation(mail).content.split('\r\n');
          assert.ok(lines.every((line) => Buffer.byteLength(line) <= 75));
          const attendees = lines
            .join('\r\n')
            .replaceAll('\r\n ', '')
            .match(/^ATTENDEE.*$/gm)!;
          for (const attendee of attendees) assert.match(attendee, attendeeLine);
        }
        for (const component of [entry, ...mails.map((mail) => readInvitation(mail).component)]) {
          assert.equal(
            component.getFirstPropertyValue('organizer'),
            `mailto:${sampleConfig.mail.from.email}`,
          );
          const people = component.getAllProperties('attendee');
          assert.deepEqual(
            people.map((person) => String(person.getFirstValue()).toLowerCase()),
            [`mailto:${DANA}`, `mailto:${HR}`],
          );
          for (const text of [people[0]!.getFirstParameter('cn'), component.getFirstPropertyValue('summary')])
            assert.doesNotMatch(String(text), unprintable);
        }
      });
    }
  }

  it('quotes or another script shows that name unchanged', async () => {
    for (const what of ['quotes', 'right-to-left script', 'emoji']) {
      const name = hostileNames[what]!;
      const [mail] = (await everything(name, 'en')).mails;
      const { people, event } = readInvitation(mail!);
      assert.equal(people[0]!.name, name);
      assert.equal(event.summary, `Exit interview: ${name}`);
      assert.equal(mail!.subject, `Exit interview: ${name}`);
      assert.equal(addressees(mail!)[0]!.name, name);
    }
  });
});

const propertiesOf = (component: ICAL.Component) =>
  component
    .getAllProperties()
    .map(
      ({ name, jCal }) =>
        `${name} ${Object.keys(jCal[1] as object)
          .toSorted()
          .join()}`,
    )
    .toSorted();

/** What a name must not change. */
const shapeOf = (mail: Mail) => ({
  headers: mail.headerLines.map(({ key }) => key),
  properties: propertiesOf(readInvitation(mail).component),
  elements: readHtml(mail.html as string).elements,
  textLines: mail.text!.split('\n').length,
});

/** RFC 5545 §3.1, to the letter: no quote inside of quotes, whatever stands in front of it. */
const attendeeLine = /^ATTENDEE(;[A-Z-]+=("[^"\p{Cc}]*"|[^"\p{Cc};:,]*))*:mailto:[\w.]+@acme\.example\r?$/iu;
