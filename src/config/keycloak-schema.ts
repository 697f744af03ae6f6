/** The part of a critical system's schema that is Keycloak's. */
import { z } from 'zod';

export const KeycloakRealm = z.strictObject({
  protocol: z.literal('keycloak'),
  realm: z.string().min(1),
  /** A confidential client of the realm, with a service account. */
  clientId: z.string().min(1),
});
