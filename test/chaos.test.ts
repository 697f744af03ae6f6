import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { campaign, type Run } from '../bench/chaos/campaign.js';
import { mistakes } from '../bench/chaos/mistakes.js';
import { kinds } from '../bench/compare/form.js';
import { scratchFolder } from './support/temporal.js';

const SEED = 20261126;
/** `npm run chaos -- --mistake` runs the others too. */
const tried = ['forget what is taken', 'believe a timeout'];

describe('@long npm run chaos', function () {
  this.timeout(600_000);

  for (const kind of kinds)
    it(`finds no broken promise of the ${kind} form, whatever happens to its processes, wires and mails`, async () => {
      const args = ['--form', kind, '--exits', '12', '--minutes', '0.7', '--seed', String(SEED), '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, ['dist/bench/chaos.js', ...args]);
      const { runs } = JSON.parse(stdout) as { runs: Run[] };
      assert.equal(runs.length, 1);
      const { form, exits, decisions, faults, violations } = runs[0]!;
      assert.deepEqual([form, exits, violations], [kind, 12, []]);
      assert.equal(decisions.retained + decisions.leaving, 12);
      assert.ok(Object.keys(faults).length > 5, JSON.stringify(faults));
    });

  for (const mistake of tried)
    it(`finds a deliberate mistake: ${mistake}`, async () => {
      const { violations } = await campaign({
        ...{ kind: 'choreographed', seed: SEED, exits: 8, minutes: 0.4, overWithinMs: 40_000, mistake },
        folder: await scratchFolder(),
        progress: () => undefined,
      });
      assert.ok(
        violations.some(({ rule }) => rule === mistakes[mistake]!.breaks),
        JSON.stringify(violations),
      );
    });
});
