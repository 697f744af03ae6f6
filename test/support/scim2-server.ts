/** scim2-server, a SCIM 2.0 server of another project. */
import { startChild, untilAnswered } from '../../src/local/child.js';
import { pythonWith } from './python.js';
import { freePort } from '../../src/local/ports.js';

interface RunningServer {
  scimUrl: string;
  token: string;
  stop: () => Promise<void>;
}

export async function startScim2Server(logFile: string): Promise<RunningServer> {
  // The models are those that the server was made for; later ones may change what it says.
  const program = await pythonWith('scim2-server==0.8.3', 'scim2-models==0.12.3');
  const port = await freePort();
  const token = 'token-of-scim2-server';
  const scimUrl = `http://127.0.0.1:${port}/v2`;
  const settings = ['--hostname', '127.0.0.1', '--port', String(port), '--bearer-token', token];
  const child = await startChild(
    {
      name: 'scim2-server',
      program,
      args: ['-m', 'scim2_server.testserver.cli', ...settings],
      logFile,
    },
    (_child, signal) =>
      untilAnswered(async () => (await fetch(`${scimUrl}/ServiceProviderConfig`)).text(), signal),
  );
  return { scimUrl, token, stop: child.stop };
}
