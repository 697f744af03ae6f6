import assert from 'node:assert/strict';
import { cancel, request } from '../../src/services/hr/invitation.js';
import { itipProblem } from '../support/itip.js';

const interview = {
  uid: 'interview.1@acme.example',
  sequence: 0,
  start: '2026-11-24T10:30:00Z',
  end: '2026-11-24T11:15:00Z',
  timeZone: 'Europe/Berlin',
  attendees: [{ name: 'Dana Fox', email: 'dana@acme.example' }],
};
const options = {
  organizer: { name: 'Acme People Team', email: 'people@acme.example' },
  summary: 'Exit interview: Dana Fox',
  description: 'You are invited to an exit interview.',
};

describe('the mail server of the tests', () => {
  it('accepts valid invitations and withdrawals', () => {
    assert.equal(itipProblem('REQUEST', request(interview, options)), undefined);
    assert.equal(itipProblem('CANCEL', cancel(interview, options)), undefined);
  });

  const content = request(interview, options);
  const mistakes: [what: string, method: string, content: string, problem: RegExp][] = [
    ['a METHOD unlike that of the part', 'CANCEL', content, /the METHOD of the part/],
    [
      'a STATUS unlike the METHOD',
      'REQUEST',
      content.replace('STATUS:CONFIRMED', 'STATUS:CANCELLED'),
      /a STATUS that goes with/,
    ],
    ['a missing SEQUENCE', 'REQUEST', content.replace(/SEQUENCE:0\r\n/, ''), /one SEQUENCE/],
    ['a bare line feed', 'REQUEST', content.replace('\r\nUID', '\nUID'), /ends with CRLF/],
    [
      'an injected property',
      'REQUEST',
      content.replace('STATUS:', 'URL:https://evil.example\r\nSTATUS:'),
      /no URL/,
    ],
    ['no attendee', 'REQUEST', content.replace(/ATTENDEE[^]*?(?=\r\n\S)/, 'X-A:1'), /an ATTENDEE/],
  ];
  for (const [what, method, broken, problem] of mistakes) {
    it(`refuses an invalid invitation: ${what}`, () => {
      assert.match(itipProblem(method, broken) ?? 'taken', problem);
    });
  }
});
