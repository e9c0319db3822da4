/** What a turn did to files, in numbers. Pure. */

import { diffLines, type ChangeObject } from 'diff';
import type { FileChange } from './protocol';
import type { Label } from './translate';
import type { ChangedFile } from './wire';

/** Two long files that have little in common take longer than anybody waits for a number. */
const TIMEOUT_MS = 1000;

type Counts = Pick<FileChange, 'added' | 'removed'>;

export function changeOf({ path, undone }: ChangedFile, counts: Counts, isKept: boolean, label: Label): FileChange {
  const state = undone ? 'undone' : isKept ? 'kept' : 'open';
  return { path, label: label(path), ...counts, state };
}

/** Lines that were added and removed. It lets others go on meanwhile. */
export async function counted(before: string, after: string): Promise<Counts> {
  const parts = await new Promise<ChangeObject<string>[] | undefined>((callback) => {
    diffLines(before, after, { timeout: TIMEOUT_MS, callback });
  });
  const lines = (isAdded: boolean): number =>
    (parts ?? [])
      .filter((part) => (isAdded ? part.added : part.removed))
      .reduce((sum, part) => sum + part.count, 0);
  return parts === undefined
    ? { added: linesOf(after), removed: linesOf(before) }
    : { added: lines(true), removed: lines(false) };
}

function linesOf(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}
