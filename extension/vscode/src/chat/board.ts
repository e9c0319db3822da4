/** The chat that is shown, and its way to the view. */

import type { Chat, Update } from './protocol';
import { EMPTY, updated } from './reduce';

export interface Viewer {
  /** It is another chat. */
  whole(chat: Chat): void;
  updates(updates: readonly Update[]): void;
}

export class Board {
  private shown: Chat = EMPTY;

  constructor(private readonly viewer: Viewer) {}

  get chat(): Chat {
    return this.shown;
  }

  apply(...updates: readonly Update[]): void {
    if (updates.length > 0) {
      this.shown = updates.reduce(updated, this.shown);
      this.viewer.updates(updates);
    }
  }

  set(values: Partial<Omit<Chat, 'turns'>>): void {
    if (Object.values(values).includes(undefined)) {
      this.replace({ ...this.shown, ...values }); // an update is JSON, which has no undefined
    } else {
      this.apply({ type: 'set', values });
    }
  }

  replace(chat: Chat): void {
    this.shown = chat;
    this.viewer.whole(chat);
  }
}
