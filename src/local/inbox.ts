/** Starts the inbox, maildev, which shows mails in the browser. */
import { fileURLToPath } from 'node:url';
import { startChild, untilAnswered } from './child.js';

interface InboxOptions {
  smtpPort: number;
  webPort: number;
  /** Keeps the mails over a restart. */
  mailDirectory: string;
  logFile: string;
}

export async function startInbox({ smtpPort, webPort, mailDirectory, logFile }: InboxOptions) {
  const inboxUrl = `http://127.0.0.1:${webPort}`;
  const child = await startChild(
    {
      name: 'the inbox',
      module: fileURLToPath(new URL('./bin/maildev.js', import.meta.resolve('maildev'))),
      // By default it listens on every interface.
      args: [
        ...['--ip', '127.0.0.1', '--smtp', String(smtpPort)],
        ...['--web-ip', '127.0.0.1', '--web', String(webPort)],
        ...['--mail-directory', mailDirectory],
      ],
      logFile,
    },
    (_child, signal) =>
      untilAnswered(async () => {
        const response = await fetch(`${inboxUrl}/api/healthz`, { signal });
        if (!response.ok) throw new Error(`healthz answers ${response.status}`);
      }, signal),
  );
  return { ...child, inboxUrl, smtp: { host: '127.0.0.1', port: smtpPort } };
}
