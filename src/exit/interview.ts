import type { Contact } from './people.js';

/** The exit interview, as invited for. */
export interface Interview {
  /** iCalendar UID, stable for the exit. */
  uid: string;
  /** iCalendar SEQUENCE (RFC 5546 §2.1.4): grows with every change of the invitation. */
  sequence: number;
  /** ISO 8601, UTC. */
  start: string;
  /** ISO 8601, UTC. */
  end: string;
  timeZone: string;
  attendees: Contact[];
}
