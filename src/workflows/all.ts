export { exitEmployee } from './exit-employee.js';
export { interviewSlot } from './interview-slot.js';
export { remindOfWaitingOpenings } from './remind-of-openings.js';
export { reportOrphanedHold } from './report-orphaned-hold.js';
export { sweepHolds } from './sweep-holds.js';
export { tellSubscribers } from './tell-subscribers.js';
export { waitingOpening } from './waiting-opening.js';
export { weeklyDigest } from './weekly-digest.js';
