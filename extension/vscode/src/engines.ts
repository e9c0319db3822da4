/** How the engines do, shown to the user. */

import { CancellationTokenSource, commands, window } from 'vscode';
import type { Client } from './client';
import { described, type Engine, type Shown } from './health';
import { REMEDIES, settingsOf, Trouble } from './trouble';

const SETTINGS = settingsOf('fimble.endpoints', 'fimble.roles.fim', 'fimble.roles.chat');

/** Have each engine write a token, and list them; a choice opens their settings. */
export async function showEngines({ running }: Client): Promise<void> {
  if (running === undefined) {
    throw new Trouble('The server is not running.', [REMEDIES.restart, REMEDIES.output]);
  }
  const asking = new CancellationTokenSource();
  const told = running.sendRequest<{ engines: Engine[] }>('fimble/health', { look: true }, asking.token);
  try {
    // The list is there at once, and shows that it waits.
    const chosen = await window.showQuickPick<Shown>(
      told.then(({ engines }) => engines.map(described)),
      {
        title: 'Fimble: Engines',
        placeHolder: 'Each is asked for one token; choose one to open the settings of engines',
        matchOnDescription: true,
        matchOnDetail: true,
      },
    );
    if (chosen !== undefined) {
      await commands.executeCommand(SETTINGS.command, SETTINGS.argument);
    }
  } finally {
    asking.cancel(); // a list that was closed meanwhile
    asking.dispose();
  }
}
