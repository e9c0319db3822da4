/** All parts of the extension, put together. */

import { window, workspace, type Disposable, type ExtensionContext } from 'vscode';
import { executeCommand, resolveCodeAction } from './answers';
import { FimbleChat } from './chat/chat';
import { registerChat } from './chat/commands';
import { Client } from './client';
import { register } from './commands';
import { Suggestions } from './completion';
import { currentModel, disabledLanguages, serverSettings } from './configuration';
import { setContext } from './contexts';
import { tellFocus } from './focus';
import { Locator } from './locate';
import { ModelEdits } from './modelEdits';
import { Models } from './models';
import { ModelServers } from './modelServers';
import { Snooze } from './snooze';
import { StatusBar } from './statusBar';
import { guarded, tell } from './tell';
import { REMEDIES, Trouble } from './trouble';

export class Fimble implements Disposable {
  private readonly output = window.createOutputChannel('Fimble', { log: true });
  private readonly bar = new StatusBar();
  private readonly snooze = new Snooze(() => this.refresh());
  private readonly suggestions: Suggestions;
  private readonly client: Client;
  private readonly parts: Disposable[];

  constructor(context: ExtensionContext) {
    const locator = new Locator(context, this.output);
    this.suggestions = new Suggestions(
      this.snooze,
      (method, params) => this.client.notify(method, params),
      () => setContext('suggested', true),
    );
    const modelEdits = new ModelEdits(
      () => this.client.running,
      () => chat.proposals,
      this.output,
    );
    const middleware = {
      provideInlineCompletionItems: this.suggestions.middleware,
      executeCommand,
      resolveCodeAction,
      sendRequest: modelEdits.sendRequest,
      workspace: { handleApplyEdit: modelEdits.handleApplyEdit },
    };
    const servers = new ModelServers(() => this.client);
    const models: Models = new Models(
      () => ({ command: this.client.command, cwd: locator.storage }),
      () => this.client.restart(),
      servers,
    );
    this.client = new Client(
      locator,
      this.output,
      middleware,
      () => serverSettings(context.extension),
      guarded(this.output, () => models.offer()),
      (made) => chat.listen(made),
    );
    const chat = new FimbleChat(context, this.client, this.output);
    const { client, output, snooze, suggestions } = this;
    this.parts = [
      registerChat(chat, output),
      register({ client, locator, models, output, servers, snooze, suggestions }),
      tellFocus(client),
      chat,
      client.onDidChange(() => this.refresh()),
      window.onDidChangeActiveTextEditor(() => this.refresh()),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('fimble.server')) {
          void this.start();
        } else if (event.affectsConfiguration('fimble')) {
          client.configure();
        }
        this.refresh();
      }),
      snooze,
      this.bar,
      client,
      output,
    ];
    this.refresh();
  }

  /** Start the server; offer to set one up if there is none. */
  readonly start = guarded(this.output, async () => {
    await this.client.restart();
    if (this.client.server.state === 'missing') {
      await tell(
        new Trouble('The server is not set up yet. It runs on this machine, as does its model.', [
          REMEDIES.install,
          { title: 'I Have It…', command: 'fimble.openSettings', argument: 'fimble.server' },
        ]),
        window.showInformationMessage,
      );
    }
  });

  stop(): Promise<void> {
    return this.client.stop();
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }

  private refresh(): void {
    const { server } = this.client;
    const snoozeMs = this.snooze.leftMs;
    const language = window.activeTextEditor?.document.languageId;
    const isOff = language !== undefined && disabledLanguages().includes(language);
    this.bar.show({
      server,
      model: currentModel(),
      snoozeMs,
      languageOff: isOff ? language : undefined,
      automatic: workspace.getConfiguration('fimble').get('completion.automatic', true),
    });
    setContext('installed', this.client.command !== undefined);
    setContext('running', this.client.running !== undefined);
    setContext('ready', server.state === 'ready');
    setContext('snoozed', snoozeMs > 0);
  }
}
