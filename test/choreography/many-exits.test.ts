import assert from 'node:assert/strict';
import path from 'node:path';
import { beginnings, decide, endingsOf, resign, untilSeen, verify } from '../../bench/compare/exit.js';
import type { Effect, Exit } from '../../bench/compare/exit.js';
import { startForm, type Form } from '../../bench/compare/form.js';
import { startOutside, type Outside } from '../../bench/compare/outside.js';
import { scratchFolder } from '../support/temporal.js';

const EXITS = 300;
const RETRY_FOR_MS = 240_000;

describe('@long three hundred exits at once', function () {
  this.timeout(2 * RETRY_FOR_MS);
  let outside: Outside;
  let form: Form;
  before(async () => {
    const folder = await scratchFolder();
    outside = await startOutside(path.join(folder, 'outside.log'));
    form = await startForm({ kind: 'choreographed', layout: 'split', folder, outside: outside.env });
  });
  after(async () => {
    await form.stop();
    await outside.stop();
  });

  /** One exit after the other: every effect wakes each waiter, and hundreds of waiters are slow. */
  async function untilAllSeen(exits: readonly Exit[], effectsOf: (exit: Exit) => readonly Effect[]) {
    for (const exit of exits) await untilSeen(outside, exit, effectsOf(exit), RETRY_FOR_MS);
  }

  it('end as decided, with nothing lost, and no mail or write seen twice', async () => {
    const exits = await Promise.all(Array.from({ length: EXITS }, () => resign(form)));
    await untilAllSeen(exits, () => beginnings);
    await Promise.all(exits.map((exit) => decide(form, exit)));
    await untilAllSeen(exits, endingsOf);
    for (const exit of exits)
      assert.deepEqual(await verify(form, outside, exit), { mails: 0, writes: 0 }, exit.employeeId);
  });
});
