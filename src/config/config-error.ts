/** An invalid configuration or environment. The message names the file, the field and the expected value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
