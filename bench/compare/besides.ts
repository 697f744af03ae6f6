/** What each form needs besides its code: containers, configuration, contracts, what open exits ask of a release. */
import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Kind } from './form.js';

export type Besides = Record<string, Record<Kind, string>>;

const CONTRACT = 'src/choreography/asyncapi.yaml';
const PERMISSIONS = 'deploy/nats-server.conf';

export async function countBesides(): Promise<Besides> {
  const compose = parse(await readFile('docker-compose.yml', 'utf8')) as {
    services: Record<string, unknown>;
  };
  const services = Object.keys(compose.services);
  const named = (pattern: RegExp): string => services.filter((name) => pattern.test(name)).join(', ');
  const histories = (await readdir('test/histories')).filter((name) => name.endsWith('.json'));
  return {
    'containers of the engine': {
      orchestrated: named(/^(temporal|postgres|setup-|create-)/),
      choreographed: named(/^nats/),
    },
    'containers that work on exits': { orchestrated: named(/^worker-/), choreographed: named(/^service-/) },
    'who may do what': {
      orchestrated: 'every client of Temporal may do everything',
      choreographed: `\`${PERMISSIONS}\`: ${await linesOf(PERMISSIONS)} lines`,
    },
    'contract of the messages': {
      orchestrated: 'types of TypeScript, within one release',
      choreographed: `\`${CONTRACT}\`: ${await linesOf(CONTRACT)} lines`,
    },
    'a release while exits are open': {
      orchestrated: `\`patched\`, and ${histories.length} recorded histories to replay`,
      choreographed: 'events and records that both releases read',
    },
  };
}

async function linesOf(file: string): Promise<string> {
  return readFile(file, 'utf8').then(
    (text) => String(text.trimEnd().split('\n').length),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 'not in this build; 0';
      throw error;
    },
  );
}
