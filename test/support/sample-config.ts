import { readFileSync } from 'node:fs';
import { parseConfig, type Config } from '../../src/config/config.js';

export const sampleText = readFileSync('ems.config.yaml', 'utf8');

/** What `ems.config.yaml` says, wherever the tests are run. */
export const sampleConfig = parseConfig(sampleText, 'ems.config.yaml', {});

/** The systems that are held over SCIM. */
export const scimSystemsOf = ({ systems }: Config) => systems.filter((system) => system.protocol === 'scim');

/** The secrets that it names. */
export const sampleEnv = Object.fromEntries(
  ['DIRECTORY', 'PAYROLL', 'CODE', 'PRODUCTION'].map((name) => [`${name}_SCIM_TOKEN`, 'secret']),
);
