/** Trust in a folder's own files. It is the server's: VS Code's is another, and never stands for it. */

import { Trouble } from '../trouble';
import type { Board } from './board';
import type { Link } from './link';
import type { Resumed } from './wire';

/** Let the folder's own files have a say. Throws Trouble where VS Code doesn't trust the folder. */
export async function trust(board: Board, link: Link, isTrusted: boolean): Promise<void> {
  if (!isTrusted) {
    throw new Trouble('Trust this folder in VS Code first.', [
      { title: 'Manage Trust', command: 'workbench.trust.manage' },
    ]);
  }
  await link.run();
  await link.request('trust', { trusted: true });
  const { session } = board.chat;
  if (session !== undefined) {
    const { notes, trust: waits } = await link.request<Resumed>('resume', { session });
    board.set({ notes, trust: waits });
  }
}
