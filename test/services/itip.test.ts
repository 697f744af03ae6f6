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
  it('takes the invitations and withdrawals that are valid', () => {
    assert.equal(itipProblem('REQUEST', request(interview, options)), undefined);
    assert.equal(itipProblem('CANCEL', cancel(interview, options)), undefined);
  });

  const content = request(interview, options);
  const mistakes: [what: string, method: string, content: string, problem: RegExp][] = [
    ['the method of the part', 'CANCEL', content, /the METHOD of the part/],
    [
      'a status',
      'REQUEST',
      content.replace('STATUS:CONFIRMED', 'STATUS:CANCELLED'),
      /a STATUS that goes with/,
    ],
    ['a missing SEQUENCE', 'REQUEST', content.replace(/SEQUENCE:0\r\n/, ''), /one SEQUENCE/],
    ['a line break alone', 'REQUEST', content.replace('\r\nUID', '\nUID'), /ends with CRLF/],
    [
      'an injected property',
      'REQUEST',
      content.replace('STATUS:', 'URL:https://evil.example\r\nSTATUS:'),
      /no URL/,
    ],
    ['nobody invited', 'REQUEST', content.replace(/ATTENDEE[^]*?(?=\r\n\S)/, 'X-A:1'), /an ATTENDEE/],
  ];
  for (const [what, method, broken, problem] of mistakes) {
    it(`refuses an invitation that is not: ${what}`, () => {
      assert.match(itipProblem(method, broken) ?? 'taken', problem);
    });
  }
});
