/** An inbox that a person can open in a browser: maildev, as a child process. */
import { fileURLToPath } from 'node:url';
import { startChild, untilAnswered } from './child.js';

interface InboxOptions {
  smtpPort: number;
  webPort: number;
  /** The mails survive a restart in here. */
  mailDirectory: string;
  logFile: string;
}

export async function startInbox({ smtpPort, webPort, mailDirectory, logFile }: InboxOptions) {
  const inboxUrl = `http://127.0.0.1:${webPort}`;
  const child = await startChild(
    {
      name: 'the inbox',
      module: fileURLToPath(new URL('./bin/maildev.js', import.meta.resolve('maildev'))),
      // Its defaults would listen on every interface.
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
