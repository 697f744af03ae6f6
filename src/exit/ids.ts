import { z } from 'zod';

/**
 * An employee id is the end of a workflow ID and a token of a NATS subject. These characters are safe in both.
 */
export const EmployeeId = z
  .string('must be the employee id, for example E-1002')
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" or "_", for example E-1002');

export const exitWorkflowId = (employeeId: string): string => `exit-${employeeId}`;

/** Of an opening that waits for a second person. */
export const openingWorkflowId = (employeeId: string): string => `opening-${employeeId}`;

export const employeeIdOf = (workflowId: string): string => workflowId.replace(/^exit-/, '');

/**
 * The Message-ID (RFC 5322 §3.6.4) of one mail of one exit to one recipient. SMTP delivers at least once. The id is deterministic, so a
 * receiver can drop the second copy.
 * @param what the step, with its revision where the step sends several versions: `interview.2`
 */
export function messageId(exitId: string, what: string, recipient: string, domain: string): string {
  return `<${exitId}.${what}.${fingerprint(recipient)}@${domain}>`;
}

/** The UID (RFC 5545 §3.8.4.7) of the exit interview: one per exit, also when its time changes. */
export const interviewUid = (exitId: string, domain: string): string => `interview.${exitId}@${domain}`;

/** Whether a UID is that of an exit interview, of whichever exit. */
export const isInterviewUid = (uid: string): boolean => /^interview\.[^@]+@/.test(uid);

/** FNV-1a. It tells the recipients of one exit, or two texts, apart without an address in a header. It is no secret. */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text.toLowerCase()) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
