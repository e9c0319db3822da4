/** What turns did to files: counted, kept, taken back. */

import { Trouble } from '../trouble';
import type { Board } from './board';
import { changeOf, counted } from './counts';
import type { Link } from './link';
import type { FileChange } from './protocol';
import type { Label } from './translate';
import type { Changed, ChangedFile, Undone } from './wire';

export class Changes {
  /** Files that the user has looked at and wants as they are, by session, turn and path. */
  private readonly kept = new Set<string>();

  constructor(
    private readonly board: Board,
    private readonly link: Link,
    private readonly label: Label,
    /** In which session a turn was. */
    private readonly sessionOf: (turn: number) => string | undefined,
  ) {}

  /** Ask the server what a turn has changed, and show it. */
  async show(turn: number): Promise<void> {
    const session = this.sessionOf(turn);
    const files = await this.of(turn);
    const counting = files.map(async (file) => ({ file, counts: await counted(file.before ?? '', file.after ?? '') }));
    const changes = (await Promise.all(counting)).map(({ file, counts }) =>
      changeOf(file, counts, this.kept.has(keyOf(session, turn, file.path)), this.label),
    );
    if (session === this.sessionOf(turn)) {
      this.board.apply({ type: 'changes', turn, changes });
    }
  }

  /** A file as it was before a turn and after it. Throws Trouble if the turn has not changed it. */
  async file(turn: number, path: string): Promise<ChangedFile> {
    const file = (await this.of(turn)).find((each) => each.path === path);
    if (file === undefined) {
      throw new Trouble(`The turn has not changed ${this.label(path)}.`);
    }
    return file;
  }

  /** One file, or all of the turn, stay as they are. Nothing is asked of the server. */
  keep(turn: number, path: string | undefined): void {
    const isMeant = (file: FileChange): boolean =>
      file.state === 'open' && (path === undefined || file.path === path);
    const files = this.shownOf(turn);
    for (const file of files.filter(isMeant)) {
      this.kept.add(keyOf(this.sessionOf(turn), turn, file.path));
    }
    const changes = files.map((file): FileChange => (isMeant(file) ? { ...file, state: 'kept' } : file));
    this.board.apply({ type: 'changes', turn, changes });
  }

  /** Take back one file, or all that the turn did. Rejects with the server's sentence if it won't. */
  async undo(turn: number, path: string | undefined): Promise<Undone> {
    await this.link.run();
    const session = this.sessionOf(turn);
    const undone = await this.link.request<Undone>('undo', {
      session,
      turn,
      ...(path !== undefined && { paths: [path] }),
    });
    await this.show(turn);
    return undone;
  }

  /** Files of a turn, as far as they are shown, of which the user has not yet said that he wants them so. */
  open(turn: number): readonly FileChange[] {
    return this.shownOf(turn).filter((file) => file.state === 'open');
  }

  /** The latest turn of which something can be taken back. Throws Trouble. */
  latest(): number {
    const isThere = (file: FileChange): boolean => file.state !== 'undone';
    const turn = this.board.chat.turns.findLast((each) => each.changes.some(isThere));
    if (turn === undefined) {
      throw new Trouble('There is nothing to undo.');
    }
    return turn.number;
  }

  private shownOf(turn: number): readonly FileChange[] {
    return this.board.chat.turns.findLast((each) => each.number === turn)?.changes ?? [];
  }

  private async of(turn: number): Promise<readonly ChangedFile[]> {
    await this.link.run();
    const session = this.sessionOf(turn);
    return (await this.link.request<Changed>('changes', { session, turn })).files;
  }
}

function keyOf(session: string | undefined, turn: number, path: string): string {
  return JSON.stringify([session, turn, path]);
}
