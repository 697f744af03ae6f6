/** Open exits go to another HR partner. */
import type { Config } from '../config/config.js';
import type { ActedBy } from '../exit/asker.js';
import type { ListedExit } from '../exit/exits.js';
import { HandOverFields, type HandedOver, type HandOver } from '../exit/hand-over.js';
import { parse } from '../exit/input.js';
import { isSameIdentity, MailAddress } from '../exit/mail-address.js';
import { Refusal } from '../exit/refusal.js';
import { askForm, formsAsked, type Configured, type Form, type Which } from './forms.js';
import { valid } from './valid.js';

/** How many exits are handed over at once. */
const AT_A_TIME = 10;

export interface HandedOverExit {
  employeeId: string;
  exitId: string;
  form: Form;
  /** Why the exit was not handed over. */
  problem?: string | undefined;
}

/** @param config called on first use */
export function handsOverOf(configured: Configured, config: () => Config | Promise<Config>) {
  /** @throws Refusal where the address is of no configured HR partner */
  async function handOverOf({ to, by, asker }: { to: string } & ActedBy): Promise<HandOver> {
    const { hrPartners } = (await config()).contacts;
    const partner = hrPartners.find(({ email }) => isSameIdentity(email, to));
    if (!partner)
      throw new Refusal(
        'invalid',
        `to: ${to} is no HR partner of the configuration: add them to contacts.hrPartners`,
      );
    const { name, email, language } = partner;
    return valid(parse(HandOverFields, { to: { name, email, language }, by, asker }));
  }

  return {
    /** Gives an open exit to another HR partner of the configuration. The interview follows. */
    async handOver(which: Which, input: { to: string } & ActedBy): Promise<HandedOver> {
      const handOver = await handOverOf(input);
      return askForm(configured, which, (exits) => exits.handOver(which.employeeId, handOver, which.exitId));
    },

    /**
     * Gives every open exit of one HR partner to another one.
     * @param input.from mail address of the HR partner who has them
     * @param allowed throws where the person may not act for this employee
     * @returns what became of each; those that are not handed over have a problem
     */
    async handOverAll(
      input: { from: string; to: string; form?: Form | undefined } & ActedBy,
      allowed?: (employeeId: string) => Promise<void>,
    ): Promise<HandedOverExit[]> {
      const from = valid(parse(MailAddress, input.from));
      const handOver = await handOverOf(input);
      const done: HandedOverExit[] = [];
      for (const form of formsAsked(configured, input.form)) {
        const exits = await configured[form]!();
        const one = async ({ employeeId, exitId }: ListedExit): Promise<HandedOverExit | []> => {
          try {
            const { hrPartner } = await exits.status(employeeId, exitId);
            if (!hrPartner || !isSameIdentity(hrPartner.email, from)) return [];
            await allowed?.(employeeId);
            await exits.handOver(employeeId, handOver, exitId);
            return { employeeId, exitId, form };
          } catch (error) {
            // One exit that fails keeps no other from being handed over.
            return { employeeId, exitId, form, problem: (error as Error).message };
          }
        };
        const open = (await exits.list({ open: true })).filter(({ phase }) => phase !== 'dead-lettered');
        for (let first = 0; first < open.length; first += AT_A_TIME)
          done.push(...(await Promise.all(open.slice(first, first + AT_A_TIME).map(one))).flat());
      }
      return done;
    },
  };
}
