/** `npm start`: runs the local stack until Ctrl-C. */
import { Command } from 'commander';
import { emsHome } from '../config/environment.js';
import { startStack } from './stack.js';

const { freePorts } = new Command('npm start --')
  .description(
    'Runs the exit management system with everything it needs on this machine. Data is kept in .ems (or EMS_HOME).',
  )
  .option('--free-ports', 'use free ports instead of the fixed ones, so that two stacks can run side by side')
  .addHelpText('after', '\nExample:\n  npm start -- --free-ports')
  .parse()
  .opts<{ freePorts?: boolean }>();

let isReady = false;
const interrupted = new Promise<undefined>((resolve) => {
  let interrupts = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupts += 1;
      // The children end with this process (die-with-parent.ts, guard.ts).
      if (interrupts > 1) process.exit(130);
      if (!isReady)
        console.log('Stopping once everything has started. Press Ctrl-C again to end it at once.');
      resolve(undefined);
    });
  }
});

try {
  console.log('Starting …');
  const stack = await startStack({
    home: emsHome(),
    ports: freePorts ? 'free' : 'fixed',
    report: (line) => console.log(`  ${line}`),
  });
  isReady = true;
  console.log(
    `\nReady. In the browser:  ${stack.consoleUrl}\nIn another terminal:  npx ems resign E-1002\nCtrl-C stops everything. Open exits continue at the next start.`,
  );
  const failure = await Promise.race([interrupted, stack.failed]);
  console.log(failure === undefined ? '\nStopping …' : `\n${failure}. Stopping …`);
  await stack.stop();
  console.log('Stopped.');
  process.exitCode = failure === undefined ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
