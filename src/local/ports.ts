/** The ports of the local stack: fixed by default, or free ones, so that two stacks can run side by side. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import getPort from 'get-port';
import { ifFound } from './if-found.js';

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
  console: 8090,
  identity: 8091,
} as const;

export type Ports = Record<keyof typeof fixedPorts, number>;
const names = Object.keys(fixedPorts) as (keyof Ports)[];

/**
 * A free port of 127.0.0.1, below those that systems give to outgoing connections: one of those may be taken before the
 * server listens.
 * @param wanted is taken where it is free
 */
export async function freePort(wanted?: number): Promise<number> {
  const others = Array.from({ length: 50 }, () => randomInt(10_000, 32_000));
  return getPort({ host: '127.0.0.1', port: wanted === undefined ? others : [wanted, ...others] });
}

/**
 * Those of the last start where they are free again, since open exits keep the address of their interview.
 * @param file keeps them
 */
export async function freePorts(file: string): Promise<Ports> {
  const text = await ifFound(readFile(file, 'utf8'));
  const last = (text === undefined ? {} : JSON.parse(text)) as Partial<Ports>;
  const entries = names.map(async (name) => {
    return [name, await freePort(last[name])] as const;
  });
  const ports = Object.fromEntries(await Promise.all(entries)) as Ports;
  await writeFile(file, JSON.stringify(ports));
  return ports;
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
