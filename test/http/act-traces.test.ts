import assert from 'node:assert/strict';
import { idsOf } from '../../src/process/tracing.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { eventually } from '../support/eventually.js';
import { startServe } from '../support/serve-process.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { attributeOf, startTraceCollector, type TraceCollector } from '../support/trace-collector.js';
import { HR } from '../support/world.js';

describe('the acts of a person over "ems serve"', () => {
  let world: BothFormsWorld;
  let issuer: TokenIssuer;
  let collector: TraceCollector;
  let url: string;
  let stop: () => Promise<unknown>;
  before(async () => {
    [world, issuer, collector] = await Promise.all([
      startBothForms({ systems: ['payroll'] }),
      startTokenIssuer(),
      startTraceCollector(),
    ]);
    ({ url, stop } = await startServe(world, issuer.issuer, collector.env));
  });
  after(async () => {
    await stop();
    collector.stop();
    await issuer.stop();
    await world.stop();
  });

  it('are spans in the trace of the exit, also where they are refused, and name no person', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const scope = 'exits:read exits:open exits:decide';
    const token = await issuer.token(
      { sub: 'hr-1', email: HR, name: 'Hanna HR', roles: ['hr'], scope },
      `${url}/api`,
    );
    const act = async (path: string, body: object) => {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { exitId: string };
    };
    const { exitId } = await act('/exits', { employeeId: nora.employeeId });
    await act(`/exits/${exitId}/amendment`, { lastWorkingDay: '2027-12-31' });
    await act(`/exits/${exitId}/decision`, { outcome: 'retained' });
    const spans = await eventually('the spans', () => {
      const found = collector.spansOf(exitId);
      return found.length < 3 ? undefined : found;
    });
    const acts = spans.map((span) =>
      ['ems.act', 'ems.end', 'error.type'].map((key) => attributeOf(span, key)),
    );
    assert.deepEqual(acts, [
      ['openExit', 'done', undefined],
      ['amendExit', 'refused', 'forbidden'],
      ['decideExit', 'done', undefined],
    ]);
    for (const { traceId, startTimeUnixNano, endTimeUnixNano } of spans) {
      assert.equal(traceId, idsOf(exitId).traceId);
      assert.ok(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano));
    }
    for (const secret of [nora.employeeId, nora.email, HR, 'Hanna', token])
      assert.ok(!collector.received.some((body) => body.includes(secret)), secret);
  });
});
