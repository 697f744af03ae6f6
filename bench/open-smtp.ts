/** A mail server of a bench: on this machine, for all who ask. */
import type { SMTPServerOptions } from 'smtp-server';

export const openSmtp = {
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  disableReverseLookup: true,
  logger: false,
} satisfies SMTPServerOptions;
