/** A mistake in the configuration or the environment; the message names the field and says what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
