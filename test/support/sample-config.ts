import { readFileSync } from 'node:fs';
import { parseConfig, type Config } from '../../src/config/config.js';

/** What `ems.config.yaml` says, wherever the tests are run. */
export const sampleConfig = parseConfig(readFileSync('ems.config.yaml', 'utf8'), 'ems.config.yaml', {});

/** The systems that are held over SCIM. */
export const scimSystemsOf = ({ systems }: Config) => systems.filter((system) => system.protocol === 'scim');
