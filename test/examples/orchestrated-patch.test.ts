import { execFileSync } from 'node:child_process';

describe('examples/payroll/orchestrated.patch', () => {
  it('applies to the code of today', () => {
    execFileSync('git', ['apply', '--check', 'examples/payroll/orchestrated.patch'], { stdio: 'pipe' });
  });
});
