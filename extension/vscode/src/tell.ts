/** What is wrong, shown with buttons for what can be done. */

import { commands, window, type LogOutputChannel } from 'vscode';
import { Cancelled, Trouble } from './trouble';

type Show = (sentence: string, ...buttons: string[]) => Thenable<string | undefined>;

/** Show it, and do what is chosen. What was stopped by the user is not told. */
export async function tell(error: unknown, show: Show = window.showErrorMessage): Promise<void> {
  if (error instanceof Cancelled) {
    return;
  }
  const sentence = error instanceof Error ? error.message : String(error);
  const remedies = error instanceof Trouble ? error.remedies : [];
  const chosen = await show(`Fimble: ${sentence}`, ...remedies.map((each) => each.title));
  const remedy = remedies.find((each) => each.title === chosen);
  if (remedy !== undefined) {
    await commands.executeCommand(remedy.command, remedy.argument);
  }
}

/** Warn of what the user may not have meant; undefined: there is nothing. */
export async function warn(trouble: Trouble | undefined): Promise<void> {
  if (trouble !== undefined) {
    await tell(trouble, window.showWarningMessage);
  }
}

/** Let nothing that fails go by in silence. */
export function guarded<A extends unknown[]>(
  output: LogOutputChannel,
  work: (...args: A) => unknown,
): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await work(...args);
    } catch (error) {
      if (!(error instanceof Trouble || error instanceof Cancelled)) {
        output.error(error instanceof Error ? error : String(error));
      }
      await tell(error);
    }
  };
}
