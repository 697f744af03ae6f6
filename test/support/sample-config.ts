import { readFileSync } from 'node:fs';
import { parseConfig } from '../../src/config/config.js';

/** What `ems.config.yaml` says, wherever the tests are run. */
export const sampleConfig = parseConfig(readFileSync('ems.config.yaml', 'utf8'), 'ems.config.yaml', {});
