import type { ExtensionContext } from 'vscode';
import { Fimble } from './fimble';

let fimble: Fimble | undefined;

/** Returns at once; the server starts behind the user's back. */
export function activate(context: ExtensionContext): void {
  fimble = new Fimble(context);
  context.subscriptions.push(fimble);
  void fimble.start();
}

export async function deactivate(): Promise<void> {
  await fimble?.stop();
}
