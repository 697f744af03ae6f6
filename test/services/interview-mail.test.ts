import assert from 'node:assert/strict';
import { interviewMail } from '../../src/services/hr/interview-mail.js';
import { loadTemplates } from '../../src/services/mails/templates.js';
import { dana, HR_PARTNER } from '../support/notification.js';
import { sampleConfig } from '../support/sample-config.js';

const { organisation, interview: policy } = sampleConfig;
const templates = loadTemplates(policy);

describe('the mails about the interview', () => {
  const interview = {
    start: '2026-11-24T10:30:00Z',
    end: '2026-11-24T11:15:00Z',
    timeZone: 'Europe/Berlin',
  };
  const kinds = ['invitation', 'rescheduled', 'handed-over', 'cancelled'] as const;
  const words = (kind: (typeof kinds)[number], language: string, isByWorkingHoursAlone = false) =>
    interviewMail(kind, {
      templates,
      organisation,
      link: null,
      employee: dana({ language }),
      interview,
      hrPartner: HR_PARTNER,
      isByWorkingHoursAlone,
    });

  it('are in the employee’s language, and share one summary', () => {
    assert.deepEqual(
      kinds.map((kind) => [words(kind, 'en').subject, words(kind, 'de-CH').subject]),
      [
        ['Exit interview: Dana Fox', 'Austrittsgespräch: Dana Fox'],
        ['New time: Exit interview: Dana Fox', 'Neuer Termin: Austrittsgespräch: Dana Fox'],
        [
          `Now with ${HR_PARTNER.name}: Exit interview: Dana Fox`,
          `Jetzt mit ${HR_PARTNER.name}: Austrittsgespräch: Dana Fox`,
        ],
        ['Cancelled: Exit interview: Dana Fox', 'Abgesagt: Austrittsgespräch: Dana Fox'],
      ],
    );
    for (const kind of kinds) {
      assert.equal(words(kind, 'en').summary, 'Exit interview: Dana Fox');
      assert.equal(words(kind, 'de').summary, 'Austrittsgespräch: Dana Fox');
      assert.match(words(kind, 'en').text, /Tuesday,? 24 November 2026, 11:30–12:15 \(Europe\/Berlin\)/);
      assert.match(
        words(kind, 'de').text,
        /Dienstag, 24\. November 2026, 11:30–12:15 Uhr \(Europe\/Berlin\)/,
      );
    }
  });

  it('name the time on the employee’s own clock as well, where it shows another one', () => {
    const text = (kind: (typeof kinds)[number], language: string, timeZone?: string) =>
      interviewMail(kind, {
        ...{ templates, organisation, link: null, interview, hrPartner: HR_PARTNER },
        isByWorkingHoursAlone: false,
        employee: dana({ language, timeZone }),
      }).text;
    for (const kind of kinds) {
      assert.match(
        text(kind, 'en', 'America/New_York'),
        /11:30–12:15 \(Europe\/Berlin\), which is Tuesday,? 24 November 2026, 05:30–06:15 \(America\/New_York\)/,
      );
      assert.match(text(kind, 'de', 'America/New_York'), /Berlin\), das ist .*05:30–06:15 Uhr \(America/);
      // In Paris the clocks show the same.
      for (const zone of ['Europe/Paris', 'Europe/Berlin', undefined])
        assert.doesNotMatch(text(kind, 'en', zone), /which is/);
    }
  });

  it('say that no calendar was looked at only where that is so', () => {
    for (const kind of ['invitation', 'rescheduled'] as const)
      for (const [language, says] of [
        ['en', /by working hours only, without a calendar/],
        ['de', /ein Kalender wurde nicht eingesehen/],
      ] as const) {
        assert.match(words(kind, language, true).text, says);
        assert.doesNotMatch(words(kind, language).text, says);
      }
  });
});
