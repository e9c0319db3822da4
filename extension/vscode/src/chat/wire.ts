/** What the server says in a chat. Its `edge/chat/messages.py` describes the methods. */

import type { AskOption, Call, Mention, Mode, PlanStep, Usage } from './protocol';

export interface Opened {
  readonly sessionId: string;
  readonly title?: string;
  readonly mode: string;
  readonly modes: readonly Mode[];
  readonly notes: readonly string[];
  /** Something waits for trust; the last note says what. */
  readonly trust: boolean;
}

export interface Resumed extends Opened {
  readonly history: readonly Past[];
  readonly usage: Usage | null;
}

export interface Past {
  readonly turn: number;
  /** An end is told of turns that did not end by themselves. */
  readonly event: SessionUpdate | Ended;
}

export interface Listed {
  readonly sessions: readonly { readonly sessionId: string; readonly updatedAt: string; readonly title?: string }[];
}

export interface Mentioned {
  readonly items: readonly Mention[];
}

/** What a prompt is answered with; of a stored turn, `interrupted` says that the server was gone before. */
export interface Ended {
  readonly stopReason: string;
  /** Those that differ from before the turn. */
  readonly files: readonly string[];
  readonly problem?: string;
}

/** `fimble/chat/event`. */
export interface Told {
  readonly session: string;
  /** 0 before the server has counted it. */
  readonly turn: number;
  readonly seq: number;
  readonly event: SessionUpdate | Ended;
}

/** `fimble/chat/ask`. */
export interface Asked {
  readonly sessionId: string;
  readonly toolCall: { readonly toolCallId: string; readonly title: string; readonly content: readonly Content[] };
  readonly options: readonly {
    readonly optionId: string;
    readonly name: string;
    readonly kind: AskOption['kind'];
  }[];
}

export type Outcome =
  | { readonly outcome: { readonly outcome: 'selected'; readonly optionId: string } }
  | { readonly outcome: { readonly outcome: 'cancelled' } };

export interface Changed {
  readonly turn: number;
  readonly files: readonly ChangedFile[];
}

export interface ChangedFile {
  /** Absolute. */
  readonly path: string;
  /** Null: the file is new. */
  readonly before: string | null;
  /** Null: it was deleted. */
  readonly after: string | null;
  readonly undone: boolean;
  /** Its text is not told. */
  readonly binary?: true;
}

export interface Undone {
  readonly files: readonly string[];
  /** In these, lines of the user stay. */
  readonly merged: readonly string[];
  readonly message: string;
}

/** `fimble/explanation`. */
export interface Explanation {
  readonly id: string;
  readonly title: string;
  /** Markdown; all of it so far. */
  readonly text: string;
  readonly done: boolean;
  readonly problem?: string;
}

export type Content =
  | { readonly type: 'content'; readonly content: { readonly type: 'text'; readonly text: string } }
  | { readonly type: 'diff'; readonly path: string; readonly oldText: string | null; readonly newText: string };

export interface Location {
  readonly path: string;
  readonly line?: number;
}

type Chunk = 'user_message_chunk' | 'agent_message_chunk' | 'agent_thought_chunk';

/** Payloads of `session/update`, as the Agent Client Protocol has them. */
export type SessionUpdate =
  | { readonly sessionUpdate: Chunk; readonly content: { readonly type: 'text'; readonly text: string } }
  | { readonly sessionUpdate: 'plan'; readonly entries: readonly PlanStep[] }
  | {
      readonly sessionUpdate: 'tool_call';
      readonly toolCallId: string;
      readonly title: string;
      readonly kind: Call['tool'];
      readonly status: Call['status'];
      readonly locations?: readonly Location[];
    }
  | {
      readonly sessionUpdate: 'tool_call_update';
      readonly toolCallId: string;
      readonly status: Call['status'];
      readonly content?: readonly Content[];
      readonly locations?: readonly Location[];
    }
  | { readonly sessionUpdate: 'usage_update'; readonly used: number; readonly size: number }
  | { readonly sessionUpdate: 'session_info_update'; readonly title: string };
