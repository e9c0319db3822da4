/** What `when` clauses and the walkthrough know, under `fimble.`. */

import { commands } from 'vscode';

type Name = 'installed' | 'running' | 'ready' | 'snoozed' | 'suggested' | 'chatRunning' | 'chatted';

const STEPS: readonly Name[] = ['installed', 'ready', 'suggested', 'chatted'];
const contexts = new Map<Name, boolean>();

export function setContext(name: Name, value: boolean): void {
  if (contexts.get(name) !== value) {
    contexts.set(name, value);
    void tell(name, value);
  }
}

/**
 * Open the walkthrough. The editor passes over steps that were done before it first reads them, so
 * they are told as done once it has.
 */
export async function showingProgress(open: () => Thenable<unknown>): Promise<void> {
  const done = STEPS.filter((name) => contexts.get(name) === true);
  await Promise.all(done.map((name) => tell(name, false)));
  await open();
  await Promise.all(done.map((name) => tell(name, true)));
}

function tell(name: Name, value: boolean): Thenable<unknown> {
  return commands.executeCommand('setContext', `fimble.${name}`, value);
}
