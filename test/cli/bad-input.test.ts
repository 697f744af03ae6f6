import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ems } from '../support/ems.js';
import { oddText } from '../support/odd-text.js';

const RUNS = 1_000;

const commands = [
  ...['resign', 'decide', 'amend', 'hand-over', 'status', 'list', 'resolve', 'interview', 'report'],
  ...['tracker', 'trace', 'dead-letters'],
];
const options = [
  ...[
    '--by',
    '--form',
    '--exit',
    '--at',
    '--note',
    '--phase',
    '--last-working-day',
    '--effective-on',
    '--evidence',
  ],
  ...['--employee', '--json', '--dry-run', '--to', '--all-of', '--account', '--now'],
];

const line = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...commands) }, oddText),
    fc.array(fc.oneof(oddText, fc.constantFrom('E-1002', 'leaving', 'retry', ...options)), { maxLength: 6 }),
  )
  .map(([command, rest]) => [command, ...rest]);

describe('ems, on command lines that no person meant', () => {
  it('refuses each in one sentence, or as wrong usage, and never breaks', async () => {
    await fc.assert(
      fc.asyncProperty(line, async (args) => {
        const { code, stdout, stderr } = await ems({}, ...args);
        const isHelp = code === 0 && /^Usage: |^\d+\.\d+\.\d+/.test(stdout);
        assert.ok(isHelp || code === 1 || code === 2, `${code}`);
        assert.ok(isHelp || stderr !== '', 'it says nothing');
        assert.doesNotMatch(stderr, /\n +at |TypeError|RangeError|undefined is not/);
        // A terminal obeys such characters.
        // oxlint-disable-next-line no-control-regex
        assert.doesNotMatch(stderr.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        if (args.includes('--json') && stdout !== '' && !isHelp) JSON.parse(stdout);
      }),
      { numRuns: RUNS },
    );
  });
});
