/** For every process of the test run. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

// Tests provoke failures by the dozen; what a test asserts it reads from the status, not from the log.
Runtime.install({ logger: new DefaultLogger('ERROR') });
