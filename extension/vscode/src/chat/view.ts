/** The view in the side bar. It may be closed, hidden or not yet opened; the chat is elsewhere. */

import { randomBytes } from 'node:crypto';
import {
  commands,
  Uri,
  window,
  type Disposable,
  type WebviewView,
  type WebviewViewProvider,
} from 'vscode';
import { checked } from './checked';
import { Frames } from './frames';
import { page } from './html';
import type { Chat, FromView, ToView } from './protocol';

export const VIEW = 'fimble.chat';

export class ChatView implements WebviewViewProvider, Disposable {
  private readonly frames = new Frames((updates) => this.send({ type: 'updates', updates }));
  private readonly registration = window.registerWebviewViewProvider(VIEW, this);
  private view: WebviewView | undefined;
  /** Its page listens. A view that is hidden has none. */
  private isReady = false;
  /** What is sent as soon as it listens. */
  private waiting: ToView[] = [];

  constructor(
    private readonly extension: Uri,
    private readonly chat: () => Chat,
    private readonly onMessage: (message: FromView) => void,
  ) {}

  get isOpen(): boolean {
    return this.isReady;
  }

  readonly whole = (chat: Chat): void => {
    this.frames.clear();
    this.send({ type: 'chat', chat });
    this.name(chat);
  };

  readonly updates: Frames['add'] = (updates) => {
    if (this.isReady) {
      this.frames.add(updates);
    }
    this.name(this.chat());
  };

  /** To the page, if one listens. */
  send(message: ToView): void {
    if (this.isReady) {
      void this.view?.webview.postMessage(message);
    }
  }

  /** Open the view with the focus in it, and tell it something. */
  async open(...messages: readonly ToView[]): Promise<void> {
    this.waiting.push(...messages);
    await commands.executeCommand(`${VIEW}.focus`);
    this.deliver();
  }

  /** Open the view; the focus stays where it is. */
  async reveal(): Promise<void> {
    await commands.executeCommand(`${VIEW}.focus`, { preserveFocus: true });
  }

  resolveWebviewView(view: WebviewView): void {
    this.view = view;
    this.isReady = false;
    const folder = Uri.joinPath(this.extension, 'dist', 'webview');
    const { webview } = view;
    const source = (name: string): string => webview.asWebviewUri(Uri.joinPath(folder, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    webview.onDidReceiveMessage((message) => this.hear(message));
    view.onDidChangeVisibility(() => {
      this.isReady = this.isReady && view.visible;
    });
    view.onDidDispose(() => {
      if (this.view === view) {
        this.view = undefined;
        this.isReady = false;
      }
    });
    webview.html = page({
      script: source('chat.js'),
      style: source('chat.css'),
      source: webview.cspSource,
      nonce: randomBytes(18).toString('base64'),
    });
    this.name(this.chat());
  }

  dispose(): void {
    this.frames.clear();
    this.registration.dispose();
  }

  private hear(given: unknown): void {
    const message = checked(given);
    if (message?.type === 'ready') {
      this.isReady = true;
      this.whole(this.chat());
      this.deliver();
    }
    if (message !== undefined) {
      this.onMessage(message);
    }
  }

  private deliver(): void {
    if (this.isReady) {
      this.waiting.splice(0).forEach((message) => this.send(message));
    }
  }

  private name(chat: Chat): void {
    if (this.view !== undefined && this.view.description !== chat.title) {
      this.view.description = chat.title;
    }
  }
}
