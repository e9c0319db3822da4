/**
 * What the chat view shows, and what it and the extension tell each other.
 *
 * The extension holds the `Chat`. The view asks for it with `ready`, gets all of it once, and then
 * `updates`, which both put through the same `updated` (reduce.ts). All text in it was written by a
 * model, a tool or the user: it is never HTML.
 */

import type { Remedy } from '../trouble';

export interface Chat {
  /** Undefined before the first message, and where there is no server. */
  readonly session: string | undefined;
  readonly title: string;
  readonly turns: readonly Turn[];
  /** A turn runs. */
  readonly isRunning: boolean;
  readonly mode: string;
  readonly modes: readonly Mode[];
  /** Tokens of the model's window; undefined before the first turn. */
  readonly usage: Usage | undefined;
  /** Sentences of the server: what a crash has cut off, and what waits for trust. */
  readonly notes: readonly string[];
  /** Something of the folder waits for trust; the last note says what. */
  readonly trust: boolean;
  /** What keeps the chat from working, and what can be done about it. */
  readonly trouble: ViewTrouble | undefined;
  readonly model: string;
}

export interface Mode {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface Usage {
  readonly used: number;
  readonly size: number;
}

export interface ViewTrouble {
  readonly sentence: string;
  readonly remedies: readonly Pick<Remedy, 'title' | 'command'>[];
}

export interface Turn {
  /** As the server counts, from 1. An explanation, which is no turn of a session, has one of its own below 0. */
  readonly number: number;
  readonly prompt: string;
  readonly items: readonly Item[];
  /** Undefined while it runs. */
  readonly end: TurnEnd | undefined;
  /** Files that differ from before the turn; known some time after its end. */
  readonly changes: readonly FileChange[];
}

export interface TurnEnd {
  readonly stopReason: string;
  readonly problem: string;
}

export interface FileChange {
  /** Absolute. */
  readonly path: string;
  /** Relative to the folder, for people. */
  readonly label: string;
  readonly added: number;
  readonly removed: number;
  readonly state: 'open' | 'kept' | 'undone';
}

export type Item =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'thought'; readonly text: string }
  | { readonly kind: 'plan'; readonly steps: readonly PlanStep[] }
  | Call
  | Ask;

export interface PlanStep {
  readonly content: string;
  readonly status: 'pending' | 'in_progress' | 'completed';
}

/** A tool that was called. */
export interface Call {
  readonly kind: 'call';
  readonly id: string;
  readonly title: string;
  readonly tool: 'read' | 'edit' | 'search' | 'execute' | 'think' | 'other';
  readonly status: 'pending' | 'in_progress' | 'completed' | 'failed';
  /** Its output so far. */
  readonly text: string;
  readonly diffs: readonly Diff[];
  readonly locations: readonly Place[];
}

export interface Diff {
  readonly path: string;
  readonly label: string;
  /** Null: the file is new. */
  readonly oldText: string | null;
  readonly newText: string;
}

export interface Place {
  readonly path: string;
  /** From 1. */
  readonly line: number | undefined;
}

/** The user is asked before a call goes on. */
export interface Ask {
  readonly kind: 'ask';
  /** Of the question; `call` is that of the call. */
  readonly id: string;
  readonly call: string;
  readonly title: string;
  /** Why, and the command with its parts or the paths. */
  readonly about: string;
  readonly diff: Diff | undefined;
  readonly options: readonly AskOption[];
  /** Id of the option that was chosen; null: taken back with the turn; undefined: it is open. */
  readonly answer: string | null | undefined;
}

export interface AskOption {
  readonly id: string;
  readonly name: string;
  readonly kind: 'allow_once' | 'allow_always' | 'reject_once' | 'reject_always';
}

export interface Session {
  readonly id: string;
  readonly title: string;
  /** ISO 8601. */
  readonly updatedAt: string;
}

export interface Mention {
  /** With its `@`. */
  readonly mention: string;
  readonly kind: 'file' | 'folder' | 'symbol' | 'special';
  readonly detail: string;
}

/** How a chat becomes another. */
export type Update =
  | { readonly type: 'began'; readonly turn: number; readonly prompt: string }
  /** Of the running turn; text and thought are added to the last item if that is of the same kind. */
  | { readonly type: 'item'; readonly turn: number; readonly item: Item }
  | { readonly type: 'answered'; readonly ask: string; readonly answer: string | null }
  | { readonly type: 'ended'; readonly turn: number; readonly end: TurnEnd }
  | { readonly type: 'changes'; readonly turn: number; readonly changes: readonly FileChange[] }
  | { readonly type: 'set'; readonly values: Partial<Omit<Chat, 'turns'>> };

export type ToView =
  | { readonly type: 'chat'; readonly chat: Chat }
  | { readonly type: 'updates'; readonly updates: readonly Update[] }
  /** Answers `sessions`; where it wasn't asked for, the view shows them all the same. */
  | { readonly type: 'sessions'; readonly sessions: readonly Session[] }
  /** Answers `mentions`. */
  | { readonly type: 'mentions'; readonly request: number; readonly items: readonly Mention[] }
  /** Put the focus into the input, and this, unless it is undefined. */
  | { readonly type: 'compose'; readonly text: string | undefined };

export type FromView =
  | { readonly type: 'ready' }
  | { readonly type: 'prompt'; readonly text: string }
  /** Say that the file in front should be explained; the view doesn't know which that is. */
  | { readonly type: 'explainFile' }
  | { readonly type: 'stop' }
  /** Say the last message again, in a session without that turn. */
  | { readonly type: 'retry' }
  | { readonly type: 'newChat' }
  | { readonly type: 'sessions' }
  | { readonly type: 'open'; readonly session: string }
  | { readonly type: 'delete'; readonly session: string }
  | { readonly type: 'mode'; readonly mode: string }
  | { readonly type: 'trust' }
  | { readonly type: 'answer'; readonly ask: string; readonly option: string }
  /** The diff of a question or of a call, in the editor. */
  | { readonly type: 'showDiff'; readonly item: string; readonly path: string }
  /** What a turn did to a file, in the editor. */
  | { readonly type: 'review'; readonly turn: number; readonly path: string }
  | { readonly type: 'keep'; readonly turn: number; readonly path: string | undefined }
  | { readonly type: 'undo'; readonly turn: number; readonly path: string | undefined }
  | { readonly type: 'showFile'; readonly path: string; readonly line: number | undefined }
  | { readonly type: 'copy' | 'insert' | 'apply'; readonly text: string }
  | { readonly type: 'mentions'; readonly request: number; readonly text: string }
  /** One of the remedies of a trouble, or `fimble.switchModel`. */
  | { readonly type: 'command'; readonly command: string };
