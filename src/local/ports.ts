/** The ports of the local stack: fixed by default, or free ones, so that two stacks can run side by side. */
import { once } from 'node:events';
import net from 'node:net';
import getPort from 'get-port';

export const fixedPorts = {
  temporal: 7233,
  ui: 8233,
  nats: 4222,
  smtp: 1025,
  inbox: 1080,
  calendar: 5232,
  directory: 9100,
  payroll: 9101,
  code: 9102,
  production: 9103,
} as const;

export type Ports = Record<keyof typeof fixedPorts, number>;

export async function freePorts(): Promise<Ports> {
  const entries = Object.keys(fixedPorts).map(
    async (name) => [name, await getPort({ host: '127.0.0.1' })] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Ports;
}

/** @throws Error with the port and its purpose, where it is in use */
export async function requireFree(ports: Partial<Ports>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    if (!(await isFree(port))) {
      throw new Error(
        `Port ${port}, wanted for ${name}, is in use by another program. End that program, or use free ports: npm start -- --free-ports`,
      );
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
