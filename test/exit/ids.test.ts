import assert from 'node:assert/strict';
import { interviewUid, messageId } from '../../src/exit/ids.js';

describe('ids', () => {
  const of = (exitId: string, what: string, to: string) => messageId(exitId, what, to, 'acme.example');

  it('give each mail a Message-ID of its own, which a retry keeps', () => {
    assert.equal(of('x', 'notify-manager', 'a@acme.example'), of('x', 'notify-manager', 'A@acme.example'));
    const different = [
      of('x', 'notify-manager', 'a@acme.example'),
      of('x', 'notify-manager', 'b@acme.example'),
      of('x', 'interview.1', 'a@acme.example'),
      of('y', 'notify-manager', 'a@acme.example'),
    ];
    assert.equal(new Set(different).size, different.length);
  });

  it('keep addresses out of headers', () => {
    assert.doesNotMatch(of('x', 'notify-manager', 'dana.fox@acme.example'), /dana/);
  });

  it('give each exit an interview of its own', () => {
    assert.notEqual(interviewUid('x', 'acme.example'), interviewUid('y', 'acme.example'));
  });
});
