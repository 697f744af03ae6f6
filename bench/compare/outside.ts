/** What the world outside (outside-server.ts) has seen: each write at a critical system and each mail, with its moment. */
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { scimVariable } from '../../src/config/environment.js';
import { startChild, type Child } from '../../src/local/child.js';

export interface Write {
  kind: 'write';
  atMs: number;
  system: string;
  employeeId: string;
  /** `-active`, `+production-operators`, … */
  what: string;
  /** Whether it was not so before. */
  isChange: boolean;
  /** The account after it. */
  state: { active: boolean; groups: string[] };
}

export interface Mail {
  kind: 'mail';
  atMs: number;
  to: string;
  /** `<exit id>.<what>.<fingerprint>@<domain>` */
  messageId: string;
}

export type Seen = Write | Mail;

export interface Outside {
  env: Record<string, string>;
  writesOf: (employeeId: string) => readonly Write[];
  mailsOf: (exitId: string) => readonly Mail[];
  /** Waits for something to be seen of an exit; asks anew with each thing that is. */
  until: <T>(what: string, ask: () => T | undefined, withinMs: number) => Promise<T>;
  /** Since the start: SCIM requests, and connections to the mail server. */
  counts: () => Promise<Counts>;
  pid: number;
  stop: () => Promise<void>;
}

export interface Counts {
  requests: number;
  connections: number;
}

/** @param hear is called with each thing that is seen */
export async function startOutside(
  logFile: string,
  hear: (seen: Seen) => void = () => undefined,
): Promise<Outside> {
  const writes = new Map<string, Write[]>();
  const mails = new Map<string, Mail[]>();
  const news = new EventEmitter().setMaxListeners(0);
  const keep = <T>(map: Map<string, T[]>, key: string, value: T): void =>
    void (map.get(key)?.push(value) ?? map.set(key, [value]));

  interface Ports {
    scimPort: number;
    smtpPort: number;
  }
  const module = fileURLToPath(new URL('./outside-server.js', import.meta.url));
  let ask!: () => void;
  let answer: (counts: Counts) => void = () => undefined;
  const child: Child & { ready: Ports } = await startChild(
    { name: 'the world outside', module, logFile },
    (process) =>
      new Promise<Ports>((resolve) => {
        ask = () => void process.send('counts');
        process.on('message', (message: Seen | Ports | Counts) => {
          if ('requests' in message) return answer(message);
          if (!('kind' in message)) return resolve(message);
          hear(message);
          if (message.kind === 'write') keep(writes, message.employeeId, message);
          else keep(mails, message.messageId.split('.')[0]!, message);
          news.emit('seen');
        });
      }),
  );
  void child.exited.then(() => news.emit('gone'));
  const { scimPort, smtpPort } = child.ready;
  const servers = ['directory', 'payroll', 'code', 'production'];
  return {
    env: {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(smtpPort),
      ...Object.fromEntries(
        servers.flatMap((name) => [
          [scimVariable(name, 'URL'), `http://127.0.0.1:${scimPort}/${name}`],
          [scimVariable(name, 'TOKEN'), `token-of-${name}`],
        ]),
      ),
    },
    writesOf: (employeeId) => writes.get(employeeId) ?? [],
    mailsOf: (exitId) => mails.get(exitId) ?? [],
    until: (what, ask, withinMs) =>
      new Promise((resolve, reject) => {
        const over = (): void => {
          news.off('seen', look);
          news.off('gone', gone);
          clearTimeout(timer);
        };
        const look = (): void => {
          const answer = ask();
          if (answer === undefined) return;
          over();
          resolve(answer);
        };
        const timer = setTimeout(() => {
          over();
          reject(new Error(`Waited ${withinMs / 1000} s in vain for ${what}`));
        }, withinMs);
        const gone = (): void => {
          over();
          reject(new Error(`The world outside has ended, so nothing is measured any more: ${child.logFile}`));
        };
        news.on('seen', look).on('gone', gone);
        look();
      }),
    counts: () =>
      new Promise((resolve) => {
        answer = resolve;
        ask();
      }),
    pid: child.pid,
    stop: child.stop,
  };
}
