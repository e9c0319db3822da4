/** A chat without VS Code: a server that answers from a script, and a view that goes along. */

import assert from 'node:assert/strict';
import { Board } from '../src/chat/board';
import { Conversation } from '../src/chat/conversation';
import type { Link } from '../src/chat/link';
import { MODES } from '../src/chat/modes';
import { EMPTY, updated } from '../src/chat/reduce';
import type { Chat } from '../src/chat/protocol';
import type { SessionUpdate } from '../src/chat/wire';

export const label = (path: string): string => path;
export const text = (words: string): { type: 'text'; text: string } => ({ type: 'text', text: words });
export const say = (words: string): SessionUpdate => ({ sessionUpdate: 'agent_message_chunk', content: text(words) });
export const edit = (id: string): SessionUpdate => ({
  sessionUpdate: 'tool_call',
  toolCallId: id,
  title: 'edit',
  kind: 'edit',
  status: 'pending',
});

/** A server that answers as `answers` say; what it is asked is kept. */
export class Scripted implements Link {
  runs = 1;
  readonly asked: [string, Record<string, unknown>][] = [];
  readonly answers: Record<string, (params: Record<string, unknown>) => unknown> = {
    begin: ({ mode }) => this.session('s1', String(mode)),
    resume: ({ session }) => ({ ...this.session(String(session)), history: [], usage: null }),
    fork: () => this.session('s2'),
    prompt: () => ({ stopReason: 'end_turn', files: [] }),
    changes: ({ turn }) => ({ turn, files: [] }),
  };

  run(): Promise<number> {
    return Promise.resolve(this.runs);
  }

  async request<T>(method: string, params: object): Promise<T> {
    this.asked.push([method, params as Record<string, unknown>]);
    return (await this.answers[method]?.(params as Record<string, unknown>)) as T;
  }

  names(): string[] {
    return this.asked.map(([method]) => method);
  }

  session(sessionId: string, mode = 'ask'): object {
    return { sessionId, mode, modes: MODES, notes: [], trust: false };
  }
}

/** As it comes to the view. */
function sent<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** A conversation whose view goes along with it. */
export class Scene {
  readonly link = new Scripted();
  seen: Chat = EMPTY;
  readonly board = new Board({
    whole: (chat) => (this.seen = sent(chat)),
    updates: (updates) => (this.seen = sent(updates).reduce(updated, this.seen)),
  });
  readonly shown: number[] = [];
  isTrusted = true;
  readonly conversation = new Conversation(
    this.board,
    this.link,
    label,
    () => this.isTrusted,
    (turn) => {
      this.shown.push(turn);
      return Promise.resolve();
    },
  );
  private seq = 0;

  tell(turn: number, event: SessionUpdate, session = 's1'): void {
    this.conversation.told({ session, turn, seq: ++this.seq, event });
  }

  async say(words: string): Promise<void> {
    this.conversation.prompt(words);
    await this.ended();
  }

  /** No turn runs. */
  async ended(): Promise<void> {
    while (this.board.chat.isRunning) {
      await new Promise(setImmediate);
    }
  }

  /** The view shows what is held here. */
  check(): Chat {
    assert.deepEqual(sent(this.seen), sent(this.board.chat));
    return this.seen;
  }
}
