/** The failures of one mail at several addresses of a person. */
import { FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import { RetryAfter } from '../protocols/retry-after.js';

export class Failures {
  /** Of the addresses themselves. */
  readonly refusals: FinalFailure[] = [];
  /** Outages, and refusals for which no address is given up. */
  private readonly others: Error[] = [];

  add(error: Error): void {
    if (isFinalFailure(error, FailureType.AddressRefused)) this.refusals.push(error);
    else this.others.push(error);
  }

  /** Throws what is no address's fault, with every reason. The longest pause counts for all, so that no limit is asked too soon. */
  throwOthers(): void {
    const [first, ...more] = this.others;
    if (!first) return;
    if (more.length === 0) throw first;
    const outages = this.others.filter((error) => !(error instanceof FinalFailure));
    const pauses = outages.flatMap((error) => (error instanceof RetryAfter ? error.afterMs : []));
    const reasons = this.others.map((error) => (error instanceof RetryAfter ? error.because : error.message));
    const message = [...new Set(reasons)].join('; ');
    if (outages.length === 0) throw new FinalFailure((first as FinalFailure).type, message, { cause: first });
    throw pauses.length > 0
      ? new RetryAfter(message, Math.max(...pauses))
      : new Error(message, { cause: first });
  }

  /** One failure with every reason. */
  asRefusal(): FinalFailure {
    const reasons = this.refusals.map(({ message }) => message).join('; ');
    return new FinalFailure(FailureType.AddressRefused, reasons, { cause: this.refusals[0] });
  }
}
