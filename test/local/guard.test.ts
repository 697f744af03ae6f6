import assert from 'node:assert/strict';
import path from 'node:path';
import { findNats } from '../../src/local/find-nats.js';
import { startNats } from '../../src/local/nats-server.js';
import { eventually } from '../support/eventually.js';
import { descendantsOf, stillRunning } from '../support/processes.js';
import { scratchFolder } from '../support/temporal.js';
import { freePort } from '../../src/local/ports.js';

describe('a server that is not Node.js', () => {
  it('ends although the process that guards it was killed', async () => {
    const folder = await scratchFolder();
    const server = await startNats({
      program: await findNats((line) => console.error(line)),
      port: await freePort(),
      storeDir: path.join(folder, 'jetstream'),
      logFile: path.join(folder, 'nats.log'),
    });
    const [program, ...others] = descendantsOf(server.pid);
    assert.ok(program !== undefined && others.length === 0);
    await server.kill();
    await eventually('its end', () => (stillRunning([program]).length === 0 ? true : undefined));
  });
});
