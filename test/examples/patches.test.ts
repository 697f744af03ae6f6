import { execFileSync } from 'node:child_process';

const payroll = 'examples/payroll/orchestrated.patch';

describe('a patch of the examples applies to the code of today', () => {
  for (const patches of [
    [payroll],
    [payroll, 'examples/changes/new-field-orchestrated.patch'],
    ['examples/changes/gate-choreographed.patch'],
    ['examples/changes/new-field-choreographed.patch'],
  ])
    it(patches.join(', then '), () => {
      execFileSync('git', ['apply', '--check', ...patches], { stdio: 'pipe' });
    });
});
