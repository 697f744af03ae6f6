import { InvalidArgumentError, Option } from 'commander';

export interface HealthAddress {
  host: string;
  port: number;
}

/** `--health 8080`, or `--health 0.0.0.0:8080`. */
export const healthOption = (): Option =>
  new Option(
    '--health <address>',
    'answer GET /healthz, /readyz and /metrics there: a port of 127.0.0.1, or host:port',
  ).argParser(parseAddress);

/** @throws InvalidArgumentError */
export function parseAddress(text: string): HealthAddress {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError('It must be a port, or host:port.');
  return { host, port: Number(port) };
}
