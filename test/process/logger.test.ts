import assert from 'node:assert/strict';
import { capturedLog } from '../support/captured-log.js';

describe('a line of the log', () => {
  for (const text of [
    'list Users where emails.value eq "hr@acme.example"',
    'said:\nhr@acme.example',
    'at C:\\hr@acme.example',
    'from \u0001hr@acme.example\u0001',
  ])
    it(`names no address, and is JSON: ${JSON.stringify(text)}`, () => {
      const { log, lines } = capturedLog();
      log.warn({ error: new Error(text) }, text);
      assert.equal(lines[0]!.msg, text.replace('hr@acme.example', '[address]'));
    });
});
