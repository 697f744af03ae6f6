/** Ids of resources are case-exact (RFC 7643 §3.1). A UUID is the same one in either case (RFC 9562 §4). */
const UUID = /^[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}$/i;

export const isUuid = (id: string): boolean => UUID.test(id);

/** @returns what two spellings of one id have in common */
export const plainId = (id: string): string => (isUuid(id) ? id.toLowerCase() : id);

export const isSameId = (a: string, b: string): boolean => plainId(a) === plainId(b);
