/** What all tests share is started when the first one asks, and stopped after the last. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { stopTemporal } from './temporal.js';

// Tests provoke failures by the dozen; what a test asserts it reads from the status, not from the log.
Runtime.install({ logger: new DefaultLogger('ERROR') });

export const mochaHooks = { afterAll: stopTemporal };
