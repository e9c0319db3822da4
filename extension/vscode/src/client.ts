/** The language server: started, watched, and started again. */

import {
  EventEmitter,
  languages,
  window,
  type Disposable,
  type LogOutputChannel,
  type TextEditor,
} from 'vscode';
import {
  CloseAction,
  ErrorAction,
  MessageType,
  RevealOutputChannelOn,
  ShowMessageNotification,
  State,
  type LanguageClient,
  type LanguageClientOptions,
  type Middleware,
} from 'vscode-languageclient/node';
import { isRemote } from './configuration';
import { Crashes } from './crashes';
import type { Found, Locator } from './locate';
import { QuietClient } from './quiet';
import type { Server, ServerStatus } from './status';
import { tell } from './tell';
import { engineRemedies, REMEDIES, Trouble } from './trouble';

const DOCUMENTS = [{ scheme: 'file' }, { scheme: 'untitled' }];
const STARTING: Server = { state: 'starting', message: 'The server is starting.' };
const MISSING: Server = { state: 'missing', message: "Fimble's server is not set up yet." };

export class Client implements Disposable {
  private readonly changed = new EventEmitter<void>();
  /** The state is another. */
  readonly onDidChange = this.changed.event;
  private readonly crashes = new Crashes();
  private current: LanguageClient | undefined;
  private found: Found | undefined;
  /** Starts and ends, one after the other. */
  private queue: Promise<void> = Promise.resolve();
  private status: Server = STARTING;
  private started = 0;
  private isChanging = false;

  constructor(
    private readonly locator: Locator,
    private readonly output: LogOutputChannel,
    private readonly middleware: Middleware,
    /** What the server is sent as its settings. */
    private readonly settings: () => object,
    /** The model is not on this machine. */
    private readonly onModelMissing: () => Promise<void>,
    /** Who else listens to a server. */
    private readonly onMade: (client: LanguageClient) => void,
  ) {}

  get server(): Server {
    return this.status;
  }

  /** The `fimble` command; undefined while there is none. */
  get command(): string | undefined {
    return this.found?.command;
  }

  /** How often a server has been started. */
  get runs(): number {
    return this.started;
  }

  /** A server runs; one that has just ended doesn't, even if that is not yet noticed everywhere. */
  get isThere(): boolean {
    return this.running !== undefined && this.status.state !== 'starting' && this.status.state !== 'crashed';
  }

  get running(): LanguageClient | undefined {
    return this.current?.isRunning() ? this.current : undefined;
  }

  /** End the server if one runs, look for it anew, and start it. */
  restart(): Promise<void> {
    this.crashes.forget();
    return this.inTurn(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.end());
  }

  /** Send a notification; without a server it goes nowhere. */
  readonly notify = (method: string, params: object): void => {
    void this.running?.sendNotification(method, params).catch(() => undefined); // it has just ended
  };

  /** The settings have changed. */
  configure(): void {
    if (this.isChanging) {
      return;
    }
    this.notify('workspace/didChangeConfiguration', { settings: { fimble: this.settings() } });
  }

  /** Change several settings, of which the server hears as of one change: it would use those in between. */
  async changeTogether(work: () => Promise<void>): Promise<void> {
    this.isChanging = true;
    try {
      await work();
    } finally {
      this.isChanging = false;
      this.configure();
    }
  }

  isFollowed(editor: TextEditor): boolean {
    return languages.match(DOCUMENTS, editor.document) > 0;
  }

  dispose(): void {
    this.changed.dispose();
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }

  private async begin(): Promise<void> {
    this.set(STARTING);
    try {
      this.found = await this.locator.find();
    } catch (error) {
      this.set({ state: 'missing', message: error instanceof Error ? error.message : String(error) });
      throw error;
    }
    if (this.found === undefined) {
      this.set(MISSING);
      return;
    }
    this.output.info(`Fimble ${this.found.version}: ${this.found.command}`);
    const client = this.make(this.found.command);
    this.current = client;
    try {
      await client.start();
    } catch (error) {
      this.output.error(error instanceof Error ? error.message : String(error));
      // A server that ended while it started has been told of by `closed`, and may start again.
      if (this.status === STARTING) {
        this.giveUp();
      }
    }
  }

  private async end(): Promise<void> {
    const client = this.current;
    this.current = undefined;
    if (client === undefined) {
      return;
    }
    try {
      if (client.state === State.Starting) {
        await client.start(); // one that is starting can't be stopped
      }
      await client.dispose();
    } catch (error) {
      // It had ended by itself.
      this.output.debug(error instanceof Error ? error.message : String(error));
    }
    this.set({ state: 'stopped', message: 'The server is stopped.' });
  }

  private make(command: string): LanguageClient {
    const options: LanguageClientOptions = {
      documentSelector: DOCUMENTS,
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: () => ({ fimble: this.settings(), chat: true }),
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.closed(client),
      },
      initializationFailedHandler: () => false,
      middleware: this.middleware,
    };
    const cwd = this.locator.storage;
    const client = new QuietClient(
      'fimble',
      'Fimble',
      { command, args: ['serve'], options: { cwd } },
      options,
    );
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) {
        this.started++;
        if (this.status.state === 'starting') {
          this.set({ state: 'loading', message: 'The server has started.' });
        }
      }
    });
    this.onMade(client);
    client.onNotification('fimble/status', (status: ServerStatus) => this.set(status));
    client.onNotification(ShowMessageNotification.type, ({ type, message }) => {
      void this.showMessage(type, message);
    });
    return client;
  }

  private closed(client: LanguageClient): { action: CloseAction; handled: boolean } {
    if (client !== this.current) {
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    if (this.crashes.mayRestart(Date.now())) {
      this.set({ state: 'starting', message: 'The server ended by itself, and is started again.' });
      return { action: CloseAction.Restart, handled: true };
    }
    this.giveUp();
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private giveUp(): void {
    const message = 'The server ended by itself too often; its output may say why.';
    this.set({ state: 'crashed', message });
    void tell(new Trouble(message, [REMEDIES.restart, REMEDIES.output]));
  }

  private async showMessage(type: MessageType, message: string): Promise<void> {
    if (type === MessageType.Error) {
      const isEngine = this.status.state === 'failed' && this.status.message === message;
      if (isEngine && 'error' in this.status && this.status.error === 'ModelMissing') {
        await this.onModelMissing();
        return;
      }
      await tell(new Trouble(message, isEngine ? engineRemedies(isRemote()) : [REMEDIES.output]));
    } else if (type === MessageType.Warning) {
      await tell(new Trouble(message, [{ ...REMEDIES.settings, argument: 'fimble' }]), window.showWarningMessage);
    } else {
      await tell(new Trouble(message), window.showInformationMessage);
    }
  }

  private set(status: Server): void {
    this.status = status;
    this.changed.fire();
  }
}
