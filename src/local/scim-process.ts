/** Starts a SCIM server of the embedded default as a child process. */
import { fileURLToPath } from 'node:url';
import { firstMessage, startChild } from './child.js';

interface ScimServerOptions {
  name: string;
  token: string;
  logFile: string;
  /** Default: a free one. */
  port?: number | undefined;
  /** Default: in memory only. */
  dataFile?: string | undefined;
  /** A JSON file with the initial data of a new data file. */
  seedFile?: string | undefined;
  /** Default: true. */
  etag?: boolean;
}

export type ScimServer = Awaited<ReturnType<typeof startScimServer>>;

export async function startScimServer(options: ScimServerOptions) {
  const { name, token, port, dataFile, seedFile, logFile, etag = true } = options;
  const child = await startChild(
    {
      name: `the SCIM server "${name}"`,
      module: fileURLToPath(new URL('./scim-server.js', import.meta.url)),
      logFile,
      env: {
        SCIM_TOKEN: token,
        SCIM_PORT: String(port ?? 0),
        ...(!etag && { SCIM_ETAG: 'off' }),
        ...(dataFile !== undefined && { SCIM_DATA_FILE: dataFile }),
        ...(seedFile !== undefined && { SCIM_SEED: seedFile }),
      },
    },
    (child) => firstMessage<{ port: number }>(child),
  );
  const bound = child.ready.port;
  return { ...child, token, port: bound, scimUrl: `http://127.0.0.1:${bound}/scim/v2` };
}
