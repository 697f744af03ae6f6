/** A mail server that says what a script says, for answers that a well-behaved one never gives. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface ScriptedSmtp {
  port: number;
  /** What clients sent, line by line. */
  heard: string[];
  /** Connections that are open now, and that ever were. */
  connections: () => { open: number; ever: number };
  /** Says something of its own accord, to every client. */
  answer: (line: string) => void;
  /** Answers so from now on: to all clients, or only to those of now. */
  script: (changes: Script, whom?: 'those of now') => void;
  /** Ends every connection. */
  hangUp: () => void;
  stop: () => Promise<void>;
}

/** To the first words of a line, to `greeting` (a new connection) and `.` (the end of a message). `null` is silence, `hang up` ends the connection. */
export type Script = Record<string, string | null>;

const usual = {
  greeting: '220 scripted',
  EHLO: '250-scripted\r\n250 AUTH PLAIN',
  'MAIL FROM': '250 ok',
  'RCPT TO': '250 ok',
  DATA: '354 go on',
  '.': '250 taken',
  QUIT: '221 bye',
};

export async function startScriptedSmtp(changes: Script = {}): Promise<ScriptedSmtp> {
  const current: Script = { ...usual, ...changes };
  const heard: string[] = [];
  const open = new Set<Socket>();
  const own = new Map<Socket, Script>();
  let ever = 0;
  const server = net.createServer((socket) => {
    ever += 1;
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    const hear = (line: string): void => {
      const script = Object.entries({ ...current, ...own.get(socket) });
      const answer = script.find(([words]) => line.toUpperCase().startsWith(words.toUpperCase()))?.[1];
      if (answer === 'hang up') socket.destroy();
      else if (answer) socket.write(`${answer}\r\n`);
    };
    let isText = false;
    let rest = '';
    hear('greeting');
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop()!;
      for (const line of lines) {
        heard.push(line);
        if (!isText || line === '.') hear(line);
        isText = line === 'DATA' || (isText && line !== '.');
      }
    });
  });
  const hangUp = (): void => {
    for (const socket of open) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    connections: () => ({ open: open.size, ever }),
    answer: (line) => {
      for (const socket of open) socket.write(`${line}\r\n`);
    },
    script(changes, whom) {
      if (whom) for (const socket of open) own.set(socket, changes);
      else Object.assign(current, changes);
    },
    hangUp,
    stop: async () => {
      hangUp();
      server.close();
      await once(server, 'close');
    },
  };
}
