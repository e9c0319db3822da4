/** Which session is shown in this workspace, for when its window is loaded again. */

import type { Memento } from 'vscode';

const KEY = 'chat.session';

export class Kept {
  private former: string | undefined;
  private shown: string | undefined;

  constructor(private readonly memento: Pick<Memento, 'get' | 'update'>) {
    this.former = memento.get<string>(KEY);
  }

  /** The one that was shown when the window was left. It is given once. */
  take(): string | undefined {
    const { former } = this;
    this.former = undefined;
    return former;
  }

  /** This one is shown now; undefined: a new chat. */
  note(session: string | undefined): void {
    if (session !== this.shown) {
      this.shown = session;
      void this.memento.update(KEY, session);
    }
  }
}
