/** Thrown where it is not yet time; the message comes again. */
export class Later extends Error {
  override readonly name = 'Later';
  constructor(
    readonly ms: number,
    why: string,
  ) {
    super(why);
  }
}
