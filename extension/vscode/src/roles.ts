/** Whether a model that the user chooses is asked: `fimble.roles` may name other engines. */

import { ROLES, type Role } from './health';
import { settingsOf, Trouble } from './trouble';

/** Values of the settings under `fimble.roles`: names of engines; none: what else is set decides. */
export type Roles = Readonly<Record<Role, readonly string[]>>;

/** `model` is chosen, which roles know by `names`; undefined: it is asked in each role. */
export function notAsked(model: string, names: readonly string[], roles: Roles): Trouble | undefined {
  const out = (Object.keys(ROLES) as Role[]).filter(
    (role) => roles[role].length > 0 && !roles[role].some((name) => names.includes(name)),
  );
  if (out.length === 0) {
    return undefined;
  }
  const settings = out.map((role) => `fimble.roles.${role}`);
  const others = [...new Set(out.flatMap((role) => roles[role]))].join(', ');
  const what = out.map((role) => ROLES[role]).join(' and ');
  const name = out.length > 1 ? 'name' : 'names';
  const sentence = `${model} is not asked for ${what}: ${settings.join(' and ')} ${name} ${others}.`;
  return new Trouble(sentence, [settingsOf(...settings)]);
}

/** Whether an endpoint under `fimble.remote` would be asked without being named. */
export function isLeftToAddress(roles: Roles): boolean {
  const all = Object.values(roles);
  return all.some((names) => names.length === 0) && !all.some((names) => names.includes('remote'));
}
