import assert from 'node:assert/strict';
import type { Report } from '../../src/doctor/examine.js';
import type { Finding } from '../../src/exit/finding.js';
import { ems } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { stateOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { untilStep } from './on-the-way.js';

const WITHIN_MS = 60_000;

inBothForms('ems doctor', { config: [['attentionAfter: PT15M', 'attentionAfter: PT1.5S']] }, (company) => {
  async function server(name: string): Promise<Finding> {
    const { stdout } = await ems(company().env, 'doctor', '--json');
    const { findings } = JSON.parse(stdout) as Report;
    return findings.find((finding) => finding.about === 'server' && finding.name === name)!;
  }

  it('tells within a minute which server is down, since when at least, and that an exit waits for it', async () => {
    const world = company();
    const nora = await world.hire();
    // Other tests that used this engine may have left exits that wait.
    const [left, leftAtCode] = [await server('payroll'), await server('code')];
    const before = new Date().toISOString();
    await world.takeDown('payroll');
    await world.exits.open({ employeeId: nora.employeeId });
    const told = await eventually(
      'the outage with its date',
      async () => {
        const finding = await server('payroll');
        return finding.since === undefined ? undefined : finding;
      },
      WITHIN_MS,
    );
    assert.equal(told.isWell, 'no');
    assert.match(told.remark!, /ECONNREFUSED/);
    assert.ok(told.exitsWaiting! > left.exitsWaiting!);
    assert.ok(told.since! > before && told.since! < new Date().toISOString(), told.since);
    assert.equal((await server('code')).exitsWaiting, leftAtCode.exitsWaiting);

    await world.bringUp('payroll');
    await untilStep(world, nora, 'block-access:payroll', 'done');
    await eventually('no exit to wait', async () => {
      const { isWell, since, exitsWaiting } = await server('payroll');
      return isWell === 'yes' && since === left.since && exitsWaiting === left.exitsWaiting
        ? true
        : undefined;
    });
  });

  it('counts an exit that a refusal has stopped, at the server that refused', async () => {
    const world = company();
    const nora = await world.hire();
    const [left, leftAtPayroll] = [await server('code'), await server('payroll')];
    world.proxies.code.fault(({ path }) =>
      path.includes(nora.accounts.code!) ? { kind: 'answer', status: 403 } : undefined,
    );
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(nora, 'stuck', (status) => stateOf(status, 'block-access:code') === 'needs-attention');
    const told = await eventually('the exit to be counted', async () => {
      const finding = await server('code');
      return finding.exitsWaiting! > left.exitsWaiting! ? finding : undefined;
    });
    // It answers to every other question.
    assert.equal(told.isWell, 'yes');
    assert.equal((await server('payroll')).exitsWaiting, leftAtPayroll.exitsWaiting);
  });
});
