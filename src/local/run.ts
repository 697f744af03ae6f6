import { execFile, type ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * Runs a program, and returns its output.
 * @param withinMs ends it then; 0 waits for ever
 * @throws Error with the last line of its stderr
 */
export async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
  withinMs = 0,
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      env: { ...process.env, ...env },
      maxBuffer: 16 * 1024 * 1024,
      timeout: withinMs,
    });
    return stdout;
  } catch (error) {
    const { code, killed, stderr, message } = error as ExecFileException & { stderr?: string };
    if (code === 'ENOENT') throw new Error(`${program} is not installed`, { cause: error });
    if (killed)
      throw new Error(`${program} ${args[0]} did not end within ${withinMs / 1000} s`, { cause: error });
    const lastLine = stderr?.trim().split('\n').at(-1);
    throw new Error(`${program} ${args[0]}: ${lastLine || message.split('\n')[0]}`, { cause: error });
  }
}
