/** `node payroll.js run` until SIGINT or SIGTERM; `node payroll.js remove` takes payroll out again. NATS_URL says where NATS is. */
import { connect } from '@nats-io/transport-node';
import { remove, run } from './service.js';

const commands = { run, remove };
const [name = 'run'] = process.argv.slice(2);

if (!Object.hasOwn(commands, name)) {
  console.error(`There is no command "${name}": say "run" or "remove"`);
  process.exitCode = 2;
} else {
  const { host, username, password } = new URL(process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222');
  const connection = await connect({
    servers: host,
    // The client passes over what stands before the @.
    ...(username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    name: 'payroll',
    // A broker that is restarted comes back.
    maxReconnectAttempts: -1,
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void connection.close());
  try {
    await commands[name as keyof typeof commands](connection);
  } catch (error) {
    console.error(`payroll ends: ${(error as Error).message}`);
    process.exitCode = 1;
  } finally {
    await connection.close();
  }
}
