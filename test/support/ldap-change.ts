import { Attribute, Change } from 'ldapts';

export const change = (
  operation: 'add' | 'delete' | 'replace',
  type: string,
  ...values: string[] | Buffer[]
): Change => new Change({ operation, modification: new Attribute({ type, values }) });
