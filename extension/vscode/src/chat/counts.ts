/** What a turn did to files, in numbers. Pure. */

import { diffLines } from 'diff';
import type { FileChange } from './protocol';
import type { Label } from './translate';
import type { ChangedFile } from './wire';

/** Two long files that have little in common take longer than anybody waits for a number. */
const TIMEOUT_MS = 200;

export function changeOf(file: ChangedFile, isKept: boolean, label: Label): FileChange {
  const { path, undone } = file;
  const state = undone ? 'undone' : isKept ? 'kept' : 'open';
  return { path, label: label(path), ...counted(file.before ?? '', file.after ?? ''), state };
}

/** Lines that were added and removed. */
export function counted(before: string, after: string): Pick<FileChange, 'added' | 'removed'> {
  const parts = diffLines(before, after, { timeout: TIMEOUT_MS });
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
