/** The failures of one mail at several addresses of a person. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { RetryAfter } from '../protocols/retry-after.js';

export class Failures {
  readonly refusals: FinalFailure[] = [];
  private readonly outages: Error[] = [];

  add(error: Error): void {
    if (error instanceof FinalFailure) this.refusals.push(error);
    else this.outages.push(error);
  }

  /** The longest pause counts for all, so that no limit is asked too soon. */
  throwOutage(): void {
    const outage = this.outages.find((error) => error instanceof RetryAfter) ?? this.outages[0];
    if (outage) throw outage;
  }

  /** One failure with every reason. */
  asRefusal(): FinalFailure {
    const reasons = this.refusals.map(({ message }) => message).join('; ');
    return new FinalFailure(FailureType.AddressRefused, reasons, { cause: this.refusals[0] });
  }
}
