/** The configuration of an arm: that of the local stack, or with as many systems as one wants. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { scimVariable } from '../../src/config/environment.js';
import { onePartner } from '../../test/support/one-partner.js';

interface Written {
  env: Record<string, string>;
  systems: string[];
}

/** @param names of critical systems that no server stands behind; default: those of ems.config.yaml */
export async function writeConfig(folder: string, names?: readonly string[]): Promise<Written> {
  const sample = await readFile('ems.config.yaml', 'utf8');
  const config = parse(onePartner.reduce((text, [from, to]) => text.replace(from, to), sample)) as {
    systems: { name: string }[];
  };
  if (names)
    config.systems = names.map((name) => ({
      ...{ name, scimUrl: 'http://127.0.0.1:1', tokenEnv: scimVariable(name, 'TOKEN'), hold: 'suspend' },
    }));
  const systems = config.systems.map(({ name }) => name);
  const file = path.join(folder, 'ems.config.yaml');
  await writeFile(file, stringify(config));
  const tokens = ['directory', ...systems].map((name) => [scimVariable(name, 'TOKEN'), 'a-token']);
  return { env: { EMS_CONFIG: file, ...Object.fromEntries(tokens) }, systems };
}
