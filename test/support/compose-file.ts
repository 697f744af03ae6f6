import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The containers of docker-compose.yml. */
export const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, { entrypoint?: string[]; command?: string[] }>;
};
