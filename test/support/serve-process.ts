/** `ems serve` as a process of its own, over the exits of a test. */
import { freePort } from '../../src/local/ports.js';
import type { BothFormsWorld } from './both-forms-world.js';
import { startEmsProcess } from './ems-process.js';
import { eventually } from './eventually.js';
import { serverEnv } from './http-server.js';

/** @param env further settings. @returns once it is ready */
export async function startServe(
  world: Pick<BothFormsWorld, 'env'>,
  issuer: string,
  env: Record<string, string> = {},
) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const served = startEmsProcess({ ...world.env, ...serverEnv(port, issuer), ...env }, ['serve']);
  await eventually('the server', () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    ),
  );
  return {
    url,
    stop: () => {
      served.child.kill();
      return served.ended;
    },
  };
}
