import assert from 'node:assert/strict';
import { all, previewRows, readTable } from '../../src/client/bulk.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import type { Seen } from '../support/fault-proxy.js';

const PEOPLE = 12;

describe('the preview of a table', () => {
  let world: BothFormsWorld;
  before(async () => {
    world = await startBothForms();
  });
  after(() => world.stop());

  /** @returns the rows, and what each server was asked meanwhile */
  async function preview(employeeIds: readonly string[]) {
    const proxies = Object.values(world.proxies);
    const before = proxies.map(({ seen }) => seen.length);
    const rows = readTable(['employeeId', ...employeeIds].join('\n'), 'orchestrated');
    const shown = await all(previewRows(world.application, rows));
    return { shown, seen: proxies.map(({ seen }, i): Seen[] => seen.slice(before[i])) };
  }

  it('asks each server each question once for all rows, and a later preview asks anew', async () => {
    const hired = await Promise.all(Array.from({ length: PEOPLE }, () => world.hire()));
    const nora = await world.hire({ on: ['payroll', 'production'] });
    const ids = [...hired, nora].map(({ employeeId }) => employeeId);
    const { shown, seen } = await preview(ids);
    assert.deepEqual(
      shown.map(({ refusal, remarks }) => [refusal, remarks]),
      ids.map(() => [undefined, []]),
    );
    for (const requests of seen) {
      const asked = requests.map(({ path }) => path);
      assert.deepEqual(asked, [...new Set(asked)]);
    }
    assert.deepEqual(
      shown.at(-1)!.holds.map(({ system }) => system),
      ['payroll', 'production'],
    );
    await world.admin.code.createUser({ employeeId: nora.employeeId });
    const { shown: again } = await preview(ids);
    assert.deepEqual(
      again.at(-1)!.holds.map(({ system }) => system),
      ['payroll', 'code', 'production'],
    );
  });

  it('says of each what the hold would take, which is nothing of an inactive account in no critical group', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    for (const system of ['code', 'production'] as const)
      await world.admin[system].createUser({ employeeId, active: false });
    const { shown } = await preview([employeeId]);
    const [{ refusal, holds } = {}] = shown;
    assert.deepEqual([refusal, holds?.map(({ system }) => system)], [undefined, ['payroll']]);
  });
});
