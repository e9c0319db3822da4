/** Changes of a file that are shown in the diff editor, and made when the user wants them. */

import { Selection, window, workspace, type Uri, type WorkspaceEdit } from 'vscode';
import type { Diffs } from './diffs';
import { Trouble } from './trouble';

export const CHANGED = 'The file has been changed since; ask for it again.';

export interface Proposal {
  readonly uri: Uri;
  /** What the file says; undefined where there is none. */
  readonly before: string | undefined;
  readonly after: string;
  /** What is done to the file, for the tab. */
  readonly words: string;
  readonly edit: WorkspaceEdit;
}

interface Open {
  readonly proposal: Proposal;
  readonly end: (isMade: boolean) => void;
}

export class Proposals {
  /** By the left side of their diff. */
  private readonly open = new Map<string, Open>();

  constructor(private readonly diffs: Diffs) {
    diffs.onDidClose((left) => this.end(left, false));
  }

  /** Returns whether it was made, once the user has applied or discarded it, or closed its diff. */
  async show(proposal: Proposal): Promise<boolean> {
    const { uri, before = '', after, words } = proposal;
    const left = await this.diffs.show({ uri, before, after, kind: 'proposed', words });
    return new Promise((resolve) => this.open.set(left.toString(), { proposal, end: resolve }));
  }

  /** Make what a diff shows. Throws Trouble if it waits no longer, or the file is another by now. */
  async apply(left: Uri): Promise<void> {
    const proposal = this.open.get(left.toString())?.proposal;
    if (proposal === undefined) {
      throw new Trouble('This change waits no longer; ask for it again.');
    }
    const { uri, before, after, edit } = proposal;
    if (before !== undefined && (await workspace.openTextDocument(uri)).getText() !== before) {
      throw new Trouble(CHANGED);
    }
    if (!(await workspace.applyEdit(edit))) {
      throw new Trouble('The file can not be changed.');
    }
    this.end(left, true);
    await this.diffs.close(left);
    const document = await workspace.openTextDocument(uri);
    const place = document.positionAt(endOfChange(before ?? '', after));
    await window.showTextDocument(document, { selection: new Selection(place, place) });
  }

  private end(left: Uri, isMade: boolean): void {
    const open = this.open.get(left.toString());
    this.open.delete(left.toString());
    open?.end(isMade);
  }
}

/** The offset in the new text behind all that differs from the old one. */
export function endOfChange(before: string, after: string): number {
  const most = Math.min(before.length, after.length);
  let same = 0;
  while (same < most && before.at(-1 - same) === after.at(-1 - same)) {
    same += 1;
  }
  return after.length - same;
}
