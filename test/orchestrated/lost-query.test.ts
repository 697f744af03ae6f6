import assert from 'node:assert/strict';
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { payloadConverterPath } from '../../src/temporal/namespace.js';
import { temporal } from '../support/temporal.js';
import { startWorld, type World } from '../support/world.js';

describe('a query that the worker drops, as it does with those it holds back while an exit ends', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ systems: ['payroll'] });
  });
  after(() => world.stop());

  it('is asked anew, so the status is told', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    await world.exits.open({ employeeId });
    let asked = 0;
    const loseTheFirst: Interceptor = (options, next) => {
      const isLost = options.method_definition.path.endsWith('/QueryWorkflow') && ++asked === 1;
      // The call then waits for an answer, as it does for a worker that never gives one.
      return new InterceptingCall(next(options), isLost ? { sendMessage: () => undefined } : {});
    };
    const { server } = await temporal();
    const connection = await Connection.connect({ address: server.address, interceptors: [loseTheFirst] });
    const exits = orchestratedExits(new Client({ connection, dataConverter: { payloadConverterPath } }));
    assert.equal((await exits.status(employeeId)).employeeId, employeeId);
    assert.equal(asked, 2);
    await connection.close();
  });
});
