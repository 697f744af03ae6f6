/** The command makes no sense as typed: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
