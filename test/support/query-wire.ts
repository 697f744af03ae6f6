/** A client of Temporal of which each query is seen on the wire, and of which some get lost there. */
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { payloadConverterPath } from '../../src/temporal/namespace.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { temporal } from './temporal.js';

export async function startQueryWire(isLost: (number: number) => boolean = () => false) {
  let asked = 0;
  const watch: Interceptor = (options, next) => {
    if (!options.method_definition.path.endsWith('/QueryWorkflow'))
      return new InterceptingCall(next(options));
    // The call then waits for an answer, as it does for a worker that never gives one.
    return new InterceptingCall(next(options), isLost(++asked) ? { sendMessage: () => undefined } : {});
  };
  const { server } = await temporal();
  const connection = await Connection.connect({ address: server.address, interceptors: [watch] });
  const client = new Client({ connection, dataConverter: { payloadConverterPath } });
  return {
    client,
    exits: orchestratedExits(client),
    /** How many queries were sent. */
    asked: () => asked,
    stop: () => connection.close(),
  };
}
