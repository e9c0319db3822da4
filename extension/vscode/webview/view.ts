/** What the view knows, and how a message of the extension changes it. Pure. */

import type { Chat, Mention, Session, ToView } from '../src/chat/protocol';
import { EMPTY, updated } from '../src/chat/reduce';

export interface View {
  readonly chat: Chat;
  /** Undefined until they were asked for. */
  readonly sessions: readonly Session[] | undefined;
  readonly mentions: { readonly request: number; readonly items: readonly Mention[] };
  /** The latest text that was put into the input; another object each time. */
  readonly compose: { readonly text: string | undefined } | undefined;
}

export const EMPTY_VIEW: View = {
  chat: EMPTY,
  sessions: undefined,
  mentions: { request: 0, items: [] },
  compose: undefined,
};

export function told(view: View, message: ToView): View {
  switch (message.type) {
    case 'chat':
      return { ...view, chat: message.chat };
    case 'updates':
      return { ...view, chat: message.updates.reduce(updated, view.chat) };
    case 'sessions':
      return { ...view, sessions: message.sessions };
    case 'mentions':
      return { ...view, mentions: { request: message.request, items: message.items } };
    case 'compose':
      return { ...view, compose: { text: message.text } };
  }
}
