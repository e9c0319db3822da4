/** The chat with all its parts. */

import { Disposable, workspace, type CancellationToken, type ExtensionContext, type LogOutputChannel } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { Client } from '../client';
import { currentModel, isRemote } from '../configuration';
import { setContext } from '../contexts';
import { Diffs } from '../diffs';
import { Proposals } from '../proposals';
import { guarded } from '../tell';
import type { Trouble } from '../trouble';
import { Asks } from './asks';
import { Board } from './board';
import { Changes } from './changes';
import { Conversation } from './conversation';
import { Explanations } from './explanations';
import { folders, label } from './files';
import { Kept } from './kept';
import type { Link } from './link';
import { firstMode, modesFor } from './modes';
import type { Chat, Session, ToView, Update } from './protocol';
import { answering } from './requests';
import { Reviews } from './reviews';
import { linkTo } from './server';
import { troubleOf } from './trouble';
import { ChatView } from './view';
import type { Asked, Explanation, Listed, Mentioned, Told } from './wire';

export class FimbleChat implements Disposable {
  readonly board = new Board({
    whole: (chat) => this.onWhole(chat),
    updates: (updates) => this.onUpdates(updates),
  });
  readonly diffs = new Diffs();
  readonly proposals = new Proposals(this.diffs);
  readonly view: ChatView;
  readonly asks: Asks;
  readonly changes: Changes;
  readonly conversation: Conversation;
  readonly reviews: Reviews;
  /** What keeps it from working now, with all that can be done. */
  trouble: Trouble | undefined;
  readonly link: Link;
  private readonly kept: Kept;
  private readonly explanations = new Explanations(this.board);
  private readonly parts: Disposable;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    context: ExtensionContext,
    private readonly client: Client,
    output: LogOutputChannel,
  ) {
    this.link = linkTo(client);
    this.kept = new Kept(context.workspaceState);
    const isTrusted = (): boolean => workspace.isTrusted;
    this.asks = new Asks(this.board, label, (ask) => void this.reviews.close(ask));
    this.conversation = new Conversation(
      this.board,
      this.link,
      label,
      isTrusted,
      guarded(output, (turn: number) => this.changes.show(turn)),
    );
    this.changes = new Changes(this.board, this.link, label, (turn) => this.conversation.sessionOf(turn));
    this.reviews = new Reviews(this.board, this.diffs, this.asks, this.changes);
    this.view = new ChatView(context.extensionUri, () => this.board.chat, answering(this, output));
    const restore = guarded(output, () => this.restore());
    const refresh = (): void => {
      this.refresh();
      void restore();
    };
    this.parts = Disposable.from(
      this.diffs,
      this.view,
      client.onDidChange(refresh),
      workspace.onDidChangeWorkspaceFolders(refresh),
      workspace.onDidChangeConfiguration(refresh),
      workspace.onDidGrantWorkspaceTrust(() => this.board.set({ modes: modesFor(true) })),
    );
    this.board.set({ modes: modesFor(workspace.isTrusted), mode: firstMode(workspace.isTrusted) });
    this.refresh();
  }

  /** Hear what a server tells and asks. */
  listen(server: LanguageClient): void {
    server.onNotification('fimble/chat/event', (told: Told) => this.conversation.told(told));
    server.onRequest('fimble/chat/ask', (asked: Asked, token: CancellationToken) =>
      this.asks.ask(asked, token),
    );
    server.onNotification('fimble/explanation', (explanation: Explanation) => {
      if (this.explanations.tell(explanation)) {
        void this.view.reveal();
      }
    });
  }

  /** The folder's chats that have a name, the latest first. */
  async sessions(): Promise<readonly Session[]> {
    await this.link.run();
    const { sessions } = await this.link.request<Listed>('list', {});
    return sessions.flatMap(({ sessionId: id, title, updatedAt }) =>
      title === undefined ? [] : [{ id, title, updatedAt }],
    );
  }

  /** What can stand behind an `@`; nothing where there is no server to ask. */
  async mentions(request: number, text: string): Promise<ToView> {
    const isPossible = this.trouble === undefined && this.client.isThere;
    const items = isPossible ? (await this.link.request<Mentioned>('mentions', { text })).items : [];
    return { type: 'mentions', request, items };
  }

  /** Which chat is shown is changed by one after the other. */
  inTurn(work: () => void | Promise<void>): Promise<void> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** Show the chat of before the window was loaded, once there is a server to ask and a view for it. */
  async restore(): Promise<void> {
    const isPossible = this.client.isThere && this.view.isOpen && folders().length > 0;
    const session = isPossible ? this.kept.take() : undefined;
    if (session !== undefined) {
      await this.conversation.restore(session);
    }
  }

  dispose(): void {
    this.parts.dispose();
  }

  private onWhole(chat: Chat): void {
    this.view.whole(chat);
    this.kept.note(chat.session);
    setContext('chatRunning', chat.isRunning);
  }

  private onUpdates(updates: readonly Update[]): void {
    this.view.updates(updates);
    this.kept.note(this.board.chat.session);
    setContext('chatRunning', this.board.chat.isRunning);
    if (updates.some((each) => each.type === 'ended' && each.turn > 0 && each.end.problem === '')) {
      setContext('chatted', true);
    }
  }

  private refresh(): void {
    const { isThere, server } = this.client;
    const hasFolder = folders().length > 0;
    this.trouble = troubleOf({ server, isThere, hasFolder, isRemote: isRemote() });
    const trouble = this.trouble && {
      sentence: this.trouble.message,
      remedies: this.trouble.remedies.map(({ title, command }) => ({ title, command })),
    };
    const model = currentModel();
    const { chat } = this.board;
    if (model !== chat.model || JSON.stringify(trouble) !== JSON.stringify(chat.trouble)) {
      this.board.set({ model, trouble });
    }
    if (!isThere) {
      this.asks.takeBack();
      this.explanations.end();
    }
  }
}
