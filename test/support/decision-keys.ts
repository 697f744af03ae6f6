/** Keys of the API for signed decisions. */
import { exportJWK, generateKeyPair, type JWK } from 'jose';

export interface DecisionKey {
  /** The private key as EMS_DECISION_KEY has it. */
  secret: string;
  public: JWK;
}

export async function decisionKey(kid: string): Promise<DecisionKey> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const secret = JSON.stringify({ ...(await exportJWK(pair.privateKey)), kid });
  return { secret, public: { ...(await exportJWK(pair.publicKey)), kid } };
}

/** The public keys, as the configuration has them. */
export const keySet = (...keys: DecisionKey[]): string =>
  JSON.stringify({ keys: keys.map((key) => key.public) });
