/** The commands of the palette, of keys and of buttons. */

import { commands, Disposable, env, window, type LogOutputChannel } from 'vscode';
import type { Client } from './client';
import type { Suggestions } from './completion';
import { change, currentModel, disabledLanguages } from './configuration';
import { showingProgress } from './contexts';
import { showEngines } from './engines';
import type { Locator } from './locate';
import { askSnooze, showMenu } from './menu';
import type { Models } from './models';
import type { ModelServers } from './modelServers';
import { toggled } from './settings';
import type { Snooze } from './snooze';
import { guarded } from './tell';
import { REMEDIES, Trouble } from './trouble';

export interface Parts {
  readonly client: Client;
  readonly locator: Locator;
  readonly models: Models;
  readonly output: LogOutputChannel;
  readonly servers: ModelServers;
  readonly snooze: Snooze;
  readonly suggestions: Suggestions;
}

const HIDE = 'editor.action.inlineSuggest.hide';
const WALKTHROUGH = 'fimble.fimble#start';

export function register(parts: Parts): Disposable {
  const { client, models, output, servers, snooze, suggestions } = parts;
  const table: Record<string, (argument: unknown) => unknown> = {
    showMenu: () => menu(parts),
    explainHere: () => onSelection(client, 'fimble.explain', {}),
    rewriteHere: () => rewrite(client),
    acceptNextWord: () => suggestions.accept('Word'),
    acceptNextLine: () => suggestions.accept('Line'),
    snooze: (minutes) => startSnooze(snooze, minutes),
    endSnooze: () => snooze.end(),
    toggleLanguage,
    switchModel: () => models.choose(),
    setUpModel: () => models.setUp(),
    useModelServer: () => servers.choose(),
    showEngines: () => showEngines(client),
    install: () => setUp(parts),
    restart: () => client.restart(),
    showOutput: () => output.show(),
    openSettings: (filter) => openSettings(filter),
    openWalkthrough: () =>
      showingProgress(() => commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH, false)),
  };
  return Disposable.from(
    ...Object.entries(table).map(([name, work]) =>
      commands.registerCommand(`fimble.${name}`, guarded(output, work)),
    ),
  );
}

async function menu({ client, snooze }: Parts): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  await showMenu({
    server: client.server,
    model: currentModel(),
    isSnoozed: snooze.leftMs > 0,
    language:
      language === undefined
        ? undefined
        : { name: language, isOff: disabledLanguages().includes(language) },
  });
}

async function startSnooze(snooze: Snooze, argument: unknown): Promise<void> {
  const minutes = typeof argument === 'number' ? argument : await askSnooze();
  if (minutes !== undefined) {
    snooze.start(minutes * 60_000);
    await commands.executeCommand(HIDE);
  }
}

async function toggleLanguage(): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  if (language !== undefined) {
    await change('completion.disabledLanguages', toggled(disabledLanguages(), language));
    await commands.executeCommand(HIDE);
  }
}

async function setUp({ client, locator }: Parts): Promise<void> {
  await client.stop(); // on Windows, what runs can't be replaced
  try {
    await locator.install();
    await change('server.command', '');
  } finally {
    await client.restart();
  }
}

async function rewrite(client: Client): Promise<void> {
  const instruction = await window.showInputBox({
    title: 'Fimble: Rewrite',
    prompt: 'What should be different about the code that is selected, or the function at the cursor?',
    placeHolder: 'return early if the list is empty',
    validateInput: (text) => (text.trim() === '' ? 'Say what should be different.' : undefined),
  });
  if (instruction !== undefined) {
    await onSelection(client, 'fimble.rewrite', { instruction });
  }
}

async function onSelection(client: Client, command: string, more: object): Promise<void> {
  const editor = window.activeTextEditor;
  const { running } = client;
  if (editor === undefined || !client.isFollowed(editor)) {
    throw new Trouble('Open a file, and put the cursor where this should be done.');
  }
  if (running === undefined) {
    throw new Trouble('The server is not running.', [REMEDIES.restart, REMEDIES.output]);
  }
  const { code2ProtocolConverter: converter } = running;
  await commands.executeCommand(command, {
    uri: converter.asUri(editor.document.uri),
    range: converter.asRange(editor.selection),
    ...more,
  });
}

async function openSettings(filter: unknown): Promise<void> {
  const query = typeof filter === 'string' ? filter : '@ext:fimble.fimble';
  if (env.remoteName === undefined) {
    await commands.executeCommand('workbench.action.openSettings', query);
  } else {
    // Where the server runs elsewhere, so is what belongs to its machine, as engines do; it has a page of its own.
    await commands.executeCommand('workbench.action.openRemoteSettings', { query });
  }
}
