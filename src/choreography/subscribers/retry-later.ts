/** Thrown where it is not yet time; the message comes again. With a `cause` that somebody should hear of, it is logged. */
export class Later extends Error {
  override readonly name = 'Later';
  constructor(
    readonly ms: number,
    why: string,
    options?: ErrorOptions,
  ) {
    super(why, options);
  }
}
