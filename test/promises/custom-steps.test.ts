import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { eventually } from '../support/eventually.js';
import { HR, IT, stateOf, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';

/** The company's payroll system, as the steps of the configuration call it. */
const heard: { headers: IncomingHttpHeaders; data: Record<string, unknown> }[] = [];
const answers: number[] = [];
const payroll = createServer((request, response) => {
  void json(request).then((data) => {
    heard.push({ headers: request.headers, data: data as Record<string, unknown> });
    response.writeHead(answers.shift() ?? 200).end('{"note":"payslip 17"}');
  });
});
await once(payroll.listen(0, '127.0.0.1').unref(), 'listening');
const { port } = payroll.address() as AddressInfo;

const steps = [
  'steps:',
  `  - { name: final-pay, begins: leaving, gates: true, call: { url: 'http://127.0.0.1:${port}/pay' } }`,
  'systems:\n',
].join('\n');

inBothForms('a call of the configuration', { config: [['systems:\n', steps]] }, (company) => {
  const callsOf = (exitId: string) => heard.filter(({ data }) => data['exitId'] === exitId);
  const waiting = async () => {
    const nora = await company().hire({ on: ['payroll'] });
    const { exitId } = await company().exits.open({ employeeId: nora.employeeId });
    await company().untilPhase(nora, 'awaiting-decision');
    return { nora, exitId };
  };

  it('is made once the employee leaves, until it is answered as done, and gates the close', async () => {
    const { exits, untilPhase } = company();
    const { nora, exitId } = await waiting();
    assert.deepEqual(callsOf(exitId), []);
    answers.push(503, 202);
    await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const closed = await untilPhase(nora, 'closed');
    const step = stepOf(closed, 'final-pay')!;
    assert.deepEqual([step.state, step.note], ['done', 'payslip 17']);
    const calls = callsOf(exitId);
    assert.equal(calls.length, 3);
    for (const { headers, data } of calls) {
      assert.equal(headers['ce-specversion'], '1.0');
      assert.equal(headers['ce-id'], `${exitId}/final-pay`, 'the same id each time');
      assert.deepEqual(
        [data['employeeId'], data['outcome'], data['decidedBy']],
        [nora.employeeId, 'leaving', HR],
      );
    }
  });

  it('is not made where the employee stays', async () => {
    const { exits, untilPhase } = company();
    const { nora, exitId } = await waiting();
    await exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const closed = await untilPhase(nora, 'closed');
    assert.equal(stepOf(closed, 'final-pay'), undefined);
    assert.deepEqual(callsOf(exitId), []);
  });

  it('that is refused asks for attention, tells the operator, and is made again by "retry"', async () => {
    const { exits, until, untilPhase, mail } = company();
    const { nora, exitId } = await waiting();
    answers.push(422);
    await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const stuck = await until(
      nora,
      'attention',
      (status) => stateOf(status, 'final-pay') === 'needs-attention',
    );
    assert.match(stepOf(stuck, 'final-pay')!.error!, /final-pay answered 422: .*payslip 17/);
    await eventually('the mail', () =>
      mail.to(IT).find(({ text }) => text?.includes('final-pay') && text.includes(nora.employeeId)),
    );
    assert.notEqual(stuck.phase, 'closed');
    await exits.resolve(nora.employeeId, { step: 'final-pay', action: 'retry', by: IT });
    await untilPhase(nora, 'closed');
    assert.equal(callsOf(exitId).length, 2);
  });
});
