/** Thrown where it is not yet time; the message comes again. One with a `cause` is logged. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  constructor(
    readonly ms: number,
    why: string,
    options?: ErrorOptions,
  ) {
    super(why, options);
  }
}
