/** What a click on the status bar offers. */

import { commands, QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import type { Server } from './status';

export interface MenuState {
  readonly server: Server;
  readonly model: string;
  readonly isSnoozed: boolean;
  readonly language: { readonly name: string; readonly isOff: boolean } | undefined;
}

type Entry = QuickPickItem & { readonly command?: string; readonly argument?: unknown };

const SNOOZES = [5, 15, 60];

export async function showMenu(state: MenuState): Promise<void> {
  const chosen = await window.showQuickPick(entries(state), {
    title: 'Fimble',
    placeHolder: state.server.message,
  });
  // The click has taken the focus to the status bar, and the next key belongs to the editor.
  await commands.executeCommand('workbench.action.focusActiveEditorGroup');
  if (chosen?.command !== undefined) {
    await commands.executeCommand(chosen.command, chosen.argument);
  }
}

/** Ask how long, and snooze for so many minutes. */
export async function askSnooze(): Promise<number | undefined> {
  const items = SNOOZES.map((minutes) => ({ label: `${minutes} minutes`, minutes }));
  return (await window.showQuickPick(items, { title: 'Snooze suggestions for' }))?.minutes;
}

function entries(state: MenuState): Entry[] {
  const { server, language } = state;
  const list: Entry[] = [];
  if (server.state === 'missing') {
    list.push({ label: '$(cloud-download) Set up the server', command: 'fimble.install' });
  }
  if (server.state === 'failed') {
    list.push({ label: '$(cloud-download) Download the recommended model', command: 'fimble.setUpModel' });
  }
  list.push({ label: '$(comment-discussion) Open chat', command: 'fimble.openChat' });
  if (state.isSnoozed) {
    list.push({ label: '$(bell) End the snooze', command: 'fimble.endSnooze' });
  } else {
    const snooze = (minutes: number): Entry => ({
      label: `$(bell-slash) Snooze for ${minutes} minutes`,
      command: 'fimble.snooze',
      argument: minutes,
    });
    list.push(...SNOOZES.map(snooze));
  }
  if (language !== undefined) {
    const label = language.isOff
      ? `$(check) Turn suggestions on for ${language.name}`
      : `$(circle-slash) Turn suggestions off for ${language.name}`;
    list.push({ label, command: 'fimble.toggleLanguage' });
  }
  return [
    ...list,
    { label: '', kind: QuickPickItemKind.Separator },
    { label: '$(arrow-swap) Switch model…', description: state.model, command: 'fimble.switchModel' },
    { label: '$(pulse) Engines', command: 'fimble.showEngines' },
    { label: '$(debug-restart) Restart', command: 'fimble.restart' },
    { label: '$(output) Show output', command: 'fimble.showOutput' },
    { label: '$(gear) Open settings', command: 'fimble.openSettings' },
  ];
}
