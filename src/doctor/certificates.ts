/** When the TLS certificate of a server ends. It is read without trust, and nothing is sent over the connection. */
import { once } from 'node:events';
import net, { isIP } from 'node:net';
import tls from 'node:tls';

/** How TLS begins. */
interface Start {
  /** By default. */
  port: number;
  /** What the client sends before, after which answer. */
  prelude: readonly (readonly [awaits: RegExp, says: string | Buffer])[];
  /** The answer to the last of it. */
  ends?: RegExp;
}

/** StartTLS as an extended request (RFC 4511 §4.14.1), message 1. */
const LDAP_STARTTLS = Buffer.concat([
  Buffer.from([0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16]),
  Buffer.from('1.3.6.1.4.1.1466.20037'),
]);

const PROTOCOLS: Record<string, Start> = {
  'https:': { port: 443, prelude: [] },
  'ldaps:': { port: 636, prelude: [] },
  'smtps:': { port: 465, prelude: [] },
  'temporal:': { port: 7233, prelude: [] },
  'smtp:': {
    port: 25,
    prelude: [
      [/^220 [^\n]*\n/m, 'EHLO ems\r\n'],
      [/^250 [^\n]*\n/m, 'STARTTLS\r\n'],
    ],
    ends: /^\d{3} [^\n]*\n/,
  },
  'ldap:': { port: 389, prelude: [[/^/, LDAP_STARTTLS]], ends: /^0/ },
  'nats:': { port: 4222, prelude: [[/^INFO [^\n]*\n/, '']] },
};

/**
 * @param url `https:`, `ldaps:`, `smtps:`, `temporal:` for TLS from the start; `smtp:`, `ldap:`, `nats:` for TLS after a request
 * @returns undefined where the server does no TLS
 * @throws Error where it does not answer
 */
export async function certificateEnd(url: string, signal: AbortSignal): Promise<Date | undefined> {
  const { protocol, hostname, port } = new URL(url);
  const known = PROTOCOLS[protocol];
  if (!known) return undefined;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = net.connect({ host, port: Number(port || known.port) });
  try {
    await once(socket, 'connect', { signal });
    if (!(await begins(socket, known, signal))) return undefined;
    const servername = isIP(host) === 0 ? host : '';
    // An invalid certificate has an end as well; whether it is trusted, the login tells.
    const secured = tls.connect({ socket, servername, rejectUnauthorized: false });
    await once(secured, 'secureConnect', { signal });
    const { valid_to: end } = secured.getPeerCertificate();
    return end === undefined ? undefined : new Date(end);
  } finally {
    socket.destroy();
  }
}

/** @returns whether the server agrees to TLS */
async function begins(socket: net.Socket, { prelude, ends }: Start, signal: AbortSignal): Promise<boolean> {
  for (const [awaits, says] of prelude) {
    const answer = await heard(socket, awaits, signal);
    if (says === 'STARTTLS\r\n' && !/\bSTARTTLS\b/i.test(answer)) return false;
    if (answer.startsWith('INFO ')) return /"tls_(required|available)":true/.test(answer);
    socket.write(says);
  }
  if (!ends) return true;
  const answer = await heard(socket, ends, signal);
  // SMTP: 220. LDAP: resultCode success, an enumerated 0.
  return answer.startsWith('220') || answer.includes('\n\x01\0');
}

async function heard(socket: net.Socket, until: RegExp, signal: AbortSignal): Promise<string> {
  let text = '';
  while (!until.test(text)) {
    const [chunk] = (await once(socket, 'data', { signal })) as [Buffer];
    text += chunk.toString('latin1');
  }
  return text;
}
