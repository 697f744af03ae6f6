/** A proxy in front of an LDAP server without TLS, for what networks do to requests and answers. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { FaultProxy, Seen } from './fault-proxy.js';

/** The HTTP method with the same meaning as a request (RFC 4511 §4.2 ff.), for tests of all protocols. */
const METHODS: Readonly<Record<number, string>> = { 0x60: 'GET', 0x63: 'GET', 0x66: 'PATCH' };
/** The answers' result codes by the HTTP status with the same meaning. */
const CODES: Readonly<Record<number, number>> = {
  200: 0,
  401: 49,
  403: 50,
  409: 68,
  412: 122,
  429: 51,
  500: 80,
  503: 52,
};
const ANSWER_TO: Readonly<Record<number, number>> = { 0x60: 0x61, 0x63: 0x65, 0x66: 0x67 };

/** @param url of the server, which must also take requests without TLS: a proxy can read no other */
export async function startLdapProxy(url: string): Promise<FaultProxy> {
  const { protocol, hostname: host, port: given } = new URL(url);
  const target = { host, port: protocol === 'ldaps:' ? 389 : Number(given) };
  const seen: Seen[] = [];
  let decide: Parameters<FaultProxy['fault']>[0];
  const sockets = new Set<Socket>();

  const server = net.createServer((client) => {
    const upstream = net.connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // What is broken is closed; the client reports it.
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    let losesAnswer = false;
    upstream.on('data', (data) => (losesAnswer ? client.destroy() : client.write(data)));

    async function handle(message: Buffer): Promise<void> {
      const { id, tag, name } = parse(message);
      const method = METHODS[tag];
      if (method === undefined) return void upstream.write(message);
      const entry = { method, path: name, body: '', atMs: Date.now() };
      seen.push(entry);
      const fault = decide?.(entry);
      if (fault?.kind === 'unreachable') return void client.destroy();
      if (fault?.kind === 'answer')
        return void client.write(answer(id, ANSWER_TO[tag]!, CODES[fault.status]!));
      if (fault?.kind === 'held') await fault.until;
      losesAnswer = fault?.kind === 'lost-answer';
      upstream.write(message);
    }

    let rest = Buffer.alloc(0);
    let handled = Promise.resolve();
    client.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      for (let end = endOf(rest); end !== undefined && end <= rest.length; end = endOf(rest)) {
        const message = rest.subarray(0, end);
        rest = rest.subarray(end);
        handled = handled.then(() => handle(message));
      }
    });
  });
  let port = 0;
  const start = async (): Promise<void> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await start();

  return {
    url: `ldap://127.0.0.1:${port}`,
    seen,
    fault: (next) => {
      decide = next;
    },
    // The quirks are those of SCIM servers.
    quirk: () => undefined,
    next: () => Promise.reject(new Error('not awaited over LDAP')),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
    restart: start,
  };
}

/** Where the element that begins at `from` has its contents, and where it ends (BER, X.690 §8.1.3); undefined while bytes are missing. */
function contents(bytes: Buffer, from: number): { start: number; end: number } | undefined {
  const first = bytes[from + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: from + 2, end: from + 2 + first };
  const size = first - 0x80;
  if (bytes.length < from + 2 + size) return undefined;
  const start = from + 2 + size;
  return { start, end: start + bytes.readUIntBE(from + 2, size) };
}

const endOf = (bytes: Buffer): number | undefined => contents(bytes, 0)?.end;

/** The message's id, its kind of request, and the name of the entry. */
function parse(message: Buffer): { id: number; tag: number; name: string } {
  const id = contents(message, contents(message, 0)!.start)!;
  const operation = contents(message, id.end)!;
  // A bind begins with the version, a modify and a search with the name.
  const isBind = message[id.end] === 0x60;
  const from = isBind ? contents(message, operation.start)!.end : operation.start;
  const name = contents(message, from) ?? { start: 0, end: 0 };
  return {
    id: message.readUIntBE(id.start, id.end - id.start),
    tag: message[id.end]!,
    name: message.subarray(name.start, name.end).toString(),
  };
}

/** An LDAPResult (RFC 4511 §4.1.9) without a name. */
function answer(id: number, tag: number, code: number): Buffer {
  const result = [0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00];
  const number = Buffer.from([0x02, 0x04, 0, 0, 0, 0]);
  number.writeUInt32BE(id, 2);
  return Buffer.from([0x30, number.length + 2 + result.length, ...number, tag, result.length, ...result]);
}
