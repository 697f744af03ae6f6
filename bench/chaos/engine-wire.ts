/** The wire between the processes of EMS and their engine: it is slow, or it is cut. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export const engineFaults = ['slow', 'cut'] as const;
export type EngineFault = (typeof engineFaults)[number];

/** Each way. */
const DELAY_MS = 300;

export interface EngineWire {
  port: number;
  spoil: (fault: EngineFault | undefined) => void;
  stop: () => void;
}

/** @param spoilt counts a fault */
export async function startEngineWire(
  target: number,
  spoilt: (fault: EngineFault) => void,
): Promise<EngineWire> {
  let delayMs = 0;
  const open = new Set<Socket>();
  const server = net.createServer((client) => {
    const engine = net.connect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      open.add(from);
      pass(from, to);
      from.on('error', () => from.destroy());
      from.once('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });

  /** In order, also when the delay ends. */
  function pass(from: Socket, to: Socket): void {
    let last = Promise.resolve();
    from.setNoDelay(true).on('data', (chunk) => {
      const dueAt = Date.now() + delayMs;
      last = last.then(async () => {
        const waitMs = dueAt - Date.now();
        if (waitMs > 0) await pause(waitMs);
        if (!to.destroyed) to.write(chunk);
      });
    });
  }

  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    spoil(fault) {
      if (fault) spoilt(fault);
      delayMs = fault === 'slow' ? DELAY_MS : 0;
      if (fault === 'cut') cut();
    },
    stop() {
      server.close();
      cut();
    },
  };
}
