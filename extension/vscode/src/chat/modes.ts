/** What may be done without asking. */

import type { Mode } from './protocol';

/** As the server calls them, before it is first asked. */
export const MODES: readonly Mode[] = [
  { id: 'plan', name: 'Plan', description: 'Reads only: changes nothing, runs nothing.' },
  { id: 'ask', name: 'Ask', description: 'Asks before each edit and each command.' },
  { id: 'edit', name: 'Edit', description: 'Edits without asking; asks before commands.' },
  { id: 'all', name: 'All', description: 'Edits, and runs commands in the sandbox, without asking.' },
];

const READING = 'plan';

/** Those that are offered: where VS Code doesn't trust the workspace, only the one that reads. */
export function modesFor(isTrusted: boolean, modes: readonly Mode[] = MODES): readonly Mode[] {
  return isTrusted ? modes : modes.filter((mode) => mode.id === READING);
}

/** That of a new chat. */
export function firstMode(isTrusted: boolean): string {
  return isTrusted ? 'ask' : READING;
}
