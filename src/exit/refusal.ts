/** What was asked for is understood, and the answer is no: one clear sentence. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
